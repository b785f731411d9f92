"""One request and its answer on a client connection: the ASGI side of the edge protocol."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from gateway_runtime.head_lines import Beginnings, are_clean

if TYPE_CHECKING:
    from gateway_runtime.edge.canonical import CanonicalRequest
    from gateway_runtime.edge.protocol import EdgeProtocol
    from gateway_runtime.exchange import Entrance

logger = logging.getLogger("gateway_runtime.edge")

TURN_KEY = "gatehouse.turn"


def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


_STATUS_LINES = {status: _status_line(status) for status in range(100, 600)}
_INTERNAL_ERROR = b'{"message": "Internal server error"}'
_HELD_BODY = 64 * 1024
_BODILESS = frozenset({204, 304})
_HEADER_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z").match
_CONTROLS = bytes(code for code in range(32) if code not in (9, 10, 13)) + b"\x7f"


_known_names: set[bytes] = set()  # header names seen valid; bounded


def _check_name(name: bytes) -> None:
    if _HEADER_NAME(name) is None:
        raise RuntimeError("ill-formed response header name")
    if len(_known_names) < 4096:
        _known_names.add(name)


_beginnings = Beginnings(frozenset({b"content-length", b"transfer-encoding", b"connection", b"date"}))


class Turn:
    """Hands the request to the application and writes its answer, with back-pressure both ways.

    The scope carries it under `TURN_KEY`. `on_disconnect` may be set by whoever works for the client at the
    moment; it is called once when the client goes away before its answer is complete.
    """

    # Members have their defaults in the class, so that making a turn costs what is set. They are those of a request by
    # HTTP/1.1 without a body.
    disconnected = False
    on_disconnect: Callable[[], None] | None = None
    version = "1.1"
    header_names: list[bytes] | None = None
    keep_alive = True
    expects_continue = False
    framed = False  # the head has headers about a body
    more_body = False
    received = 0
    response_started = False
    response_complete = False
    _waiter: asyncio.Future[None] | None = None
    _body: list[bytes] | None = None
    _buffered = 0
    _delivered = False
    _held = b""
    _bodiless = False
    _chunked = False
    _declared: int | None = None

    def __init__(self, protocol: EdgeProtocol, request: CanonicalRequest) -> None:
        self._protocol = protocol
        self.request = request
        self.entrance: Entrance = protocol.entrance  # scheme, and the address and port at which the request came in

    def make_scope(self) -> dict[str, Any]:
        """The request as ASGI has it. Not kept: it refers back, and the request's memory is to be free without the cycle collector."""
        names = self.header_names
        if names is None:
            known = self.request.known
            names = [] if known is None else known.names
        scope = self._protocol.scope_of(self.request, self.version, names)
        scope[TURN_KEY] = self
        return scope

    # What the protocol reports
    def body_arrived(self, data: bytes) -> None:
        if self._body:
            self._body.append(data)
        else:
            self._body = [data]
        self._buffered += len(data)
        self.received += len(data)
        self._wake()

    def body_ended(self) -> None:
        self.more_body = False
        self._wake()

    def client_left(self) -> None:
        """The connection is gone or given up: `receive` answers http.disconnect from now on."""
        if self.disconnected or self.response_complete:
            return
        self.disconnected = True
        callback, self.on_disconnect = self.on_disconnect, None
        if callback is not None:
            callback()
        self._wake()

    def buffered(self) -> int:
        """Bytes of the body that the application has not taken yet."""
        return self._buffered

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    # What the application does
    async def run(self, work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """Have the request answered; an answer that is not finished is never ended cleanly."""
        try:
            await work(*arguments)
        except asyncio.CancelledError:
            self._protocol.abort()
            raise
        except Exception:
            if not self.disconnected:
                logger.exception("exception in the application")
            await self._answer_failure()
        else:
            if not self.response_complete and not self.disconnected:
                logger.error("the application returned without completing its response")
                await self._answer_failure()

    def go_on(self, work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """Have the rest of what began without a task done in one."""
        self._protocol.start(self, work, *arguments)

    def cut(self) -> None:
        """Give the client up."""
        self._protocol.abort()

    async def _answer_failure(self) -> None:
        if self.response_complete or self.disconnected:
            return
        if self.response_started and not self._held:
            self._protocol.abort()
            return
        self.response_started = False
        self._held = b""
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(_INTERNAL_ERROR)),
            (b"x-amzn-errortype", b"InternalServerErrorException"),
            (b"connection", b"close"),
        ]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": _INTERNAL_ERROR})

    async def receive(self) -> dict[str, Any]:
        if self.expects_continue and not self.response_started:
            self.expects_continue = False
            self._protocol.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not (self.disconnected or self.response_complete):
            if not self._delivered and (self._body or not self.more_body):
                pieces = self._body or ()
                body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
                self._body = None
                self._buffered = 0
                self._delivered = not self.more_body
                self._protocol.body_taken()
                return {"type": "http.request", "body": body, "more_body": self.more_body}
            self._waiter = waiter = self._protocol.loop.create_future()
            await waiter
        return {"type": "http.disconnect"}

    def whole_body(self) -> bytes | None:
        """The body, where all of it is here and nobody has taken any of it; None, and nothing is done, where it is to be received."""
        if self.more_body or self._delivered or self.expects_continue or self._buffered != self.received:
            return None
        pieces = self._body or ()
        self._body = None
        self._buffered = 0
        self._delivered = True
        self._protocol.body_taken()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def send(self, message: Any) -> None:
        protocol = self._protocol
        if protocol.flow.write_paused and not self.disconnected:
            await protocol.flow.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if kind == "http.response.body" and self.response_started and not self.response_complete:
            self._write_body(message.get("body", b""), message.get("more_body", False))
        elif kind == "http.response.start" and not self.response_started:
            self._write_head(message["status"], message.get("headers", ()))
        else:
            raise RuntimeError(f"unexpected ASGI message {kind!r}")

    def answer(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
        """Write a whole answer at once: what two messages to `send` do, for the usual answer. `headers` hold no framing.

        False, and nothing is done, for what `send` must do: a slow reader, unusual status, or headers about framing.
        """
        protocol = self._protocol
        if protocol.flow.write_paused or self.response_started or status in _BODILESS or self.more_body:
            return False
        if self.disconnected:
            return True
        try:
            lines = [_beginnings[name] + value for name, value in headers]
        except KeyError:
            return False
        if not are_clean(lines):
            raise RuntimeError("control character in a response header")
        lines.append(b"content-length: %d\r\n\r\n" % len(body))
        fields = b"\r\n".join(lines)
        if protocol.draining:
            self.keep_alive = False
        first = _STATUS_LINES[status] + protocol.date_line()
        if not self.keep_alive:
            first += b"connection: close\r\n"
        self.response_started = self.response_complete = True
        self.expects_continue = False
        self.on_disconnect = None
        protocol.write(first + fields if self.request.method == "HEAD" else first + fields + body)
        protocol.turn_finished(self)
        return True

    def answer_lines(self, status: int, lines: bytes, body: bytes) -> bool:
        """The same with header lines that are ready, each with its end."""
        protocol = self._protocol
        if protocol.flow.write_paused or self.response_started or status in _BODILESS or self.more_body:
            return False
        if self.disconnected:
            return True
        if protocol.draining:
            self.keep_alive = False
        if not self.keep_alive:
            lines += b"connection: close\r\n"
        self.response_started = self.response_complete = True
        self.expects_continue = False
        self.on_disconnect = None
        shown = b"" if self.request.method == "HEAD" else body
        date = protocol.date_line()
        protocol.write(b"%b%b%bcontent-length: %d\r\n\r\n%b" % (_STATUS_LINES[status], date, lines, len(body), shown))
        protocol.turn_finished(self)
        return True

    def _write_head(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        parts = [_STATUS_LINES[status], self._protocol.date_line()]
        breaks = parts[1].count(b"\n") + 2
        closes = False
        self._declared, self._chunked = None, False
        self._bodiless = status in _BODILESS or self.request.method == "HEAD"
        for name, value in headers:
            lower = name.lower()
            if name not in _known_names:
                _check_name(name)
            if lower == b"content-length":
                if status == 204:
                    continue
                self._declared = int(value)
            elif lower == b"transfer-encoding":
                continue  # framing is decided here
            elif lower == b"connection":
                closes = closes or b"close" in value.lower()
                continue
            elif lower == b"date":
                breaks -= parts[1].count(b"\n")
                parts[1] = b""
            parts += (name, b": ", value, b"\r\n")
            breaks += 1
        if self._declared is None and not self._bodiless:
            breaks += self._choose_framing(parts)
        # A request body that is still coming would be read as the next request.
        if closes or self.more_body or self._protocol.draining:
            self.keep_alive = False
        if not self.keep_alive:
            parts.append(b"connection: close\r\n")
            breaks += 1
        parts.append(b"\r\n")
        head = b"".join(parts)
        # A line break inside a name or a value would show as one more line; one scan instead of two per header.
        if (
            head.count(b"\n") != breaks
            or head.count(b"\r") != breaks
            or len(head.translate(None, _CONTROLS)) != len(head)
        ):
            raise RuntimeError("control character in a response header")
        self.response_started = True
        self.expects_continue = False
        if self._bodiless or (self._declared is not None and self._declared <= _HELD_BODY):
            self._held = head  # leaves with its body, in one system call
        else:
            self._protocol.write(head)

    def _choose_framing(self, parts: list[bytes]) -> int:
        if self.version == "1.0":
            self.keep_alive = False
            return 0
        self._chunked = True
        parts.append(b"transfer-encoding: chunked\r\n")
        return 1

    def _write_body(self, body: bytes, more_body: bool) -> None:
        if self._bodiless:
            self._declared = None
            body = b""
        elif self._chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            if not more_body:
                body += b"0\r\n\r\n"
        elif self._declared is not None:
            self._declared -= len(body)
            if self._declared < 0:
                raise RuntimeError("response body longer than its content-length")
        if not more_body and self._declared:
            raise RuntimeError("response body shorter than its content-length")
        if self._held:
            body, self._held = self._held + body, b""
        if body:
            self._protocol.write(body)
        if not more_body:
            self.response_complete = True
            self.on_disconnect = None
            self._wake()
            self._protocol.turn_finished(self)


def turn_of(scope: Any) -> Turn | None:
    """The turn behind an ASGI scope, or None when another server made the scope."""
    return cast("Turn | None", scope.get(TURN_KEY))
