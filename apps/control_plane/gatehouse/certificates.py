"""Certificates of custom domain names: brought, or made for development; known by ARNs as ACM's are."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.utils import timezone

from apps.accounts.models import Tag
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, LimitExceededException, NotFoundException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.domain_name_checks import check_certificate
from apps.core.secrets import Secret
from apps.core.self_signed import self_signed
from apps.deployments import publisher
from apps.domain_names.certificates import certificate_of, names_showing
from apps.domain_names.models import Certificate

MAX_CERTIFICATES = 500
MAX_NAMES = 100
SOON = timedelta(days=30)
# ACM's names of curves.
_CURVES = {"secp256r1": "EC_prime256v1", "secp384r1": "EC_secp384r1", "secp521r1": "EC_secp521r1"}
_LIFETIME = timedelta(days=397)
_NAME = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@operation("ImportCertificate", "gatehouse")
def import_certificate(caller: Caller, request: Shape) -> Shape:
    """Keep a certificate, or renew the one of an ARN; names that show it show the new one at once."""
    body, private_key = request["certificateBody"], request["certificatePrivateKey"]
    chain = request.get("certificateChain") or ""
    check_certificate(body, private_key, chain)
    _check_key(x509.load_pem_x509_certificate(body.encode()))
    row = find_certificate(caller, request["certificateArn"]) if request.get("certificateArn") else _new(caller)
    row.body, row.private_key, row.chain, row.imported = body, Secret(private_key), chain, timezone.now()
    row.save()
    for name in names_showing(row):
        publisher.publish_domain_name(name)
    return certificate_shape(row)


@operation("GenerateCertificate", "gatehouse")
def generate_certificate(caller: Caller, request: Shape) -> Shape:
    """A certificate that signs itself, valid for a year: clients have to be told to trust it."""
    names = [name.lower() for name in request["domainNames"]]
    if not 1 <= len(names) <= MAX_NAMES:
        raise BadRequestException(f"A certificate must have 1 to {MAX_NAMES} names.")
    for name in names:
        if len(name) > 253 or not _NAME.fullmatch(name):
            raise BadRequestException(f"Invalid domain name specified: {name[:64]}")
    made = self_signed(names, timezone.now(), _LIFETIME)
    row = _new(caller)
    row.body, row.private_key, row.imported = made.certificate, Secret(made.private_key), timezone.now()
    row.save()
    return certificate_shape(row)


@operation("GetCertificate", "gatehouse")
def get_certificate(caller: Caller, request: Shape) -> Shape:
    """One certificate; its private key never leaves."""
    return certificate_shape(find_certificate(caller, request["certificateArn"]))


@operation("ListCertificates", "gatehouse")
def list_certificates(caller: Caller, request: Shape) -> Shape:
    """All of the account in the region, oldest first."""
    rows = Certificate.objects.filter(account_id=caller.account_id, region=caller.region).defer("private_key")
    return {"items": [certificate_shape(row) for row in rows.order_by("pk")]}


@operation("DeleteCertificate", "gatehouse")
def delete_certificate(caller: Caller, request: Shape) -> Shape:
    """Delete a certificate that no name shows, with its tags."""
    row = find_certificate(caller, request["certificateArn"])
    used = [name.name for name in names_showing(row)]
    if used:
        raise ConflictException(f"Certificate {row.arn} is in use by {', '.join(used)}.")
    Tag.objects.filter(account_id=caller.account_id, arn=row.arn).delete()
    row.delete()
    return {}


def find_certificate(caller: Caller, arn: str) -> Certificate:
    """A certificate of the caller's region; raises NotFoundException."""
    row = certificate_of(caller.account_id, arn)
    if row is None or row.region != caller.region:
        raise NotFoundException("Invalid certificate ARN specified")
    return row


def certificate_shape(row: Certificate) -> Shape:
    """The Certificate of `service-2.json`."""
    found = x509.load_pem_x509_certificate(row.body.encode())
    shape: dict[str, Any] = {
        "certificateArn": row.arn,
        "domainNames": names_of(found),
        "subject": found.subject.rfc4514_string(),
        "issuer": found.issuer.rfc4514_string(),
        "serialNumber": f"{found.serial_number:x}",
        "keyAlgorithm": key_algorithm(found),
        "selfSigned": found.subject == found.issuer,
        "importedDate": row.imported,
        "validFrom": found.not_valid_before_utc,
        "expirationDate": found.not_valid_after_utc,
        "certificateBody": row.body,
        "certificateChain": row.chain or None,
        "usedBy": [name.name for name in names_showing(row)],
        "warnings": expiry_warnings(found),
    }
    return {name: value for name, value in shape.items() if value is not None}


def names_of(certificate: x509.Certificate) -> list[str]:
    """The hosts that a certificate is for."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [str(name) for name in names.get_values_for_type(x509.DNSName)]


def expiry_warnings(certificate: x509.Certificate) -> list[str]:
    """What is wrong with a certificate's time now, or will be within 30 days."""
    now, end = timezone.now(), certificate.not_valid_after_utc
    if end <= now:
        return [f"It expired on {end:%d %B %Y}."]
    if certificate.not_valid_before_utc > now:
        return [f"It is not valid before {certificate.not_valid_before_utc:%d %B %Y}."]
    if end - now <= SOON:
        return [f"It expires on {end:%d %B %Y}, in {(end - now).days} days."]
    return []


def _check_key(certificate: x509.Certificate) -> None:
    """Refuse what no client would accept, and TLS does not load."""
    key = certificate.public_key()
    strong = isinstance(key, rsa.RSAPublicKey) and 2048 <= key.key_size <= 8192
    if not strong and not (isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES):
        raise BadRequestException(
            "The key of a certificate must be RSA of 2048 to 8192 bits, or of the curves P-256 to P-521"
        )


def key_algorithm(certificate: x509.Certificate) -> str:
    """ACM's name of the kind of a certificate's key: `RSA_2048`, `EC_prime256v1`."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA_{key.key_size}"
    return _CURVES[key.curve.name] if isinstance(key, ec.EllipticCurvePublicKey) else type(key).__name__


def _new(caller: Caller) -> Certificate:
    known = Certificate.objects.filter(account_id=caller.account_id, region=caller.region)
    if known.count() >= MAX_CERTIFICATES:
        raise LimitExceededException(f"An account can have at most {MAX_CERTIFICATES} certificates in a region.")
    return Certificate(account_id=caller.account_id, region=caller.region)
