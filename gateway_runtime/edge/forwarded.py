"""Load balancers and proxies in front of the gateway that the operator trusts: whom they speak for, and how the caller came to them.

What anybody else says of itself in `X-Forwarded-…` is forwarded, and never believed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import MutableMapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from apps.core.environment import Network
from gateway_runtime.edge.canonical import CanonicalRequest, Headers
from gateway_runtime.edge.turn import Turn

if TYPE_CHECKING:
    from gateway_runtime.edge.protocol import EdgeProtocol
    from gateway_runtime.exchange import Entrance

PROXIES_KEY = "gatehouse.proxies"
"""Of the server's state: the `TrustedProxies`, where there are any."""

_FOR, _PROTO, _PORT = b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-port"
_SCHEMES = {b"http": "http", b"https": "https"}
_PORTS = {"http": 80, "https": 443}


class TrustedProxies:
    """The networks whose addresses may speak for others."""

    def __init__(self, networks: tuple[Network, ...]) -> None:
        self._networks = networks
        self.trusts = lru_cache(maxsize=4096)(self._trusts)

    def _trusts(self, text: str) -> bool:
        """Whether an address is one of theirs."""
        address = _address(text)
        return address is not None and any(address in network for network in self._networks)

    def caller(self, peer: str, headers: Headers) -> tuple[str, Headers]:
        """Who called a trusted peer, and the headers without what the proxies have added to `X-Forwarded-For`.

        Read from its end, the first address there that is nobody's of theirs is the caller's; what stands before it the caller
        has written itself. Where something is no address, the proxy that passed it on is as far as can be known.
        """
        entries = [entry.strip() for name, value in headers if name == _FOR for entry in value.split(b",")]
        caller = peer
        while entries and self.trusts(caller):
            known = _node(entries[-1])
            if known is None:
                break
            entries.pop()
            caller = known
        kept = [header for header in headers if header[0] != _FOR]
        if entries:
            kept.append((_FOR, b", ".join(entries)))
        return caller, kept

    def seen_by(self, request: CanonicalRequest) -> CanonicalRequest:
        """A request of a trusted peer as if its caller had made it here."""
        caller, headers = self.caller(request.client_ip, request.headers)
        return request.with_headers(headers)._replace(client_ip=caller)

    def rewrite(self, scope: MutableMapping[str, Any]) -> None:
        """The same of a WebSocket's handshake, in its scope."""
        client = scope.get("client")
        if client is None or not self.trusts(client[0]):
            return
        scheme = next((value for name, value in scope["headers"] if name == _PROTO), b"")
        caller, scope["headers"] = self.caller(client[0], list(scope["headers"]))
        scope["client"] = (caller, 0)
        if scheme in _SCHEMES:
            scope["scheme"] = "wss" if scheme == b"https" else "ws"


class ForwardedTurn(Turn):
    """A turn on a connection of a trusted proxy: caller, scheme and port are those that the proxy tells."""

    def __init__(self, protocol: EdgeProtocol, request: CanonicalRequest) -> None:
        assert protocol.proxies is not None
        super().__init__(protocol, protocol.proxies.seen_by(request))
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


def _node(entry: bytes) -> str | None:
    """The address in an entry of `X-Forwarded-For`, which may have a port or brackets; None where there is none."""
    text = entry.decode("latin-1").strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    address = _address(text)
    return None if address is None else str(address)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if address.version == 6 else None
    return mapped or address
