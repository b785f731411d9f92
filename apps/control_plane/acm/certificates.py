"""Certificates as Certificate Manager shows them. Bringing and deleting one is done by the operations of `gatehouse`."""

from __future__ import annotations

import re
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID
from django.utils import timezone

from apps.control_plane.acm.errors import InvalidParameterException, in_acms_words
from apps.control_plane.acm.finding import find_certificate
from apps.control_plane.acm.tags import put_tags
from apps.control_plane.caller import Caller
from apps.control_plane.errors import NotImplementedException
from apps.control_plane.gatehouse import certificates as ours
from apps.control_plane.registry import Shape, operation
from apps.control_plane.wire.errors import ValidationException
from apps.domain_names.certificates import names_showing
from apps.domain_names.models import Certificate, DomainName

# Of keys that a list is not asked for by their types, these alone are shown.
_LISTED_KEYS = ("RSA_1024", "RSA_2048")
_KEY_USAGES = {
    "digital_signature": "DIGITAL_SIGNATURE", "content_commitment": "NON_REPUDIATION", "key_encipherment": "KEY_ENCIPHERMENT",
    "data_encipherment": "DATA_ENCIPHERMENT", "key_agreement": "KEY_AGREEMENT", "key_cert_sign": "CERTIFICATE_SIGNING",
    "crl_sign": "CRL_SIGNING",
}  # fmt: skip
_MOST_LISTED = 1_000
_MOST_SUMMARISED = 100


@operation("ImportCertificate", service="acm")
def import_certificate(caller: Caller, request: Shape) -> Shape:
    """Keep a certificate that is brought, or renew the one of an ARN."""
    if request.get("CertificateArn") and request.get("Tags"):
        raise InvalidParameterException("Tags cannot be given when a certificate is imported again.")
    members = {
        "certificateArn": request.get("CertificateArn"),
        "certificateBody": _text(request, "Certificate"),
        "certificatePrivateKey": _text(request, "PrivateKey"),
        "certificateChain": _text(request, "CertificateChain"),
    }
    if request.get("CertificateArn"):
        find_certificate(caller, request["CertificateArn"])
    with in_acms_words():
        made = ours.import_certificate(caller, {name: value for name, value in members.items() if value})
    put_tags(caller, made["certificateArn"], request.get("Tags") or ())
    return {"CertificateArn": made["certificateArn"]}


@operation("DescribeCertificate", service="acm")
def describe_certificate(caller: Caller, request: Shape) -> Shape:
    """What one certificate says of itself, and who shows it."""
    row = find_certificate(caller, request["CertificateArn"])
    found = x509.load_pem_x509_certificate(row.body.encode())
    return {
        "Certificate": {
            **_common(row, found),
            "SubjectAlternativeNames": ours.names_of(found),
            "Serial": ":".join(re.findall("..", f"{found.serial_number:0{_even(found.serial_number)}x}")),
            "Subject": found.subject.rfc4514_string(),
            "Issuer": _first(found.issuer, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME),
            "SignatureAlgorithm": _signature_algorithm(found),
            "InUseBy": [name.arn for name in names_showing(row)],
            "KeyUsages": [{"Name": name} for name in _key_usages(found)],
            "Options": {"CertificateTransparencyLoggingPreference": "DISABLED"},
        }
    }


@operation("GetCertificate", service="acm")
def get_certificate(caller: Caller, request: Shape) -> Shape:
    """A certificate and its chain; its private key never leaves."""
    row = find_certificate(caller, request["CertificateArn"])
    return {"Certificate": row.body, **({"CertificateChain": row.chain} if row.chain else {})}


@operation("ListCertificates", service="acm")
def list_certificates(caller: Caller, request: Shape) -> Shape:
    """A page of the account's certificates in the region, of the types of keys and the statuses that are asked for."""
    _check_filters(request)
    rows = Certificate.objects.filter(account_id=caller.account_id, region=caller.region).defer("private_key")
    keys = (request.get("Includes") or {}).get("keyTypes") or _LISTED_KEYS
    statuses = request.get("CertificateStatuses")
    shown = _arns_shown(caller)
    summaries = [_summary(row, shown) for row in rows.order_by("-pk" if _newest_first(request) else "pk")]
    wanted = [
        summary
        for summary in summaries
        if summary["KeyAlgorithm"].replace("-", "_") in keys and (not statuses or summary["Status"] in statuses)
    ]
    return _page(wanted, request)


