"""A turn for whoever stands behind a trusted proxy: the operator's load balancers in front of the gateway speak for their callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.core.trusted_proxies import TrustedProxies
from gateway_runtime.edge.canonical import CanonicalRequest
from gateway_runtime.edge.known_heads import KnownHeads
from gateway_runtime.edge.turn import Turn

if TYPE_CHECKING:
    from gateway_runtime.edge.protocol import EdgeProtocol
    from gateway_runtime.exchange import Entrance

PROXIES_KEY = "gatehouse.proxies"
"""Of the server's state: the `TrustedProxies`, where there are any."""

_PROTO, _PORT = b"x-forwarded-proto", b"x-forwarded-port"
_SCHEMES = {b"http": "http", b"https": "https"}
_PORTS = {"http": 80, "https": 443}


class ForwardedHeads(KnownHeads):
    """Heads that came through trusted proxies before, as they are seen here: each with the caller that it names.

    Known are those whose caller no proxy is. That caller stands in the head itself, so that it is the same whichever of the
    proxies brings it again; nobody else's connection looks here.
    """

    def __init__(self, proxies: TrustedProxies) -> None:
        super().__init__()
        self._proxies = proxies

    def find(self, data: bytes, client_ip: str) -> CanonicalRequest | None:
        found = super().find(data, client_ip)
        if found is None or found.known is None:
            return None
        return found._replace(client_ip=found.known.client_ip)

    def learn(self, data: bytes, request: CanonicalRequest, names: list[bytes], length: int) -> None:
        if not self._proxies.trusts(request.client_ip):
            super().learn(data, request, names, length)


class ForwardedTurn(Turn):
    """A turn on a connection of a trusted proxy: caller, scheme and port are those that the proxy tells."""

    def __init__(self, protocol: EdgeProtocol, request: CanonicalRequest) -> None:
        assert protocol.proxies is not None
        super().__init__(protocol, _as_its_caller_made_it(protocol.proxies, request))
        self.entrance = entrance_of(request, protocol.entrance)


class KnownForwardedTurn(Turn):
    """The same of a head that is known: its request has been seen so before."""

    def __init__(self, protocol: EdgeProtocol, request: CanonicalRequest) -> None:
        super().__init__(protocol, request)
        self.entrance = entrance_of(request, protocol.entrance)


def entrance_of(request: CanonicalRequest, own: Entrance) -> Entrance:
    """Scheme and port as `X-Forwarded-Proto` and `-Port` have them, the connection's own where they have none or nonsense."""
    told = _SCHEMES.get(request.header(_PROTO) or b"")
    number = request.header(_PORT) or b""
    port = int(number) if number.isdigit() and len(number) <= 5 and 0 < int(number) < 65_536 else None
    scheme, server = own
    address = server[0] if server else ""
    if told is None:
        return scheme, (address, port or (server[1] if server else None))
    return told, (address, port or _PORTS[told])


def _as_its_caller_made_it(proxies: TrustedProxies, request: CanonicalRequest) -> CanonicalRequest:
    """A request of a trusted peer as if its caller had made it here."""
    caller, headers = proxies.caller(request.client_ip, request.headers)
    return request.with_headers(headers)._replace(client_ip=caller)
