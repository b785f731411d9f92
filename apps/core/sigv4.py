"""AWS Signature Version 4, the side that verifies, and 4A for who takes it.

Both planes use it: the control plane for `apigateway`, the data plane for `execute-api`. A request is read in two
steps, because the secret lies behind a look-up that this module must not know:

    signature = read_signature(request)                  # what the caller claims
    secret = ...                                         # of signature.access_key_id
    verify(request, signature, secret, service="apigateway", now=now)

Everything is computed from the bytes that came over the wire; nothing is decoded before it is verified. Times are UTC.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from apps.core import sigv4a
from apps.core.signed_request import SignedRequest, canonical_request, query_pairs
from apps.core.sigv4_errors import (
    SignatureError,
    date_in_wrong_format,
    expired,
    header_incomplete,
    header_malformed,
    host_not_signed,
    malformed_credential,
    mismatch,
    missing_token,
    not_yet_current,
    query_incomplete,
    region_set_missing,
    scope_error,
    unsupported_algorithm,
)

__all__ = ["Signature", "SignatureError", "SignedRequest", "Verified", "query_pairs", "read_signature", "verify"]

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
CLOCK_SKEW = timedelta(minutes=5)
LONGEST_PRESIGNED = timedelta(days=7)

_REGION = re.compile(r"[a-z]{2}(?:-[a-z]{2,20}){1,3}-[0-9]{1,2}", re.ASCII)
_BASIC_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,7}", re.ASCII)
_HEADER_FIELDS = ("Credential", "Signature", "SignedHeaders")
_QUERY_FIELDS = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request claims about itself; nothing of it is true before `verify`."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    digest: str
    signed_at: datetime
    lifetime: timedelta | None
    """How long a presigned URL holds; None when the signature is in the Authorization header."""
    security_token: str | None
    region_set: str | None = None
    """The regions that a signature of Version 4A is for, as it names them; then `region` is empty."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Who signed, and for which region and service."""

    access_key_id: str
    region: str
    service: str
    signed_at: datetime
    presigned: bool


def read_signature(request: SignedRequest, *, asymmetric: bool = False) -> Signature:
    """The signature of a request, from its Authorization header or its query string. `asymmetric` takes Version 4A as well.

    Raises `SignatureError` with AWS's code and words when there is none or when it cannot be understood.
    """
    authorization = request.header_values(b"authorization")
    if authorization:
        return _from_header(request, b",".join(authorization).decode("latin-1"), asymmetric)
    query = _query_fields(request.raw_query)
    if "X-Amz-Algorithm" in query or "X-Amz-Signature" in query:
        return _from_query(query, asymmetric)
    raise missing_token()


def verify(request: SignedRequest, signature: Signature, secret: str, *, service: str, now: datetime) -> Verified:
    """Check scope, date and digest. Raises `SignatureError` with AWS's code and words; returns who signed. Whether the region, or
    the set of regions, is the right one is for who asks."""
    if signature.region_set is None and not _REGION.fullmatch(signature.region):
        raise scope_error("Credential should be scoped to a valid region.")
    if signature.service != service:
        raise scope_error(f"Credential should be scoped to correct service: '{service}'.")
    _check_date(signature, now)
    if "host" not in signature.signed_headers:
        raise host_not_signed()

    canonical = canonical_request(request, signature.signed_headers, presigned=signature.lifetime is not None)
    if canonical is None:
        raise mismatch()
    text = _string_to_sign(signature, canonical)
    if not _is_signed(text, signature, secret):
        raise mismatch(canonical, text)
    return Verified(
        signature.access_key_id,
        signature.region,
        signature.service,
        signature.signed_at,
        signature.lifetime is not None,
    )


# Reading ------------------------------------------------------------------------------------------------------------


def _from_header(request: SignedRequest, authorization: str, asymmetric: bool) -> Signature:
    algorithm, _, rest = authorization.strip().partition(" ")
    if not algorithm.startswith("AWS4-"):
        raise header_malformed(authorization)
    of_4a = _is_4a(algorithm, asymmetric)
    fields: dict[str, str] = {}
    for part in rest.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or name in fields:
            raise header_malformed(authorization)
        fields[name] = value
    date = request.only_header(b"x-amz-date") or request.only_header(b"date")
    missing = [field for field in _HEADER_FIELDS if not fields.get(field)]
    if missing or not date:
        raise header_incomplete(missing, date_missing=not date, authorization=authorization)
    return _signature(
        credential=fields["Credential"],
        signed_headers=fields["SignedHeaders"],
        digest=fields["Signature"],
        date=date,
        lifetime=None,
        security_token=request.only_header(b"x-amz-security-token"),
        region_set=_signed_region_set(request, fields["SignedHeaders"]) if of_4a else None,
    )


def _is_4a(algorithm: str, asymmetric: bool) -> bool:
    if algorithm == ALGORITHM:
        return False
    if asymmetric and algorithm == sigv4a.ALGORITHM:
        return True
    raise unsupported_algorithm(algorithm)


