"""Lambda's Invoke API from the caller's side: the function host of this installation, or any Lambda elsewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from gateway_runtime.functions.errors import (
    FunctionNotFound,
    FunctionsUnreachable,
    FunctionThrottled,
    InvocationDenied,
    InvocationFailed,
    InvocationTimedOut,
    PayloadTooLarge,
)
from gateway_runtime.functions.limits import LARGEST_PAYLOAD, LARGEST_STREAM
from gateway_runtime.functions.streams import FunctionStream
from gateway_runtime.limits import PoolLimits
from gateway_runtime.ports import FunctionAnswer, Functions, Signer
from gateway_runtime.upstream.errors import ConnectFailed, IntegrationTimedOut, UpstreamError
from gateway_runtime.upstream.guard import GuardedConnector
from gateway_runtime.upstream.origin import Origin
from gateway_runtime.upstream.pool import UpstreamPool
from gateway_runtime.upstream.response import UpstreamResponse

Headers = Sequence[tuple[bytes, bytes]]


class Call(NamedTuple):
    """A request to a Lambda before it says who asks."""

    arn: str
    target: bytes
    headers: Headers
    payload: bytes
    source_arn: str
    role_arn: str
    signer: Signer | None


Authorize = Callable[[Call, Origin], Headers | Awaitable[Headers]]
"""The headers that show who asks. Raises InvocationFailed, and so does what is awaited."""

P = TypeVar("P", bound=asyncio.BaseProtocol)

INVOCATION_TYPE = b"x-amz-invocation-type"
_HOST = Origin("http", "functions", 80)
HOST_LIMITS = PoolLimits(idle_seconds=60.0, body_bytes=LARGEST_STREAM, waiting_per_origin=10_000)
_AWAY_SECONDS = 3.0  # a host that restarts is back by then
_PAUSE_SECONDS = 0.05
_ERRORS: dict[bytes, type[InvocationFailed]] = {
    b"ResourceNotFoundException": FunctionNotFound,
    b"AccessDeniedException": InvocationDenied,
    b"TooManyRequestsException": FunctionThrottled,
    b"RequestTooLargeException": PayloadTooLarge,
}


class HostAway(ConnectFailed):
    """Nobody listens where the function host should be: nothing has been sent yet."""


class HostConnector(GuardedConnector):
    """Connects to the function host and to nothing else: a unix socket, or an address that the operator gave."""

    def __init__(self, place: Path | tuple[str, int]) -> None:
        super().__init__()
        self._place = place

    async def connect(self, origin: Origin, factory: Callable[[], P]) -> P:
        loop = asyncio.get_running_loop()
        try:
            if isinstance(self._place, Path):
                _, protocol = await loop.create_unix_connection(factory, str(self._place))
            else:
                _, protocol = await loop.create_connection(factory, *self._place)
        except OSError as error:
            raise HostAway(f"the function host does not answer: {error}") from None
        return protocol


class LambdaClient:
    """`Functions` over a pool. `origin` is where the function of an ARN is invoked, None where it cannot be; `patience` is seconds
    for which a host that is away is waited for."""

    def __init__(
        self,
        pool: UpstreamPool,
        origin: Callable[[str], Origin | None],
        authorize: Authorize,
        *,
        patience: float = _AWAY_SECONDS,
    ) -> None:
        self._pool = pool
        self._origin_of = origin
        self._authorize = authorize
        self._patience = patience

    async def invoke(
        self,
        arn: str,
        payload: bytes,
        *,
        source_arn: str,
        role_arn: str = "",
        signer: Signer | None = None,
        event: bool = False,
        headers: Headers = (),
        timeout: float,  # noqa: ASYNC109
    ) -> FunctionAnswer:
        target = f"/2015-03-31/functions/{quote(arn, safe='')}/invocations".encode()
        if not any(name == INVOCATION_TYPE for name, _ in headers):
            headers = [*headers, (INVOCATION_TYPE, b"Event" if event else b"RequestResponse")]
        response = await self._send(Call(arn, target, headers, payload, source_arn, role_arn, signer), timeout)
        body = await _read(arn, response)
        if not 200 <= response.status < 300:
            raise _error(arn, response, body)
        failed = _header(response, b"x-amz-function-error")
        told = tuple(response.headers)
        return FunctionAnswer(body, failed.decode("latin-1") if failed else None, response.status, told)

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
        target = f"/2021-11-15/functions/{quote(arn, safe='')}/response-streaming-invocations".encode()
        response = await self._send(Call(arn, target, (), payload, source_arn, role_arn, signer), timeout)
        if response.status != 200:
            raise _error(arn, response, await _read(arn, response))
        return await FunctionStream(arn, response, self._pool).begin()

    async def _send(self, call: Call, seconds: float) -> UpstreamResponse:
        if len(call.payload) > LARGEST_PAYLOAD:
            raise PayloadTooLarge(f"an event of {len(call.payload)} bytes")
        origin = self._origin_of(call.arn)
        if origin is None:
            raise FunctionNotFound(f"{call.arn} names no function")
        loop = asyncio.get_running_loop()
        began = loop.time()
        until = began + min(self._patience, seconds)
        call = call._replace(headers=[(b"content-type", b"application/json"), *call.headers])
        shown = self._authorize(call, origin)
        sent = [*call.headers, *(await shown if isinstance(shown, Awaitable) else shown)]
        while True:
            try:
                left = seconds - (loop.time() - began)
                return await self._pool.request(origin, b"POST", call.target, sent, call.payload, timeout=left)
            except HostAway as error:
                if loop.time() >= until:
                    raise FunctionsUnreachable(str(error)) from error
                await asyncio.sleep(_PAUSE_SECONDS)
            except IntegrationTimedOut as error:
                raise InvocationTimedOut(str(error)) from error
            except UpstreamError as error:
                raise FunctionsUnreachable(str(error)) from error


class FirstOf:
    """Functions of this installation, and elsewhere those that it does not have, where there is something to sign with."""

    def __init__(self, here: Functions, elsewhere: Functions) -> None:
        self._here = here
        self._elsewhere = elsewhere

    async def invoke(
        self,
        arn: str,
        payload: bytes,
        *,
        source_arn: str,
        role_arn: str = "",
        signer: Signer | None = None,
        event: bool = False,
        headers: Headers = (),
        timeout: float,  # noqa: ASYNC109
    ) -> FunctionAnswer:
        async def ask(functions: Functions) -> FunctionAnswer:
            return await functions.invoke(
                arn,
                payload,
                source_arn=source_arn,
                role_arn=role_arn,
                signer=signer,
                event=event,
                headers=headers,
                timeout=timeout,
            )

        try:
            return await ask(self._here)
        except FunctionNotFound:
            if signer is None:
                raise
            return await ask(self._elsewhere)

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
        async def ask(functions: Functions) -> UpstreamResponse:
            return await functions.stream(
                arn, payload, source_arn=source_arn, role_arn=role_arn, signer=signer, timeout=timeout
            )

        try:
            return await ask(self._here)
        except FunctionNotFound:
            if signer is None:
                raise
            return await ask(self._elsewhere)


def bearer(token: str) -> Authorize:
    """Shows the function host its token, and the API on whose behalf."""
    authorization = (b"authorization", f"Bearer {token}".encode())

    def authorize(call: Call, origin: Origin) -> Headers:
        source = (b"x-gatehouse-source-arn", call.source_arn.encode("latin-1", "replace"))
        return (authorization, source, (b"x-gatehouse-role-arn", call.role_arn.encode("latin-1", "replace")))

    return authorize


def host_client(pool: UpstreamPool, token: str) -> LambdaClient:
    """The client of this installation's function host, over a pool of connections to it."""
    return LambdaClient(pool, lambda arn: _HOST, bearer(token))


async def _read(arn: str, response: UpstreamResponse) -> bytes:
    try:
        return await response.read()
    except IntegrationTimedOut as error:
        raise InvocationTimedOut(f"{arn}: {error}") from error
    except UpstreamError as error:
        raise FunctionsUnreachable(f"{arn}: {error}") from error


def _error(arn: str, response: UpstreamResponse, body: bytes) -> InvocationFailed:
    code = (_header(response, b"x-amzn-errortype") or b"").partition(b":")[0]
    kind = _ERRORS.get(code, FunctionsUnreachable if response.status >= 500 or not code else InvocationFailed)
    return kind(f"{arn}: {response.status} {code.decode('latin-1')} {_message(body)}")


def _message(body: bytes) -> str:
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    return str(told.get("message") or told.get("Message") or "")[:512] if isinstance(told, dict) else ""


def _header(response: UpstreamResponse, name: bytes) -> bytes | None:
    return next((value for known, value in response.headers if known == name), None)
