"""One connection to an origin: writes a request, reads exactly one response, says whether it can be used again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import httptools

from gateway_runtime.edge.canonical import Headers
from gateway_runtime.limits import PoolLimits
from gateway_runtime.upstream.errors import BadResponse, LostConnection, StaleConnection, TruncatedResponse
from gateway_runtime.upstream.framing import ABOUT_CONNECTION, lower_names, response_framing, without_named
from gateway_runtime.upstream.response import UpstreamResponse

if TYPE_CHECKING:
    from gateway_runtime.upstream.pool import OriginPool

_NO_BODY = frozenset({204, 304})


class OriginConnection(asyncio.Protocol):
    """Owned by one origin's pool; it serves one exchange at a time."""

    def __init__(self, pool: OriginPool, limits: PoolLimits, loop: asyncio.AbstractEventLoop) -> None:
        self._pool = pool
        self._limits = limits
        self._loop = loop
        self._parser = httptools.HttpResponseParser(self)
        self._known = pool.pool.known_heads
        self.transport: asyncio.Transport = cast("asyncio.Transport", None)
        self.response: UpstreamResponse | None = None
        self.adopted = False  # counted by the pool
        self.reused = False
        self.idle_since = 0.0
        self._sending = False  # a streamed request body is not finished
        self._paused = False
        self._writable: asyncio.Future[None] | None = None
        self._write_paused = False
        self._reset()

    def _reset(self) -> None:
        self._headers: Headers = []  # those that pass on
        self._about: Headers = []  # those about the connection and the framing
        self._room = self._limits.head_bytes  # what names and values may still have, trailers included
        self._informational = 0
        self._interim = False
        self._head_done = False
        self._ended = False
        self._until_close = False
        self._keep = False

    # The pool's side
    @property
    def usable(self) -> bool:
        return not self.transport.is_closing()

    def begin(self, response: UpstreamResponse, data: bytes, streaming: bool) -> None:
        """Send a request's head, with its whole body unless it streams."""
        self.response = response
        response.connection = self
        self._sending = streaming
        self.transport.write(data)

    async def send(self, data: bytes) -> None:
        """Send a piece of a streamed request body, as fast as the origin takes it."""
        if self._write_paused:
            self._writable = self._loop.create_future()
            await self._writable
        if self.usable:
            self.transport.write(data)

    def sent(self) -> None:
        """The streamed request body is complete."""
        self._sending = False

    def abort(self) -> None:
        self.response = None
        self.transport.abort()

    def close(self) -> None:
        self.transport.close()

    def read_on(self) -> None:
        if self._paused:
            self._paused = False
            self.transport.resume_reading()

    # asyncio's side
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    def data_received(self, data: bytes) -> None:
        response = self.response
        if response is None:  # bytes nobody asked for
            self.transport.abort()
            return
        if not response.touched:
            response.touched = True
            end = data.find(b"\r\n\r\n")
            if end > 0 and not response.head_only:
                head = self._known[data[:end]]
                if head is not None and end + 4 + head.length == len(data):
                    self.response = None
                    self.reused = True
                    response.answer(head, data[end + 4 :])
                    self._pool.release(self, not self._sending)
                    response.arrived()
                    return
            self._reset()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(BadResponse("the origin switched protocols"))
            return
        except httptools.HttpParserError as error:
            if not self._ended:
                cause = error.__context__
                self._fail(cause if isinstance(cause, BadResponse) else BadResponse(f"unreadable response: {error}"))
                return
            self._keep = False  # the response was complete; what follows it is not a response
        if self._ended:
            self._finish()
        if response.status:
            response.arrived()

    def connection_lost(self, exc: Exception | None) -> None:
        self.resume_writing()
        response, self.response = self.response, None
        if response is not None:
            if self._until_close and exc is None:
                response.finish()
                response.wake()
            else:
                self._lost(response, exc)
        if self.adopted:
            self._pool.gone(self)

    def _lost(self, response: UpstreamResponse, exc: Exception | None) -> None:
        response.connection = None
        if not response.touched:
            kind = StaleConnection if self.reused else LostConnection
            response.fail(kind(f"the origin closed without an answer: {exc}"))
        elif self._head_done:
            response.fail(TruncatedResponse(f"the origin closed inside the body: {exc}"))
        else:
            response.fail(BadResponse(f"the origin closed inside the head: {exc}"))

    def _fail(self, error: Exception) -> None:
        if self.response is not None:
            self.response.fail(error)
        else:
            self.transport.abort()

    def _finish(self) -> None:
        """The response is complete: give the connection back, or close it when its state is not certain."""
        response, self.response = self.response, None
        if response is None:
            return
        if response.head_only:
            self._parser = httptools.HttpResponseParser(self)  # it would wait for the body that HEAD announces
        self.read_on()
        keep = self._keep and not self._sending
        self.reused = True
        response.finish()
        self._pool.release(self, keep)

    # The parser's side
    def on_message_begin(self) -> None:
        if self._ended or self.response is None:
            raise BadResponse("bytes after the response")
        self._headers = []
        self._about = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._room = room = self._room - len(name) - len(value)
        if room < 0:
            raise BadResponse("response head too large")
        if self._head_done:
            return  # a trailer: counted and dropped
        name = lower_names[name]
        if name in ABOUT_CONNECTION:
            self._about.append((name, value))
            if name != b"content-length":
                return
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        response = self.response
        if response is None:
            raise BadResponse("the exchange is over")
        if len(self._headers) + len(self._about) > self._limits.head_count:
            raise BadResponse("response head too large")
        status = self._parser.get_status_code()
        self._interim = 100 <= status < 200
        if self._interim:
            self._informational += 1
            if self._informational > self._limits.informational:
                raise BadResponse("too many informational responses")
            return
        if not 200 <= status <= 599 or self._parser.get_http_version() not in ("1.1", "1.0"):
            raise BadResponse("unsupported status or version")
        try:
            length, chunked = response_framing(self._about)
        except ValueError as error:
            raise BadResponse(str(error)) from None
        without_body = response.head_only or status in _NO_BODY
        too_large = length is not None and length > self._limits.body_bytes and not without_body
        if too_large and response.idle_seconds is None:
            raise BadResponse("response body too large")
        self._until_close = length is None and not chunked and not without_body
        self._keep = self._parser.should_keep_alive() and not self._until_close
        self._head_done = True
        self._ended = response.head_only
        response.status = status
        response.length = length
        response.headers = without_named(self._headers, self._about)

    def on_body(self, body: bytes) -> None:
        response = self.response
        if response is None or response.head_only:
            self._keep = False
            return
        if response.received + len(body) > self._limits.body_bytes and response.idle_seconds is None:
            raise BadResponse("response body too large")
        if response.store(body) > self._limits.read_high_water and not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def on_message_complete(self) -> None:
        if not self._interim:
            self._ended = True
