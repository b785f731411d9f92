"""HTTPS of one worker: its TLS listener beside the server's own, and the connections that came by it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

from gateway_runtime.edge.announced import ANNOUNCERS_KEY
from gateway_runtime.edge.protocol import EdgeProtocol
from gateway_runtime.limits import EDGE
from gateway_runtime.tls.certificates import CERTIFICATES_KEY, Certificates
from gateway_runtime.tls.contexts import Handshake, server_context
from gateway_runtime.tls.listener import TlsListener

if TYPE_CHECKING:
    import uvicorn


class Https:
    """`certificate` is the file of the gateway's own certificate and key, `most` how many connections the worker may have."""

    def __init__(self, listener: socket.socket, certificate: Path, most: int) -> None:
        text = certificate.read_text()
        self._own = Handshake(server_context(text, ""))
        self._socket = listener
        self._most = most
        self._certificates: Certificates | None = None
        self._version: object = None
        self._server: uvicorn.Server
        self._listener: TlsListener

    def start(self, server: uvicorn.Server) -> None:
        """Accept connections for a server that has started."""
        self._server = server
        # Taken out: what stays in the state is copied for each request.
        self._certificates = server.lifespan.state.pop(CERTIFICATES_KEY, None)
        self._version = None if self._certificates is None else self._certificates.version
        connections = server.server_state.connections
        self._listener = TlsListener(
            self._socket,
            self._protocol,
            self._choose,
            lambda pending: len(connections) + pending >= self._most,
            announcers=server.lifespan.state.get(ANNOUNCERS_KEY),
        )
        self._listener.start()

    def _protocol(self) -> EdgeProtocol:
        server = self._server
        return EdgeProtocol(server.config, server.server_state, server.lifespan.state)

    def _choose(self, name: str) -> Handshake:
        found = None if self._certificates is None else self._certificates.find(name)
        return found or self._own

    def retire_strangers(self) -> None:
        """After a change: end connections whose callers were verified by a trust store that is no longer their name's."""
        certificates = self._certificates
        if certificates is None or certificates.version is self._version:
            return
        self._version = certificates.version
        for connection in tuple(self._server.server_state.connections):
            peer = connection.tls if isinstance(connection, EdgeProtocol) else None
            if peer is not None and peer.trust and peer.trust != certificates.trust(peer.server_name):
                connection.retire()  # type: ignore[union-attr]

    async def close(self) -> None:
        """Accept no more, and let what was accepted become a connection."""
        self._listener.close()
        await self._listener.settle(EDGE.drain_idle_seconds)
