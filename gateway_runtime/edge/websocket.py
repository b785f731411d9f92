"""The client side of WebSocket: uvicorn's protocol with AWS's limits, and an end that tells clients to come back.

It relies on `shutdown`, `conn`, `queue` and `close_sent` of uvicorn 0.54's `WebSocketsSansIOProtocol`, and on its handing `ws_max_size`
on to `websockets`, which takes a pair of sizes there.
"""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gateway_runtime.limits import SOCKETS

MAX_SIZE = (SOCKETS.message_bytes, SOCKETS.frame_bytes)
"""The most bytes of a message, and of one frame of it; more of either closes with 1009."""

_GOING_AWAY = 1001


class EdgeWebSocket(WebSocketsSansIOProtocol):
    """One client connection that has become a WebSocket."""

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
