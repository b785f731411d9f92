"""An origin's answer, as it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway_runtime.edge.canonical import Headers

if TYPE_CHECKING:
    from gateway_runtime.upstream.connection import OriginConnection


class UpstreamResponse:
    """Status, headers and a body that streams with back-pressure.

    `headers` have lower-case names and values as sent; hop-by-hop headers and those named in `Connection` are gone,
    `content-length` is kept when the origin sent it. `length` is that number, or None. Read it to its end or `close` it:
    an unread response holds its connection until the deadline.
    """

    __slots__ = ("_connection", "headers", "length", "status")

    def __init__(self, connection: OriginConnection, status: int, headers: Headers, length: int | None) -> None:
        self._connection = connection
        self.status = status
        self.headers = headers
        self.length = length

    @property
    def complete(self) -> bool:
        """The whole body is here already: reading it awaits nothing."""
        return self._connection.finished(self)

    async def next_chunk(self) -> bytes:
        """The next bytes of the body; `b""` is its clean end.

        Raises TruncatedResponse, BadResponse (also beyond the size cap) and IntegrationTimedOut.
        """
        return await self._connection.next_chunk(self)

    async def read(self) -> bytes:
        """The whole body, within the pool's size cap. Raises as next_chunk does."""
        first = await self.next_chunk()
        if not first:
            return b""
        second = await self.next_chunk()
        if not second:
            return first
        chunks = [first, second]
        while chunk := await self.next_chunk():
            chunks.append(chunk)
        return b"".join(chunks)

    def close(self) -> None:
        """Give up the rest: the origin's socket is closed unless everything has arrived."""
        self._connection.abandon(self)
