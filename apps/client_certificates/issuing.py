"""Making the certificates: RSA, valid for a year, signed by themselves, as API Gateway's are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALIDITY = timedelta(days=365)
_KEY_BITS = 2048
_NAME = x509.Name(
    [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Gatehouse"),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "API Gateway"),
        x509.NameAttribute(NameOID.COMMON_NAME, "ApiGateway"),
    ]
)


class Issued(NamedTuple):
    """A certificate and its private key, both PEM, and the moment at which the certificate ends."""

    certificate: str
    private_key: str
    expires: datetime


def issue(now: datetime) -> Issued:
    """A new key pair and its certificate, valid from `now` (whole seconds) for `VALIDITY`."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    expires = now + VALIDITY
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(expires)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Issued(certificate.public_bytes(Encoding.PEM).decode(), private.decode(), expires)
