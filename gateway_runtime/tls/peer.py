"""Who is at the other end of a TLS connection: the name it asked for, and the certificate it showed."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from typing import Any

from cryptography import x509

from gateway_runtime.errors import forbidden
from gateway_runtime.tls.asking import AskedCaller

logger = logging.getLogger("gateway_runtime.tls")

TLS_KEY = "gatehouse.tls"
"""Of a scope's `state`: the `TlsPeer` of the connection."""


class TlsPeer:
    """`trust` names the trust store that the caller's certificate was held against, "" where none was asked for.

    One that is not trusted counts as ended: `expires_at` is 0. Else it is when that certificate ends (seconds since the epoch), `identity` what `$context.identity` has of it. `version` and
    `cipher` are what the handshake settled, `TLSv1.3` and `TLS_AES_256_GCM_SHA384`.
    """

    __slots__ = ("cipher", "expires_at", "identity", "server_name", "trust", "version")

    def __init__(self, server_name: str, trust: str) -> None:
        self.server_name = server_name
        self.trust = trust
        self.expires_at = 0.0
        self.identity: dict[str, str] = {}
        self.version: str | None = None
        self.cipher: str | None = None

    def read(self, transport: asyncio.BaseTransport) -> None:
        """Take in what the handshake has settled by its end, and what the caller has shown."""
        handshake: ssl.SSLObject | AskedCaller = transport.get_extra_info("ssl_object")
        cipher = handshake.cipher()
        self.version, self.cipher = handshake.version(), cipher[0] if cipher else None
        if not isinstance(handshake, AskedCaller):
            return  # nothing was asked for
        certificate = handshake.getpeercert(binary_form=True)
        if handshake.refusal or certificate is None:
            logger.info("a caller of %s is refused: %s", self.server_name, handshake.refusal)
            return
        shown = x509.load_der_x509_certificate(certificate)
        serial = f"{shown.serial_number:x}"
        serial = serial.zfill(len(serial) + len(serial) % 2)
        self.expires_at = shown.not_valid_after_utc.timestamp()
        self.identity = {
            "clientCert.clientCertPem": ssl.DER_cert_to_PEM_cert(certificate),
            "clientCert.subjectDN": shown.subject.rfc4514_string(),
            "clientCert.issuerDN": shown.issuer.rfc4514_string(),
            "clientCert.serialNumber": ":".join(serial[at : at + 2] for at in range(0, len(serial), 2)),
            "clientCert.validity.notBefore": f"{shown.not_valid_before_utc:%b %e %H:%M:%S %Y} GMT",
            "clientCert.validity.notAfter": f"{shown.not_valid_after_utc:%b %e %H:%M:%S %Y} GMT",
        }

    def verified_by(self, trust: str, now: float) -> bool:
        """Whether the caller has shown a certificate that this trust store vouches for, and that has not ended since."""
        return bool(trust) and self.trust == trust and now < self.expires_at


def peer_of(scope: Mapping[str, Any]) -> TlsPeer | None:
    """The caller of a request or a WebSocket; None without TLS."""
    state = scope.get("state")
    return None if state is None else state.get(TLS_KEY)


def verified_identity(scope: Mapping[str, Any], trust: str, now: float) -> dict[str, str]:
    """`$context.identity` of a caller whose certificate the trust store vouches for, whatever name the connection was opened for.

    Raises AWS's 403 for everybody else: without TLS, without a certificate, or with one that was good for another trust store.
    """
    peer = peer_of(scope)
    if peer is None or not peer.verified_by(trust, now):
        raise forbidden()
    return peer.identity
