"""Which handshake a name gets: that of its custom domain name, else the gateway's own."""

from __future__ import annotations

from gateway_runtime.snapshot.snapshot import Current
from gateway_runtime.tls.contexts import Handshake

CERTIFICATES_KEY = "gatehouse.certificates"
"""Of the state that an application leaves at its start: the `Certificates` of the names it serves."""


class Certificates:
    """Finds handshakes in the snapshot that is current. `own_hosts` are never custom domain names."""

    def __init__(self, current: Current, own_hosts: frozenset[str] = frozenset()) -> None:
        self._current = current
        self._own_hosts = own_hosts

    @property
    def version(self) -> object:
        """Another object whenever a custom domain name may have changed."""
        return self._current.snapshot.domains

    def find(self, name: str) -> Handshake | None:
        """The handshake of a custom domain name in lower case; None for any other name, and for one without a certificate."""
        domain = None if name in self._own_hosts else self._current.snapshot.domains.find(name)
        return None if domain is None else domain.handshake

    def trust(self, name: str) -> str:
        """The trust store that callers of a name are verified by now; "" where they show no certificate."""
        handshake = self.find(name)
        return "" if handshake is None else handshake.trust
