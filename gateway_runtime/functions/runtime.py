"""A function's runtime: one process, the Runtime API that it asks for events, and the invocation that it works on.

It is starting until it asks for its first event, then idle or busy, and gone for ever once its process has ended.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from gateway_runtime.functions.http import Exchange, HttpConnection, is_too_large
from gateway_runtime.functions.invocation import Invocation
from gateway_runtime.functions.limits import LARGEST_ANSWER, FunctionLimits
from gateway_runtime.functions.logs import Lines
from gateway_runtime.functions.peers import is_of_session
from gateway_runtime.functions.process import Command, Process
from gateway_runtime.functions.runtime_errors import (
    TIMED_OUT,
    error_payload,
    exit_reason,
    failure_status,
    response_too_large,
)
from gateway_runtime.functions.streamed_answers import StreamedAnswer

_API = "/2018-06-01/runtime/"
_ACCEPTED = b'{"status":"OK"}'
_JSON = [(b"content-type", b"application/json")]


class Owner(Protocol):
    """Who keeps the runtime: it is told of every change."""

    def ready(self, runtime: Runtime) -> None:
        """It waits for an event."""

    def gone(self, runtime: Runtime) -> None:
        """Its process has ended."""


class Runtime:
    """Made by `start`. `log` takes what is printed, with the lines of AWS's own around it."""

    body_bytes = LARGEST_ANSWER

    def __init__(
        self,
        version: str,
        timeout: float,
        memory: int,
        limits: FunctionLimits,
        owner: Owner,
        log: Callable[[bytes], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._version = version
        self._timeout = timeout
        self._memory = memory
        self._limits = limits
        self._owner = owner
        self._log = log
        self._lines = Lines(limits.log_line_bytes)
        self.connections: set[HttpConnection] = set()
        self._server: asyncio.Server | None = None
        self._process: Process | None = None
        self._next: Exchange | None = None
        self._current: Invocation | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._began = self._loop.time()
        self._init_duration: float | None = None
        self._init_error: bytes | None = None
        self._why = ""  # why it was ended, where it did not end itself
        self.tail = b""  # the end of what was printed
        self._peak = 0
        self._status = 0
        self.idle_since = 0.0
        self.started = False
        self.is_gone = False
        self.exited = asyncio.Event()

    async def start(self, command: Callable[[str], Command]) -> None:
        """Run the command for the address of its Runtime API. Raises OSError when it cannot be run."""
        self._server = await self._loop.create_server(lambda: _OwnConnection(self), "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        try:
            self._process = Process(command(f"{host}:{port}"), self._printed, self._exited)
        except BaseException:
            self._server.close()
            raise
        self._timer = self._loop.call_later(
            max(self._limits.init_seconds, self._timeout),
            self._end,
            f"Task timed out after {self._timeout:.2f} seconds",
        )

    def is_mine(self, transport: asyncio.BaseTransport) -> bool:
        """Whether a connection comes from the process, or one that it has started; other functions reach the port as well."""
        theirs, ours = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if self._process is None or theirs is None or ours is None:
            return False
        return is_of_session(self._process.pid, theirs[:2], ours[:2])

    @property
    def busy(self) -> bool:
        return self._current is not None

    def assign(self, invocation: Invocation) -> None:
        """Hand an event to the waiting runtime."""
        assert self._next is not None
        exchange, self._next = self._next, None
        self._current = invocation
        self.tail = b""
        self._began = self._loop.time()
        self._timer = self._loop.call_later(self._timeout, self._timed_out)
        self._print(b"START RequestId: %b Version: %b\n" % (invocation.request_id.encode(), self._version.encode()))
        deadline = time.time() + self._timeout
        exchange.respond(200, invocation.head(int(deadline * 1000)), invocation.payload)

    def stop(self) -> None:
        """End the process; an invocation that runs fails."""
        self._end("")

    def check_memory(self) -> None:
        """End a process that uses more than its function may."""
        if self._process is not None and self._current is not None:
            self._peak = max(self._peak, self._process.resident())
            if self._peak > self._memory * 1024 * 1024:
                self._end("")

    # The Runtime API
    def begin(self, exchange: Exchange) -> None:
        streams = exchange.header(b"lambda-runtime-function-response-mode").lower() == "streaming"
        if streams and exchange.path.endswith("/response") and self._is_current(exchange):
            assert self._current is not None
            exchange.sink = StreamedAnswer(self.stream_over, exchange, self._current)

    def complete(self, exchange: Exchange) -> None:
        path = exchange.path.removeprefix(_API)
        if exchange.method == "GET" and path == "invocation/next":
            self._asked(exchange)
        elif exchange.method != "POST" or path == exchange.path:
            exchange.respond(404, _JSON, error_payload("InvalidRequest", "unknown path"))
        elif path == "init/error":
            self._init_failed(exchange)
        elif not self._is_current(exchange):
            exchange.respond(400, _JSON, error_payload("InvalidRequestID", "the invocation is not the current one"))
        elif path.endswith("/error"):
            self._finish(bytes(exchange.body) or b"{}", "Unhandled")
            exchange.respond(202, _JSON, _ACCEPTED)
        elif path.endswith("/response"):
            self._responded(exchange)
        else:
            exchange.respond(404, _JSON, error_payload("InvalidRequest", "unknown path"))

    def _is_current(self, exchange: Exchange) -> bool:
        asked = exchange.path.removeprefix(f"{_API}invocation/").rpartition("/")[0]
        return self._current is not None and asked == self._current.request_id

    def _asked(self, exchange: Exchange) -> None:
        if self._next is not None or self._current is not None or self.is_gone:
            exchange.respond(403, _JSON, error_payload("InvalidStateTransition", "the last invocation is not answered"))
            return
        self._next = exchange
        exchange.on_lost = self._left
        if not self.started:
            self.started = True
            self._init_duration = self._loop.time() - self._began
            self._cancel_timer()
        self.idle_since = self._loop.time()
        self._owner.ready(self)

    def _left(self) -> None:
        """The runtime closed the connection on which it waits for an event: it will not take one."""
        self._next = None
        self._end("")

    def _responded(self, exchange: Exchange) -> None:
        if is_too_large(exchange):
            exchange.respond(
                413, _JSON, error_payload("RequestEntityTooLarge", "Exceeded maximum allowed payload size")
            )
            self._finish(response_too_large(), "Unhandled")
            return
        # What the answer sets in motion comes first; the runtime's next question waits in its socket.
        self._finish(bytes(exchange.body), None)
        exchange.respond(202, _JSON, _ACCEPTED)

    def _init_failed(self, exchange: Exchange) -> None:
        if not self.started and self._init_error is None:
            self._init_error = bytes(exchange.body) or b"{}"
        exchange.respond(202, _JSON, _ACCEPTED)

    def init_error(self, request_id: str) -> tuple[bytes, str]:
        """Why no runtime came up: the payload that invocations which waited for it are answered with."""
        if self._init_error is not None:
            return self._init_error, "Unhandled"
        return error_payload(*self._exit_reason(request_id)), "Unhandled"

    # What happens to the process
    def _printed(self, data: bytes) -> None:
        self._print(data.replace(b"\r", b"\n"))

    def _print(self, data: bytes) -> None:
        self.tail = (self.tail + data)[-self._limits.log_tail_bytes :]
        lines = self._lines.of(data, "" if self._current is None else self._current.request_id)
        if lines:
            self._log(lines)

    def _timed_out(self) -> None:
        self._end(f"Task timed out after {self._timeout:.2f} seconds")

    def _end(self, why: str) -> None:
        self._cancel_timer()
        self._why = self._why or why
        if self._process is not None and not self.is_gone:
            self._process.kill()

    def _exited(self, status: int) -> None:
        self.is_gone = True
        self._status = status
        self._cancel_timer()
        if self._server is not None:
            self._server.close()
        if self._next is not None:
            self._next.on_lost = None
            self._next.abort()
            self._next = None
        current = self._current
        if current is not None:
            kind, message = self._exit_reason(current.request_id)
            if self._why:
                stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
                self._print(f"{stamp}Z {current.request_id} {self._why}\n".encode())
            self._finish(error_payload(kind, message), "Unhandled")
        self.exited.set()
        self._owner.gone(self)

    def _exit_reason(self, request_id: str) -> tuple[str, str]:
        """AWS's name and words for the way the process ended."""
        if self._why:
            return TIMED_OUT, f"RequestId: {request_id} Error: {self._why}"
        return "Runtime.ExitError", f"RequestId: {request_id} Error: {exit_reason(self._status)}"

    def _finish(self, payload: bytes, error: str | None) -> None:
        """The invocation is over: its last lines, then its answer."""
        invocation = self._current
        if invocation is None:
            return
        self._cancel_timer()
        if self._process is not None and not self.is_gone:
            self._process.drain()
            self._peak = max(self._peak, self._process.resident())
        self._report(invocation.request_id, "" if error is None else failure_status(payload))
        self._current = None
        invocation.log_tail = self.tail
        invocation.end(payload, error)

    def _report(self, request_id: str, status: str) -> None:
        duration = (self._loop.time() - self._began) * 1000
        init, self._init_duration = self._init_duration, None
        started = "" if init is None else f"Init Duration: {init * 1000:.2f} ms\t"
        if not self.tail.endswith(b"\n"):  # what a function prints may lack the end of its line
            self._print(b"\n")
        self._print(
            f"END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {duration:.2f} ms\tBilled Duration: {math.ceil(duration)} ms\t"
            f"Memory Size: {self._memory} MB\tMax Memory Used: {self._peak // (1024 * 1024)} MB\t{started}{status}\n".encode()
        )

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # For the streamed answer
    def stream_over(self, exchange: Exchange, payload: bytes, error: str | None) -> None:
        self._finish(payload, error)
        exchange.respond(202, _JSON, _ACCEPTED)


class _OwnConnection(HttpConnection):
    """One of the Runtime API, which nobody but the runtime's own processes gets."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._runtime = runtime

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if self._runtime.is_mine(transport):
            super().connection_made(transport)
        else:
            transport.abort()
