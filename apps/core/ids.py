"""Identifiers as API Gateway makes them: lower-case base 36, chosen at random."""

from __future__ import annotations

import base64
import hashlib
import secrets
import string
import uuid

_BASE36 = string.digits + string.ascii_lowercase
_LETTERS_AND_DIGITS = string.ascii_letters + string.digits
_BASE32 = string.ascii_uppercase + "234567"


def base36(length: int) -> str:
    """`length` random characters of `[0-9a-z]`."""
    return "".join(secrets.choice(_BASE36) for _ in range(length))


def rest_api_id() -> str:
    return base36(10)


def resource_id(*, root: bool = False) -> str:
    """AWS gives root resources ten characters and all others six."""
    return base36(10 if root else 6)


def deployment_id() -> str:
    return base36(6)


def api_id() -> str:
    """An HTTP or WebSocket API."""
    return base36(10)


def route_id() -> str:
    """A route or an integration of V2: AWS gives them seven characters."""
    return base36(7)


def v2_id() -> str:
    """Whatever else an HTTP or WebSocket API has."""
    return base36(6)


def usage_plan_id() -> str:
    return base36(6)


def api_key_id() -> str:
    return base36(10)


def certificate_id() -> str:
    """ACM's are UUIDs."""
    return str(uuid.uuid4())


def undo_id() -> str:
    """What somebody else's change is never undone by, were it not refused anyway."""
    return base36(24)


def client_certificate_id() -> str:
    return base36(6)


def vpc_link_id() -> str:
    return base36(6)


def domain_name_id() -> str:
    """What tells private domain names of the same name apart."""
    return base36(10)


def regional_domain_label() -> str:
    """The first label of the name that a regional endpoint has in DNS."""
    return f"d-{base36(10)}"


def distribution_label() -> str:
    """The first label of the name that an edge-optimized endpoint has in DNS."""
    return f"d{base36(13)}"


def api_key_value() -> str:
    """The secret a caller sends as `x-api-key`: forty letters and digits, as AWS generates it."""
    return "".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(40))


def access_key_id() -> str:
    return "AKIA" + "".join(secrets.choice(_BASE32) for _ in range(16))


def secret_access_key() -> str:
    return "".join(secrets.choice(_LETTERS_AND_DIGITS + "+/") for _ in range(40))


def principal_id(principal: str) -> str:
    """What stays the same of a principal (an ARN of IAM): the account's number for its root, else `AIDA` and sixteen characters."""
    if principal.endswith(":root"):
        return principal.split(":")[4]
    return "AIDA" + _lasting(principal)


def role_id(role_arn: str) -> str:
    """The same of a role: `AROA` and sixteen characters."""
    return "AROA" + _lasting(role_arn)


def _lasting(arn: str) -> str:
    return base64.b32encode(hashlib.sha256(arn.encode()).digest()).decode()[:16]


def account_id() -> str:
    """Twelve digits, the first not zero."""
    return str(secrets.choice(range(10**11, 10**12)))
