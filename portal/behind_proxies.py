"""Who calls the portal, and by which scheme, where a proxy that the operator trusts stands before it.

Django compares the `Origin` of a form with the scheme and the name by which it was asked. Behind a proxy with TLS every request is plain, so that without this only
the installation's own public address would be trusted; with it, every name that `GATEHOUSE_ALLOWED_HOSTS` lets in is an origin of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from apps.core.environment import Network
from apps.core.trusted_proxies import TrustedProxies

Application = Callable[[Any, Any, Any], Awaitable[None]]


class BehindProxies:
    """The ASGI application as callers of trusted proxies reach it. Nobody else is believed."""

    def __init__(self, application: Application, networks: tuple[Network, ...]) -> None:
        self._application = application
        self._proxies = TrustedProxies(networks)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in {"http", "websocket"}:
            scope = {**scope}
            self._proxies.rewrite(scope)
        await self._application(scope, receive, send)
