"""AWS_PROXY with a function that streams: metadata as JSON, eight NUL bytes, and then the body as the function writes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from gateway_runtime.errors import GatewayError, bad_response
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.invoking import FunctionTarget, check_call, told
from gateway_runtime.integrations.proxy_answer import answer_headers, malformed
from gateway_runtime.integrations.proxy_result import MalformedResult, read_metadata
from gateway_runtime.limits import STREAM
from gateway_runtime.snapshot.stage import MethodSite
from gateway_runtime.upstream.errors import IntegrationTimedOut, UpstreamError
from gateway_runtime.upstream.response import UpstreamResponse

_DELIMITER = b"\0" * 8


def integrate_stream(site: MethodSite, target: FunctionTarget) -> Callable[[Exchange], Awaitable[None]]:
    """A step that invokes the function and reads the metadata: nothing is answered before they are whole."""
    timeout = site.method.integration.timeout_in_millis / 1000
    idle_seconds = None if site.stream is None else site.stream.idle_seconds
    stream, monotonic = site.services.functions.stream, site.services.clock.monotonic

    async def step(exchange: Exchange) -> None:
        payload = exchange.out_body
        assert isinstance(payload, bytes)
        check_call(exchange, target, payload)
        exchange.integration_started = started = monotonic()
        source_arn = target.source_arn(exchange.request.method)
        try:
            response = await told(
                stream(
                    target.arn,
                    payload,
                    source_arn=source_arn,
                    role_arn=target.role_arn,
                    signer=target.signer_of(exchange),
                    timeout=timeout,
                )
            )
            exchange.upstream = response
            response.idle_seconds = idle_seconds
            _end_with_client(exchange, response)
            exchange.integration_status = response.status
            await _begin_answer(exchange, response)
        finally:
            exchange.integration_latency = monotonic() - started

    return step


def _end_with_client(exchange: Exchange, response: UpstreamResponse) -> None:
    """A client that leaves ends the invocation."""
    turn = exchange.turn
    if turn is not None:
        if turn.disconnected:
            response.client_left()
        turn.on_disconnect = response.client_left


async def _begin_answer(exchange: Exchange, response: UpstreamResponse) -> None:
    try:
        result = read_metadata(await read_prelude(response))
    except MalformedResult as error:
        raise malformed(error) from None
    except IntegrationTimedOut as error:
        raise GatewayError("INTEGRATION_TIMEOUT", detail=str(error)) from None
    except UpstreamError as error:
        raise bad_response(str(error)) from None
    exchange.status = exchange.function_status = result.status
    exchange.headers = answer_headers(result)


async def read_prelude(response: UpstreamResponse) -> bytes:
    """What stands before the delimiter; the body's first bytes are the response's again. Raises MalformedResult."""
    held = b""
    while True:
        at = held.find(_DELIMITER)
        if at > STREAM.metadata_bytes or (at < 0 and len(held) >= STREAM.metadata_bytes + len(_DELIMITER)):
            raise MalformedResult("no delimiter in the first 16 KB")
        if at >= 0:
            response.put_back(held[at + len(_DELIMITER) :])
            return held[:at]
        chunk = await response.next_chunk()
        if not chunk:
            raise MalformedResult("the stream ended before its delimiter")
        held += chunk


def answer_with_stream(exchange: Exchange) -> None:
    """The rest of the stream is the answer's body."""
    exchange.streamed = exchange.upstream