@operation("DeleteCertificate", service="acm")
def delete_certificate(caller: Caller, request: Shape) -> Shape:
    """Delete a certificate that no name shows, with its tags."""
    arn = find_certificate(caller, request["CertificateArn"]).arn
    with in_acms_words():
        ours.delete_certificate(caller, {"certificateArn": arn})
    return {}


def _text(request: Shape, member: str) -> str:
    try:
        text: str = request.get(member, b"").decode("ascii")
    except UnicodeDecodeError:
        raise ValidationException(f"The member {member} is no PEM.") from None
    return text


def _common(row: Certificate, found: x509.Certificate) -> dict[str, Any]:
    """What a list and a description have both."""
    names = ours.names_of(found)
    expired = found.not_valid_after_utc <= timezone.now()
    return {
        "CertificateArn": row.arn,
        "DomainName": names[0] if names else _first(found.subject, NameOID.COMMON_NAME),
        "Status": "EXPIRED" if expired else "ISSUED",
        "Type": "IMPORTED",
        "KeyAlgorithm": ours.key_algorithm(found).replace("_", "-"),
        "RenewalEligibility": "INELIGIBLE",
        "NotBefore": found.not_valid_before_utc,
        "NotAfter": found.not_valid_after_utc,
        "CreatedAt": row.imported,
        "ImportedAt": row.imported,
    }


def _summary(row: Certificate, shown: set[str]) -> dict[str, Any]:
    found = x509.load_pem_x509_certificate(row.body.encode())
    names = ours.names_of(found)
    return {
        **_common(row, found),
        "SubjectAlternativeNameSummaries": names[:_MOST_SUMMARISED],
        "HasAdditionalSubjectAlternativeNames": len(names) > _MOST_SUMMARISED,
        "KeyUsages": _key_usages(found),
        "InUse": row.arn in shown,
    }


def _arns_shown(caller: Caller) -> set[str]:
    """The ARNs that the account's names have, in whatever region."""
    rows = DomainName.objects.filter(account_id=caller.account_id)
    return {arn for pair in rows.values_list("certificate_arn", "regional_certificate_arn") for arn in pair if arn}


def _check_filters(request: Shape) -> None:
    """What is not built says so: a list that leaves a filter out would be a wrong one."""
    unknown = sorted((request.get("Includes") or {}).keys() - {"keyTypes"})
    if request.get("CertificateKeyPairOrigins"):
        unknown.append("CertificateKeyPairOrigins")
    if unknown:
        raise NotImplementedException(f"ListCertificates is not implemented with {', '.join(unknown)}.")


def _newest_first(request: Shape) -> bool:
    return request.get("SortOrder") == "DESCENDING"


def _page(items: list[dict[str, Any]], request: Shape) -> Shape:
    """A token is the ARN of the last certificate that was shown."""
    token, start = request.get("NextToken"), 0
    if token:
        arns = [item["CertificateArn"] for item in items]
        if token not in arns:
            raise ValidationException("The token is not valid.")
        start = arns.index(token) + 1
    end = start + int(request.get("MaxItems") or _MOST_LISTED)
    page: Shape = {"CertificateSummaryList": items[start:end]}
    return {**page, "NextToken": items[end - 1]["CertificateArn"]} if end < len(items) else page


def _first(name: x509.Name, *kinds: x509.ObjectIdentifier) -> str:
    return next((str(part.value) for kind in kinds for part in name.get_attributes_for_oid(kind)), "")


def _even(number: int) -> int:
    """The digits that whole bytes of a number have."""
    return max(2, (number.bit_length() + 7) // 8 * 2)


def _signature_algorithm(found: x509.Certificate) -> str:
    digest = found.signature_hash_algorithm
    kind = "ECDSA" if "ecdsa" in found.signature_algorithm_oid._name.lower() else "RSA"
    return f"{'' if digest is None else digest.name.upper()}WITH{kind}"


def _key_usages(found: x509.Certificate) -> list[str]:
    try:
        usage = found.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return ["ANY"]
    return [name for member, name in _KEY_USAGES.items() if getattr(usage, member)]
