"""The client side of WebSocket: uvicorn's protocol with AWS's limits, and an end that tells clients to come back.

It relies on `shutdown`, `conn`, `queue` and `close_sent` of uvicorn 0.54's `WebSocketsSansIOProtocol`, and on its handing `ws_max_size`
on to `websockets`, which takes a pair of sizes there.
"""

from __future__ import annotations

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

from apps.core.trusted_proxies import TrustedProxies
from gateway_runtime.edge.forwarded import PROXIES_KEY
from gateway_runtime.edge.protocol import ANNOUNCED_KEY
from gateway_runtime.limits import SOCKETS

MAX_SIZE = (SOCKETS.message_bytes, SOCKETS.frame_bytes)
"""The most bytes of a message, and of one frame of it; more of either closes with 1009."""

ABORT = "gatehouse.abort"
"""In the scope: ends the connection at once, whatever waits to be sent."""

_GOING_AWAY = 1001
_TOO_BIG = 1009
_MOST_FRAGMENTS = 1_024  # of one message; empty ones would have no other limit
_PONGS_WAITING = 64 * 1024  # bytes to a client that reads nothing
_LINGER_SECONDS = 10.0


class EdgeWebSocket(WebSocketsSansIOProtocol):
    """One client connection that has become a WebSocket."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            if ANNOUNCED_KEY in self.app_state:
                self.scope["client"] = self.app_state[ANNOUNCED_KEY]
            proxies: TrustedProxies | None = self.app_state.get(PROXIES_KEY)
            if proxies is not None:
                proxies.rewrite(self.scope)  # type: ignore[arg-type]
            self.scope[ABORT] = self.transport.abort  # type: ignore[literal-required]

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < _MOST_FRAGMENTS:
            super().handle_cont(event)
        elif not self.close_sent:
            self.conn.fail(_TOO_BIG, "too many fragments")
            self.handle_parser_exception()

    def handle_ping(self) -> None:
        """Answers to pings are the one thing that is written without waiting until there is room."""
        if self.transport.get_write_buffer_size() > _PONGS_WAITING:
            self.transport.abort()
        else:
            super().handle_ping()

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        self._end_soon()

    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self._end_soon()

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.close":
            self._end_soon()

    def _end_soon(self) -> None:
        """A transport that closes first sends what waits: to a client that does not read, for ever."""
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def shutdown(self) -> None:
        """The worker drains: a connection that is open closes as going away, and its `$disconnect` is told so."""
        if not self.handshake_complete or self.close_sent or self.transport.is_closing():
            super().shutdown()
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": _GOING_AWAY, "reason": "Going away"})
        self.conn.send_close(_GOING_AWAY, "Going away")
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()
