"""Where requests go: the key of the connection pool."""

from __future__ import annotations

import hashlib
from typing import NamedTuple
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


class ClientIdentity:
    """A certificate and its private key (PEM) that are shown to a back end. Equal ones share connections; none prints its key."""

    __slots__ = ("_digest", "certificate", "private_key")

    def __init__(self, certificate: str, private_key: str) -> None:
        self.certificate = certificate
        self.private_key = private_key
        self._digest = hashlib.sha256(f"{certificate}\0{private_key}".encode()).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClientIdentity) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def __repr__(self) -> str:
        return "ClientIdentity(***)"


class Origin(NamedTuple):
    """Scheme, host and port of an integration. `verify` off accepts any certificate (insecureSkipVerification);
    `server_name` overrides the name expected in the certificate and sent by SNI (tlsConfig.serverNameToVerify).
    `identity` is what the client shows of itself, `named` the Host header where host and port are another's (a load balancer's)."""

    scheme: str
    host: str
    port: int
    verify: bool = True
    server_name: str | None = None
    identity: ClientIdentity | None = None
    named: str | None = None

    @property
    def authority(self) -> bytes:
        """The Host header: without the scheme's own port."""
        if self.named is not None:
            return self.named.encode("ascii")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}").encode("ascii")


def parse_origin(url: str, *, verify: bool = True, server_name: str | None = None) -> tuple[Origin, str]:
    """An absolute http or https URL as its origin and its request target. Raises ValueError."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise ValueError("an integration URL is http(s)://host[:port]/path")
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    port = _PORTS[scheme] if parts.port is None else parts.port
    if not 0 < port <= 65_535:
        raise ValueError("port out of range")
    target = parts.path or "/"
    if parts.query:
        target = f"{target}?{parts.query}"
    return Origin(scheme, host, port, verify, server_name), target