def _signed_region_set(request: SignedRequest, signed_headers: str) -> str:
    found = request.only_header(sigv4a.REGION_SET.lower().encode())
    if not found or sigv4a.REGION_SET.lower() not in signed_headers.split(";"):
        raise region_set_missing()
    return found


def _from_query(query: dict[str, list[str]], asymmetric: bool) -> Signature:
    missing = [field for field in _QUERY_FIELDS if len(query.get(field, [])) != 1]
    if missing:
        raise query_incomplete(missing)
    of_4a = _is_4a(query["X-Amz-Algorithm"][0], asymmetric)
    if of_4a and len(query.get(sigv4a.REGION_SET, [])) != 1:
        raise query_incomplete([sigv4a.REGION_SET])
    return _signature(
        credential=query["X-Amz-Credential"][0],
        signed_headers=query["X-Amz-SignedHeaders"][0],
        digest=query["X-Amz-Signature"][0],
        date=query["X-Amz-Date"][0],
        lifetime=_lifetime(query.get("X-Amz-Expires", [])),
        security_token=next(iter(query.get("X-Amz-Security-Token", [])), None),
        region_set=query[sigv4a.REGION_SET][0] if of_4a else None,
    )


def _signature(
    *,
    credential: str,
    signed_headers: str,
    digest: str,
    date: str,
    lifetime: timedelta | None,
    security_token: str | None,
    region_set: str | None,
) -> Signature:
    parts = credential.split("/")
    if region_set is not None:
        if len(parts) != 4:
            raise malformed_credential(credential, "keyid/date/service/term")
        parts.insert(2, "")
    if len(parts) != 5:
        raise malformed_credential(credential)
    access_key_id, scope_date, region, service, terminator = parts
    if terminator != TERMINATOR:
        raise scope_error(f"Credential should be scoped with a valid terminator: '{TERMINATOR}'.")
    signed_at = _read_date(date)
    stamp = _stamp(signed_at)
    if scope_date != stamp[:8]:
        raise scope_error(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{scope_date}' != '{stamp[:8]}', from '{stamp}'."
        )
    return Signature(
        access_key_id,
        scope_date,
        region,
        service,
        tuple(signed_headers.split(";")),
        digest,
        signed_at,
        lifetime,
        security_token,
        region_set,
    )


def _lifetime(values: list[str]) -> timedelta:
    if len(values) != 1 or not _SECONDS.fullmatch(values[0]):
        raise query_incomplete(["X-Amz-Expires"])
    lifetime = timedelta(seconds=int(values[0]))
    if not timedelta(0) < lifetime <= LONGEST_PRESIGNED:
        raise query_incomplete(["X-Amz-Expires"])
    return lifetime


def _read_date(text: str) -> datetime:
    """A date in ISO 8601's basic format or, as the Date header has it, in that of HTTP."""
    try:
        if _BASIC_DATE.fullmatch(text):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        date = parsedate_to_datetime(text)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise date_in_wrong_format(text) from None


def _query_fields(raw_query: bytes) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in query_pairs(raw_query):
        fields.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return fields


# Verifying ----------------------------------------------------------------------------------------------------------


def _check_date(signature: Signature, now: datetime) -> None:
    lifetime = signature.lifetime or CLOCK_SKEW
    if signature.signed_at < now - lifetime:
        raise expired(_stamp(signature.signed_at), _stamp(now - lifetime), _stamp(now), lifetime)
    if signature.signed_at > now + CLOCK_SKEW:
        raise not_yet_current(_stamp(signature.signed_at), _stamp(now + CLOCK_SKEW), _stamp(now), CLOCK_SKEW)


def _stamp(date: datetime) -> str:
    return date.strftime("%Y%m%dT%H%M%SZ")


def _string_to_sign(signature: Signature, canonical: bytes) -> str:
    algorithm, region = ALGORITHM, f"{signature.region}/"
    if signature.region_set is not None:
        algorithm, region = sigv4a.ALGORITHM, ""
    scope = f"{signature.date}/{region}{signature.service}/{TERMINATOR}"
    return "\n".join((algorithm, _stamp(signature.signed_at), scope, hashlib.sha256(canonical).hexdigest()))


def _is_signed(text: str, signature: Signature, secret: str) -> bool:
    if signature.region_set is not None:
        return sigv4a.is_signature_of(text.encode("latin-1"), signature.digest, signature.access_key_id, secret)
    key = signing_key(secret, signature.date, signature.region, signature.service)
    expected = hmac.digest(key, text.encode("latin-1"), "sha256").hex()
    return hmac.compare_digest(expected.encode(), signature.digest.encode("latin-1"))


@lru_cache(maxsize=1024)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The derived key. It holds for a day, region and service, so busy callers pay four HMACs once."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode("latin-1"), "sha256")
    return key
