"""Trust stores: what stands here for the addresses in S3 that mutual TLS of custom domain names names."""

from __future__ import annotations

import re

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, LimitExceededException, NotFoundException
from apps.control_plane.gatehouse.certificates import expiry_warnings
from apps.control_plane.registry import Shape, operation
from apps.deployments import publisher
from apps.domain_names.certificates import names_trusting
from apps.domain_names.models import Truststore

MAX_TRUSTSTORES = 100
MAX_CERTIFICATES = 1_000
MAX_BYTES = 1_024 * 1_024
_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.{1,1024}")


@operation("PutTruststore", "gatehouse")
def put_truststore(caller: Caller, request: Shape) -> Shape:
    """Say whom a trust store trusts; names that have it let in nobody else from now on."""
    uri, version, text = request["truststoreUri"], request.get("truststoreVersion") or "", request["certificates"]
    if not _URI.fullmatch(uri):
        raise BadRequestException("Invalid truststore URI. It must be of the form s3://bucket-name/key-name")
    authorities = read_authorities(text)
    mine = Truststore.objects.filter(account_id=caller.account_id)
    if not mine.filter(uri=uri, version=version).exists() and mine.count() >= MAX_TRUSTSTORES:
        raise LimitExceededException(f"An account can have at most {MAX_TRUSTSTORES} trust stores.")
    row, _ = Truststore.objects.update_or_create(
        account_id=caller.account_id, uri=uri, version=version, defaults={"certificates": _bundle(authorities)}
    )
    for name in names_trusting(row):
        publisher.publish_domain_name(name)
    return truststore_shape(row)


@operation("GetTruststore", "gatehouse")
def get_truststore(caller: Caller, request: Shape) -> Shape:
    """One trust store."""
    return truststore_shape(find_truststore(caller, request))


@operation("ListTruststores", "gatehouse")
def list_truststores(caller: Caller, request: Shape) -> Shape:
    """All of the account, by address."""
    rows = Truststore.objects.filter(account_id=caller.account_id).order_by("uri", "version")
    return {"items": [truststore_shape(row) for row in rows]}


@operation("DeleteTruststore", "gatehouse")
def delete_truststore(caller: Caller, request: Shape) -> Shape:
    """Delete a trust store that no name has."""
    row = find_truststore(caller, request)
    used = [name.name for name in names_trusting(row)]
    if used:
        raise ConflictException(f"Trust store {row.uri} is in use by {', '.join(used)}.")
    row.delete()
    return {}


def find_truststore(caller: Caller, request: Shape) -> Truststore:
    """A trust store of the caller's account, which is that of all its regions; raises NotFoundException."""
    mine = Truststore.objects.filter(account_id=caller.account_id, uri=request["truststoreUri"])
    row = mine.filter(version=request.get("truststoreVersion") or "").first()
    if row is None:
        raise NotFoundException("Invalid truststore specified")
    return row


def read_authorities(text: str) -> list[x509.Certificate]:
    """The certificates of a bundle (PEM); raises BadRequestException for none, too many, or what is no certificate."""
    if len(text) > MAX_BYTES:
        raise BadRequestException("A truststore can have at most 1 MB.")
    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise BadRequestException("Invalid truststore. It must be PEM-encoded certificates") from error
    if len(found) > MAX_CERTIFICATES:
        raise BadRequestException(f"A truststore can have at most {MAX_CERTIFICATES} certificates.")
    return found


def truststore_warnings(authorities: list[x509.Certificate]) -> list[str]:
    """Certificates by which some clients may not get in."""
    return [
        f"Certificate {found.subject.rfc4514_string()}: {warning}"
        for found in authorities
        for warning in expiry_warnings(found)
    ]


def truststore_shape(row: Truststore) -> Shape:
    """The Truststore of `service-2.json`."""
    authorities = x509.load_pem_x509_certificates(row.certificates.encode())
    shape: Shape = {
        "truststoreUri": row.uri,
        "authorities": [
            {
                "subject": found.subject.rfc4514_string(),
                "issuer": found.issuer.rfc4514_string(),
                "expirationDate": found.not_valid_after_utc,
            }
            for found in authorities
        ],
        "lastUpdatedDate": row.updated,
        "usedBy": [name.name for name in names_trusting(row)],
        "warnings": truststore_warnings(authorities),
    }
    return {**shape, "truststoreVersion": row.version} if row.version else shape


def _bundle(authorities: list[x509.Certificate]) -> str:
    """The certificates alone, without what stood between them."""
    return "".join(found.public_bytes(Encoding.PEM).decode() for found in authorities)
