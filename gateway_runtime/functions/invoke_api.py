"""The Invoke API of Lambda as the host serves it to the data plane and to the portal, which show a token."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
import uuid
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote

from apps.core.event_stream import CONTENT_TYPE, encode_event
from gateway_runtime.functions.errors import (
    FunctionNotFound,
    FunctionsUnreachable,
    FunctionThrottled,
    InvocationDenied,
    InvocationFailed,
    InvocationTimedOut,
    PayloadTooLarge,
)
from gateway_runtime.functions.events import Events
from gateway_runtime.functions.host import FunctionHost, Ran, Wanted, read_name
from gateway_runtime.functions.http import Exchange, Header, HttpConnection, is_too_large
from gateway_runtime.functions.limits import LARGEST_PAYLOAD

logger = logging.getLogger("gateway_runtime.functions")

SOURCE_ARN = "x-gatehouse-source-arn"
ROLE_ARN = "x-gatehouse-role-arn"
REVISION = "x-gatehouse-revision"

_NOT_HERE = (b"x-amz-tenant-id", b"x-amz-durable-execution-name")
_FUNCTIONS = "/2015-03-31/functions/"
_STREAMS = "/2021-11-15/functions/"
_TOO_LARGE = f"Request must be smaller than {LARGEST_PAYLOAD} bytes for the InvokeFunction operation"


class _Answered(NamedTuple):
    status: int
    code: str
    message: str = ""  # in place of the error's own


# The first that fits counts.
_ERRORS: tuple[tuple[type[Exception], _Answered], ...] = (
    (FunctionNotFound, _Answered(404, "ResourceNotFoundException")),
    (InvocationDenied, _Answered(403, "AccessDeniedException")),
    (FunctionThrottled, _Answered(429, "TooManyRequestsException", "Rate Exceeded.")),
    (PayloadTooLarge, _Answered(413, "RequestTooLargeException", _TOO_LARGE)),
    (InvocationTimedOut, _Answered(504, "ServiceException")),
    (FunctionsUnreachable, _Answered(502, "ServiceException")),
    (InvocationFailed, _Answered(500, "ServiceException")),
)


class InvokeApi:
    """Routes requests to the host. `caught_up` waits until the configuration is as new as a revision."""

    body_bytes = LARGEST_PAYLOAD

    def __init__(
        self, host: FunctionHost, events: Events, token: str, caught_up: Callable[[int], asyncio.Future[None] | None]
    ) -> None:
        self._host = host
        self._events = events
        self._authorization = f"Bearer {token}".encode()
        self._caught_up = caught_up
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections: set[HttpConnection] = set()

    def begin(self, exchange: Exchange) -> None:
        """Nothing is looked at before it is whole."""

    def complete(self, exchange: Exchange) -> None:
        path = exchange.path.partition("?")[0]
        if path == "/live":
            exchange.respond(200)
        elif not hmac.compare_digest(exchange.headers.get(b"authorization", b""), self._authorization):
            _refuse(exchange, 403, "AccessDeniedException", "the token is not that of this host")
        elif exchange.method == "POST" and path.startswith(_FUNCTIONS) and path.endswith("/invocations"):
            self._spawn(exchange, path.removeprefix(_FUNCTIONS).removesuffix("/invocations"), streams=False)
        elif (
            exchange.method == "POST" and path.startswith(_STREAMS) and path.endswith("/response-streaming-invocations")
        ):
            name = path.removeprefix(_STREAMS).removesuffix("/response-streaming-invocations")
            self._spawn(exchange, name, streams=True)
        else:
            _refuse(exchange, 404, "UnknownOperationException", "the host has no such operation")

    def _spawn(self, exchange: Exchange, name: str, *, streams: bool) -> None:
        task = self._loop.create_task(self._answer(exchange, unquote(name), streams))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        exchange.on_lost = lambda: _cancel(task)

    async def _answer(self, exchange: Exchange, name: str, streams: bool) -> None:
        try:
            waiting = self._caught_up(int(exchange.header(REVISION.encode(), "0")))
            if waiting is not None:
                await waiting
            if is_too_large(exchange):
                raise PayloadTooLarge(name)
            wanted = Wanted(
                read_name(name),
                bytes(exchange.body) or b"{}",
                exchange.header(SOURCE_ARN.encode()),
                exchange.header(ROLE_ARN.encode()),
                _client_context(exchange.header(b"x-amz-client-context")),
                exchange.header(b"x-amzn-trace-id"),
            )
            await (self._stream(exchange, wanted) if streams else self._invoke(exchange, wanted))
        except InvocationFailed as error:
            status, code, message = next(answered for kind, answered in _ERRORS if isinstance(error, kind))
            if exchange.answered:
                exchange.abort()
            else:
                _refuse(exchange, status, code, message or str(error))
        except Exception:
            logger.exception("an invocation of %s is not answered as it should be", name)
            exchange.abort() if exchange.answered else _refuse(exchange, 500, "ServiceException", "Internal failure")

    async def _invoke(self, exchange: Exchange, wanted: Wanted) -> None:
        unknown = next((name for name in _NOT_HERE if exchange.header(name)), None)
        if unknown is not None:
            _refuse(exchange, 400, "InvalidParameterValueException", f"{unknown.decode()}: no function here has that")
            return
        kind = exchange.header(b"x-amz-invocation-type", "RequestResponse")
        if kind == "DryRun":
            self._host.admit(wanted)
            exchange.respond(204)
        elif kind == "Event":
            self._host.admit(wanted, event=True)
            exchange.respond(202, _request_id(self._events.put(wanted)))
        else:
            request_id = str(uuid.uuid4())
            ran = await self._host.run(wanted, request_id)
            headers = [*_request_id(request_id), (b"x-amz-executed-version", ran.version.encode())]
            if ran.answer.error is not None:
                headers.append((b"x-amz-function-error", ran.answer.error.encode()))
            if exchange.header(b"x-amz-log-type") == "Tail":
                headers.append((b"x-amz-log-result", base64.b64encode(ran.log_tail)))
            exchange.respond(200, headers, ran.answer.payload)

    async def _stream(self, exchange: Exchange, wanted: Wanted) -> None:
        if exchange.header(b"x-amz-invocation-type") == "DryRun":
            self._host.admit(wanted)
            exchange.respond(204)
            return
        _, version = self._host.admit(wanted)
        request_id = str(uuid.uuid4())
        receiver = _EventStream(
            exchange, [*_request_id(request_id), (b"x-amz-executed-version", version.version.encode())]
        )
        ran = await self._host.run(wanted, request_id, receiver)
        receiver.end(ran, with_log=exchange.header(b"x-amz-log-type") == "Tail")

    async def close(self) -> None:
        """Give up what still runs: who waits for it sees the connection end without an answer."""
        for connection in tuple(self.connections):
            connection.abort()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _EventStream:
    """A function's answer as AWS streams it: PayloadChunk events, and InvokeComplete as the last one."""

    def __init__(self, exchange: Exchange, headers: list[Header]) -> None:
        self._exchange = exchange
        self._headers = headers
        self._started = False

    def begin(self, content_type: bytes, hold: Callable[[bool], None]) -> None:
        self._exchange.on_pressure = hold
        self._start(content_type)

    def chunk(self, data: bytes) -> None:
        self._exchange.write(encode_event("PayloadChunk", data, "application/octet-stream"))

    def end(self, ran: Ran, *, with_log: bool) -> None:
        self._start(b"application/json")
        answer = ran.answer
        if not ran.streamed and answer.error is None and answer.payload:
            self.chunk(answer.payload)  # the function does not stream
        told: dict[str, str] = {}
        if answer.error is not None:
            told = {"ErrorCode": answer.error, "ErrorDetails": answer.payload.decode("utf-8", "replace")}
        if with_log:
            told["LogResult"] = base64.b64encode(ran.log_tail).decode()
        self._exchange.write(encode_event("InvokeComplete", json.dumps(told).encode(), "application/json"))
        self._exchange.finish()

    def _start(self, content_type: bytes) -> None:
        if not self._started:
            self._started = True
            kinds = [(b"content-type", CONTENT_TYPE.encode()), (b"x-amzn-remapped-content-type", content_type)]
            self._exchange.start(200, [*self._headers, *kinds])


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()


def _refuse(exchange: Exchange, status: int, code: str, message: str) -> None:
    body = json.dumps({"Type": "User" if status < 500 else "Service", "message": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"x-amzn-errortype", code.encode())]
    exchange.respond(status, headers, body)


def _request_id(request_id: str) -> list[Header]:
    return [(b"content-type", b"application/json"), (b"x-amzn-requestid", request_id.encode())]


def _client_context(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        return ""
