"""Load balancers and proxies that the operator trusts: whom they speak for, and how the caller came to them.

What anybody else says of itself in `X-Forwarded-…` is forwarded, and never believed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

from apps.core.environment import Network
from apps.core.ip_addresses import IpAddress, unmapped

Headers = list[tuple[bytes, bytes]]

_FOR, _PROTO = b"x-forwarded-for", b"x-forwarded-proto"
_SCHEMES = {b"http": "http", b"https": "https"}


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

    def rewrite(self, scope: MutableMapping[str, Any]) -> None:
        """The same of a request or of a WebSocket's handshake, in its scope."""
        client = scope.get("client")
        if client is None or not self.trusts(client[0]):
            return
        scheme = next((value for name, value in scope["headers"] if name == _PROTO), b"")
        caller, scope["headers"] = self.caller(client[0], list(scope["headers"]))
        scope["client"] = (caller, 0)
        if scheme in _SCHEMES:
            socket = scope["type"] == "websocket"
            scope["scheme"] = _SCHEMES[scheme].replace("http", "ws") if socket else _SCHEMES[scheme]


def _node(entry: bytes) -> str | None:
    """The address in an entry of `X-Forwarded-For`, which may have a port or brackets; None where there is none."""
    text = entry.decode("latin-1").strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    address = _address(text)
    return None if address is None else str(address)


def _address(text: str) -> IpAddress | None:
    try:
        return unmapped(ipaddress.ip_address(text))
    except ValueError:
        return None
