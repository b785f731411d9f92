"""Back ends and functions of test calls: what goes to them and what comes back is written to the call's log, as AWS writes it."""

from __future__ import annotations

import time
from collections.abc import Iterable

from apps.core.execution_log import ExecutionLog, as_map, header_name, without_secrets
from gateway_runtime.limits import POOL, StreamLimits
from gateway_runtime.ports import FunctionAnswer, Functions, Signer
from gateway_runtime.upstream.at_once import SendAtOnce
from gateway_runtime.upstream.errors import BadResponse
from gateway_runtime.upstream.origin import Origin
from gateway_runtime.upstream.pool import BodyStream, Client, UpstreamPool
from gateway_runtime.upstream.response import UpstreamResponse

Headers = Iterable[tuple[str, str]]

_TOLD = frozenset({b"x-amz-function-error", b"x-amz-log-result", b"x-amz-executed-version"})


class _Endpoint:
    """The lines of one request to an end point, in AWS's order."""

    def __init__(self, log: ExecutionLog, uri: str, headers: Headers, body: bytes) -> None:
        self._add = log.add
        self._add(f"Endpoint request URI: {uri}")
        self._add(f"Endpoint request headers: {as_map(without_secrets(headers))}")
        self._add(f"Endpoint request body after transformations: {_text(body)}")
        self._add(f"Sending request to {uri}")
        self._started = time.monotonic()

    def answered(self, status: int, headers: Headers, body: bytes) -> None:
        latency = round((time.monotonic() - self._started) * 1000)
        self._add(f"Received response. Status: {status}, Integration latency: {latency} ms")
        self._add(f"Endpoint response headers: {as_map(without_secrets(headers))}")
        self._add(f"Endpoint response body before transformations: {_text(body)}")


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


class LoggedUpstream:
    """Back ends, with bodies read whole in both directions: a test call's answer does not stream, and has its cap of size."""

    def __init__(self, pool: UpstreamPool, log: ExecutionLog) -> None:
        self._pool = pool
        self._log = log

    async def request(
        self,
        origin: Origin,
        method: bytes,
        target: bytes,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes | BodyStream = b"",
        *,
        timeout: float,  # noqa: ASYNC109 - seconds for the whole exchange, kept by the pool
        client: Client | None = None,
        stream: StreamLimits | None = None,
    ) -> UpstreamResponse:
        """As the pool's."""
        sent, headers = await _whole(body), list(headers)
        uri = f"{origin.scheme}://{origin.authority.decode()}{target.decode()}"
        endpoint = _Endpoint(self._log, uri, _texts(headers), sent)
        response = await self._pool.request(origin, method, target, headers, sent, timeout=timeout, client=client)
        received = await response.read()
        response.put_back(received)  # for the phases that answer with it
        endpoint.answered(response.status, _texts(response.headers), received)
        return response

    def at_once(self, origin: Origin, seconds: float, stream: StreamLimits | None = None) -> SendAtOnce:
        """Never: the answer is to be read whole and logged."""
        return lambda *request: None

    def may_send_again(self, origin: Origin, method: bytes, error: Exception | None) -> bool:
        return False  # the pool has done so


async def _whole(body: bytes | BodyStream) -> bytes:
    if isinstance(body, bytes):
        return body
    chunks = []
    while chunk := await body.next_chunk():
        chunks.append(chunk)
    return b"".join(chunks)


def _texts(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(header_name(name.decode("latin-1")), value.decode("latin-1")) for name, value in headers]


class LoggedFunctions:
    """Functions, whose invocations are logged as the calls of Lambda's API that they are on AWS."""

    def __init__(self, functions: Functions, log: ExecutionLog, api_id: str, request_id: str) -> None:
        self._functions = functions
        self._log = log
        self._own = [
            ("Accept", "application/json"),
            ("User-Agent", f"AmazonAPIGateway_{api_id}"),
            ("X-Amzn-Apigateway-Api-Id", api_id),
            ("x-amzn-lambda-integration-tag", request_id),
        ]

    async def invoke(
        self,
        arn: str,
        payload: bytes,
        *,
        source_arn: str,
        role_arn: str = "",
        signer: Signer | None = None,
        event: bool = False,
        headers: Iterable[tuple[bytes, bytes]] = (),
        timeout: float,  # noqa: ASYNC109
    ) -> FunctionAnswer:
        """As the port's."""
        headers = [*headers, (b"x-amz-invocation-type", b"Event")] if event else list(headers)
        endpoint = self._begin(arn, "2015-03-31", "invocations", payload, source_arn, _texts(headers))
        answer = await self._functions.invoke(
            arn, payload, source_arn=source_arn, role_arn=role_arn, signer=signer, headers=headers, timeout=timeout
        )
        told = [header for header in answer.headers if header[0] in _TOLD]
        endpoint.answered(answer.status, [("Content-Type", "application/json"), *_texts(told)], answer.payload)
        return answer

    async def stream(
        self,
        arn: str,
        payload: bytes,
        *,
        source_arn: str,
        role_arn: str = "",
        signer: Signer | None = None,
        timeout: float,  # noqa: ASYNC109
    ) -> UpstreamResponse:
        """As the port's, but read to its end, which has to come within the cap of a body that is not streamed."""
        path = "response-streaming-invocations"
        endpoint = self._begin(arn, "2021-11-15", path, payload, source_arn, [])
        response = await self._functions.stream(
            arn, payload, source_arn=source_arn, role_arn=role_arn, signer=signer, timeout=timeout
        )
        received = b""
        while chunk := await response.next_chunk():
            received += chunk
            if len(received) > POOL.body_bytes:
                response.close()
                raise BadResponse("the stream is larger than a test call shows")
        response.put_back(received)
        endpoint.answered(response.status, _texts(response.headers), received)
        return response

    def _begin(
        self, arn: str, version: str, path: str, payload: bytes, source_arn: str, asked: list[tuple[str, str]]
    ) -> _Endpoint:
        region = arn.split(":")[3]
        host = f"lambda.{region}.amazonaws.com"
        source = [("X-Amz-Source-Arn", source_arn)] if source_arn else []
        headers = [*self._own, ("Host", host), *source, *asked]
        return _Endpoint(self._log, f"https://{host}/{version}/functions/{arn}/{path}", headers, payload)
