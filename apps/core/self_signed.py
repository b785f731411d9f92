"""Certificates that sign themselves: for development, and until somebody brings a better one."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LONGEST_COMMON_NAME = 64
_SKEW = timedelta(minutes=5)  # of clocks that are behind


class SelfSigned(NamedTuple):
    """A certificate and its private key, both PEM."""

    certificate: str
    private_key: str


def self_signed(names: Sequence[str], now: datetime, lifetime: timedelta) -> SelfSigned:
    """A server's certificate for host names (perhaps `*.` ones) and addresses, valid from `now`; its key is one of P-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    issued_by = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Gatehouse"),
            x509.NameAttribute(NameOID.COMMON_NAME, names[0][:_LONGEST_COMMON_NAME]),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(issued_by)
        .issuer_name(issued_by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return SelfSigned(certificate.public_bytes(Encoding.PEM).decode(), private_key.decode())


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
