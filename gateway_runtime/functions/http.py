"""HTTP/1.1 as the function host speaks it on both of its sides: the Invoke API and the Runtime API.

One exchange at a time on a connection; a peer that sends more before it is answered is no peer of ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

import httptools

Header = tuple[bytes, bytes]

_HEAD_BYTES = 64 * 1024
_REASONS = {
    200: b"OK", 202: b"Accepted", 204: b"No Content", 400: b"Bad Request", 403: b"Forbidden", 404: b"Not Found",
    409: b"Conflict", 413: b"Content Too Large", 429: b"Too Many Requests", 500: b"Internal Server Error",
    502: b"Bad Gateway", 503: b"Service Unavailable",
}  # fmt: skip


class Sink(Protocol):
    """Takes a request's body while it arrives."""

    def data(self, chunk: bytes) -> None: ...

    def end(self, trailers: dict[bytes, bytes]) -> None:
        """The body is complete."""

    def lost(self) -> None:
        """The peer went away in the middle of it."""


class Exchange:
    """A request and the way to answer it. `body` is whole when `complete` is called, and empty where a `sink` takes it."""

    def __init__(self, connection: HttpConnection) -> None:
        self._connection = connection
        self.method = ""
        self.path = ""
        self.headers: dict[bytes, bytes] = {}
        self.body = bytearray()
        self.sink: Sink | None = None
        self.trailers: dict[bytes, bytes] = {}
        self.on_lost: Callable[[], None] | None = None
        self.on_pressure: Callable[[bool], None] | None = None
        self.answered = False
        self._streaming = False

    @property
    def lost(self) -> bool:
        return self._connection.closed

    def header(self, name: bytes, default: str = "") -> str:
        value = self.headers.get(name)
        return default if value is None else value.decode("latin-1")

    def respond(self, status: int, headers: list[Header] = [], body: bytes = b"") -> None:  # noqa: B006 - read only
        """The whole answer at once; without effect when the peer is gone."""
        self.answered = True
        self._connection.write(_head(status, headers) + b"content-length: %d\r\n\r\n" % len(body) + body)
        self._connection.exchange_over(self)

    def start(self, status: int, headers: list[Header]) -> None:
        """The head of an answer that is written piece by piece."""
        self._streaming = self.answered = True
        self._connection.write(_head(status, headers) + b"transfer-encoding: chunked\r\n\r\n")

    def write(self, chunk: bytes) -> None:
        if chunk:
            self._connection.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))

    def finish(self) -> None:
        self._connection.write(b"0\r\n\r\n")
        self._connection.exchange_over(self)

    def abort(self) -> None:
        """Close the connection: what was written must not look complete."""
        self._connection.abort()

    def hold(self, pause: bool) -> None:
        """Stop reading this request's body, or go on."""
        self._connection.pause_reading(pause)


class Handler(Protocol):
    """What stands behind a listener."""

    body_bytes: int
    connections: set[HttpConnection]

    def begin(self, exchange: Exchange) -> None:
        """The head is here; set `exchange.sink` to take the body as it comes."""

    def complete(self, exchange: Exchange) -> None:
        """The request is whole; not called where a sink took the body."""


class HttpConnection(asyncio.Protocol):
    """The server's side of one connection."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._parser = httptools.HttpRequestParser(self)
        self._exchange: Exchange | None = None
        self._head_done = False
        self._room = _HEAD_BYTES
        self._received = 0
        self._keep = True
        self.closed = False

    # For the exchange
    def write(self, data: bytes) -> None:
        if not self.closed:
            self._transport.write(data)

    def exchange_over(self, exchange: Exchange) -> None:
        if self._exchange is exchange and exchange.sink is None:
            self._exchange = None
        if not self._keep and not self.closed:
            self._transport.close()

    def abort(self) -> None:
        if not self.closed:
            self._transport.abort()

    def pause_reading(self, pause: bool) -> None:
        if not self.closed:
            (self._transport.pause_reading if pause else self._transport.resume_reading)()

    # asyncio's side
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._handler.connections.add(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self.closed:
                self._transport.write(_head(400, []) + b"connection: close\r\ncontent-length: 0\r\n\r\n")
                self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._handler.connections.discard(self)
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            return
        if exchange.sink is not None:
            exchange.sink.lost()
        if exchange.on_pressure is not None:
            exchange.on_pressure(False)  # who was held back for this peer may go on
        if exchange.on_lost is not None:
            exchange.on_lost()

    def pause_writing(self) -> None:
        if self._exchange is not None and self._exchange.on_pressure is not None:
            self._exchange.on_pressure(True)

    def resume_writing(self) -> None:
        if self._exchange is not None and self._exchange.on_pressure is not None:
            self._exchange.on_pressure(False)

    # The parser's side
    def on_message_begin(self) -> None:
        if self._exchange is not None:
            raise ValueError("a request before the last one was answered")
        self._exchange = Exchange(self)
        self._head_done = False
        self._room = _HEAD_BYTES
        self._received = 0

    def on_url(self, url: bytes) -> None:
        assert self._exchange is not None
        self._exchange.path += url.decode("latin-1")
        self._spend(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        assert self._exchange is not None
        self._spend(len(name) + len(value))
        (self._exchange.trailers if self._head_done else self._exchange.headers)[name.lower()] = value

    def on_headers_complete(self) -> None:
        assert self._exchange is not None
        self._head_done = True
        self._exchange.method = self._parser.get_method().decode("latin-1")
        self._keep = self._parser.should_keep_alive()
        if self._exchange.headers.get(b"expect", b"").lower() == b"100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._handler.begin(self._exchange)

    def on_body(self, body: bytes) -> None:
        exchange = self._exchange
        if exchange is None:
            return
        self._received += len(body)
        if exchange.sink is not None:
            exchange.sink.data(body)
        elif self._received <= self._handler.body_bytes:
            exchange.body += body

    def on_message_complete(self) -> None:
        exchange = self._exchange
        if exchange is None:
            return
        if exchange.sink is not None:
            sink, exchange.sink = exchange.sink, None
            if exchange.answered:
                self._exchange = None
            sink.end(exchange.trailers)
        else:
            self._handler.complete(exchange)

    @property
    def too_large(self) -> bool:
        return self._received > self._handler.body_bytes

    def _spend(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise ValueError("request head too large")


def is_too_large(exchange: Exchange) -> bool:
    """Whether the body was longer than the handler takes; `body` then lacks its end."""
    return exchange._connection.too_large


def _head(status: int, headers: list[Header]) -> bytes:
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    return b"HTTP/1.1 %d %b\r\n%b" % (status, _REASONS.get(status, b"Status"), lines)
