"""The body of a client's request, counted as it streams."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from gateway_runtime.edge.canonical import Headers
from gateway_runtime.limits import EDGE

if TYPE_CHECKING:
    from gateway_runtime.edge.turn import Turn

Receive = Callable[[], Awaitable[Any]]


class BodyTooLarge(Exception):
    """The body exceeds the cap: answer 413 REQUEST_TOO_LARGE. The connection closes behind the answer."""


class ClientDisconnected(Exception):
    """The client went away, or its body missed the edge's deadline: nobody reads an answer any more."""


class RequestBody:
    """Reads the body once, whole or in chunks.

    `length` is 0 without a body (nothing is awaited then), the declared length, or None when it comes in chunks.
    A declared length above `cap` raises BodyTooLarge at the first read, before anything is received. `whole` is the body once
    it has been read whole: its chunks are gone then.
    """

    whole: bytes | None = None
    received = 0
    length: int | None = 0

    def __init__(self, headers: Headers, receive: Receive, cap: int = EDGE.body_bytes) -> None:
        self._receive = receive
        self._cap = cap
        for name, value in headers:
            if name == b"content-length":
                self.length = int(value)
            elif name == b"transfer-encoding":
                self.length = None
        self._ended = self.length == 0

    @property
    def size(self) -> int:
        """Bytes that have been received, or of what stands in their place."""
        return self.received if self.whole is None else len(self.whole)

    async def next_chunk(self) -> bytes:
        """The next bytes, never empty before the end; `b""` is the end. Raises BodyTooLarge, ClientDisconnected."""
        if self.length is not None and self.length > self._cap:
            raise BodyTooLarge
        while not self._ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            self._ended = not message.get("more_body", False)
            chunk: bytes = message.get("body", b"")
            self.received += len(chunk)
            if self.received > self._cap:
                raise BodyTooLarge
            if chunk:
                return chunk
        return b""

    async def read(self) -> bytes:
        """The whole body; asked again, the same bytes."""
        if self.whole is None:
            chunks = []
            while chunk := await self.next_chunk():
                chunks.append(chunk)
            self.whole = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        return self.whole

    def take_at_once(self, turn: Turn) -> None:
        """Have it `whole` without waiting, where its length was declared and all of it has arrived."""
        if self.whole is not None or self.received or self.length is None or self.length > self._cap:
            return
        body = turn.whole_body()
        if body is not None:
            self.whole = body
            self.received = len(body)
            self._ended = True

    def replace(self, body: bytes) -> None:
        """Another body in place of the one that was read: the same, in another coding."""
        self.whole = body
        self.length = len(body)


async def _nothing() -> dict[str, object]:
    return {"type": "http.disconnect"}


NO_BODY = RequestBody([], _nothing)  # of each request whose head announces none; nobody replaces it
