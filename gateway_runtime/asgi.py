"""The ASGI application of a data-plane process: `gateway_runtime.asgi:application`."""

from __future__ import annotations

import asyncio
import os
from typing import Any

# Channels asks Django for settings when it is imported; these name no database and no app.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.runtime")

from channels.routing import ProtocolTypeRouter

from apps.core.environment import read_environment
from apps.core.trusted_proxies import TrustedProxies
from gateway_runtime.edge.announced import ANNOUNCERS_KEY
from gateway_runtime.edge.forwarded import PROXIES_KEY
from gateway_runtime.edge.protocol import LANE_KEY
from gateway_runtime.lane import Lane
from gateway_runtime.process import DataPlane
from gateway_runtime.tls.certificates import CERTIFICATES_KEY


class Application:
    """Starts the data plane with the server and hands it the requests."""

    def __init__(self) -> None:
        self._plane: DataPlane | None = None
        self._gateway: Any = None
        self._sockets: Any = None

    def http(self, scope: Any, receive: Any, send: Any) -> Any:
        return self._gateway(scope, receive, send)

    def websocket(self, scope: Any, receive: Any, send: Any) -> Any:
        return self._sockets(scope, receive, send)

    async def lifespan(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        environment = read_environment(os.environ)
        self._plane = DataPlane(environment)
        self._gateway, self._sockets = self._plane.gateway, self._plane.sockets
        if environment.fast_lane and "state" in scope:
            scope["state"][LANE_KEY] = Lane(self._gateway, asyncio.get_running_loop())
        if environment.trusted_proxies and "state" in scope:
            scope["state"][PROXIES_KEY] = TrustedProxies(environment.trusted_proxies)
        if environment.proxy_protocol and "state" in scope:
            scope["state"][ANNOUNCERS_KEY] = TrustedProxies(environment.proxy_protocol)
        await self._plane.start()
        if "state" in scope:
            scope["state"][CERTIFICATES_KEY] = self._plane.certificates
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._plane.stop()
        await send({"type": "lifespan.shutdown.complete"})


_plane = Application()
application = ProtocolTypeRouter({"http": _plane.http, "websocket": _plane.websocket, "lifespan": _plane.lifespan})
