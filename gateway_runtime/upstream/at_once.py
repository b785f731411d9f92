"""Requests that need not wait: those to an origin that has an idle connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gateway_runtime.limits import StreamLimits
from gateway_runtime.upstream.framing import encode_head
from gateway_runtime.upstream.origin import Origin
from gateway_runtime.upstream.response import UpstreamResponse

if TYPE_CHECKING:
    from gateway_runtime.upstream.pool import Client, OriginPool, UpstreamPool


# Method, target, headers, one header line more, body, client.
SendAtOnce = Callable[
    [bytes, bytes, Sequence[tuple[bytes, bytes]], bytes, bytes, "Client | None"], UpstreamResponse | None
]


class AtOnce:
    """What `UpstreamPool.request` does, as far as it needs not wait, for calls of one origin that may take `seconds` each."""

    __slots__ = ("_idle_seconds", "_loop", "_origin", "_place", "_pool", "_seconds", "_sweep")

    def __init__(self, pool: UpstreamPool, origin: Origin, seconds: float, stream: StreamLimits | None) -> None:
        self._pool = pool
        self._origin = origin
        self._seconds = seconds
        self._idle_seconds = None if stream is None else stream.idle_seconds
        self._loop = pool.loop
        self._sweep = pool.exchanges
        self._place: OriginPool | None = None

    def send(
        self,
        method: bytes,
        target: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        line: bytes,
        body: bytes,
        client: Client | None,
    ) -> UpstreamResponse | None:
        """Send on an idle connection. The head of the answer is still to come, and nothing is sent a second time. None, and nothing is
        done, where the pool has to be asked. Raises ValueError for an unwritable head. `line` is one more behind a block of headers."""
        place = self._place
        if place is None or not place.idle:  # or forgotten by the pool: then it has none
            self._place = place = self._pool.place(self._origin)
            if place is None or not place.idle:
                return None
        if client is not None and client.disconnected:
            return None
        head = encode_head(method, target, place.authority, headers, len(body), line)
        connection = place.idle.pop()
        if connection.transport.is_closing():
            another = place.take_idle()
            if another is None:
                return None
            connection = another
        response = UpstreamResponse(self._loop, self._sweep, self._loop.time() + self._seconds, method == b"HEAD")
        if self._idle_seconds is not None:
            response.idle_seconds = self._idle_seconds
        if client is not None:
            client.on_disconnect = response.client_left
        connection.begin(response, head + body if body else head, False)
        return response
