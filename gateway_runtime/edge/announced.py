"""Connections that begin with the PROXY protocol: whose they are is read before anything of them is HTTP.

Networks that the operator names always begin so, and nobody else may: what others send of it is a malformed request.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.utils import get_remote_addr
from uvicorn.server import ServerState

from apps.core.trusted_proxies import TrustedProxies
from gateway_runtime.edge.protocol import EdgeProtocol
from gateway_runtime.edge.proxy_protocol import BadAnnouncement, announcement
from gateway_runtime.metrics import METRICS

ANNOUNCERS_KEY = "gatehouse.announcers"
"""Of the server's state: who begins with the PROXY protocol, where somebody does."""

logger = logging.getLogger("gateway_runtime.edge")

_refused = METRICS.counter("gatehouse_announcements_refused_total", "Connections without the PROXY protocol they owe")


def edge_protocol(
    config: Config,
    server_state: ServerState,
    app_state: dict[str, Any],
    _loop: asyncio.AbstractEventLoop | None = None,
) -> asyncio.Protocol:
    """The protocol of a new connection on the plain listener."""
    edge = EdgeProtocol(config, server_state, app_state, _loop)
    announcers: TrustedProxies | None = app_state.get(ANNOUNCERS_KEY)
    return edge if announcers is None else AnnouncedConnection(edge, announcers)


class AnnouncedConnection(asyncio.Protocol):
    """A connection until it is known whose it is; then it is the edge's. Its announcement has as long as a head."""

    def __init__(self, edge: EdgeProtocol, announcers: TrustedProxies) -> None:
        self._edge = edge
        self._announcers = announcers
        self._held = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        edge = self._edge
        peer = get_remote_addr(transport)
        if peer is None or not self._announcers.trusts(peer[0]):
            self._hand_over()
            return
        edge.opened_at = edge.loop.time()
        edge.connections.add(self)  # type: ignore[arg-type]
        edge.sweep.add(self)
        if edge.limit_concurrency is not None and len(edge.connections) > edge.limit_concurrency:
            self.shutdown()

    def data_received(self, data: bytes) -> None:
        self._held += data
        try:
            told = announcement(self._held)
        except BadAnnouncement as error:
            self._refuse(str(error))
            return
        if told is not None:
            self._leave()
            self._edge.announced = told
            self._hand_over(self._held[told.size :])

    def connection_lost(self, error: Exception | None) -> None:
        self._leave()

    def check_deadline(self, now: float) -> None:
        if now > self._edge.opened_at + self._edge.limits.head_seconds:
            self._refuse("it is late")

    def shutdown(self) -> None:
        """The worker drains: nothing was asked here yet."""
        self._leave()
        self.transport.close()

    def _refuse(self, reason: str) -> None:
        """Close without a word: it is not settled yet what is spoken."""
        METRICS.values[_refused] += 1
        logger.info("no announcement: %s", reason)
        self._leave()
        self.transport.abort()

    def _leave(self) -> None:
        self._edge.connections.discard(self)
        self._edge.sweep.discard(self)

    def _hand_over(self, rest: bytes = b"") -> None:
        edge, transport = self._edge, self.transport
        transport.set_protocol(edge)
        edge.connection_made(transport)
        if rest and not transport.is_closing():
            edge.data_received(rest)
