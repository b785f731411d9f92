"""Codes of authenticator apps: RFC 6238 with SHA-1, six digits and steps of thirty seconds, which is what all of them know."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
DRIFT = 1
"""Steps by which a clock may be wrong, either way."""

_SECRET_BYTES = 20
_RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
_RECOVERY_GROUPS = 4
RECOVERY_CODES = 10


def new_secret() -> str:
    """A fresh secret in base32, as people type it where they cannot scan it."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def step_at(now: float) -> int:
    """The step that a time (seconds since 1970) lies in."""
    return int(now // STEP_SECONDS)


def code_of(secret: str, step: int) -> str:
    """The code of a step."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching_step(secret: str, code: str, now: float) -> int | None:
    """The step whose code this is, of those that the clocks may mean; None when it is of none. Takes the same time for all."""
    typed = code.encode()
    found = None
    for step in range(step_at(now) - DRIFT, step_at(now) + DRIFT + 1):
        if step >= 0 and hmac.compare_digest(code_of(secret, step).encode(), typed):
            found = step
    return found


def enrollment_uri(secret: str, name: str, issuer: str) -> str:
    """What the QR code says to the app."""
    members = {"secret": secret, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_SECONDS}
    return f"otpauth://totp/{quote(f'{issuer}:{name}')}?{urlencode(members, quote_via=quote)}"


def new_recovery_codes() -> list[str]:
    """Codes for the day when the phone is gone: `abcd-efgh-jkmn-pqrs`, about eighty bits each."""
    return [
        "-".join("".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(4)) for _ in range(_RECOVERY_GROUPS))
        for _ in range(RECOVERY_CODES)
    ]


def recovery_code_digest(code: str, key: bytes) -> str:
    """The keyed digest by which a recovery code is recognised, however it was typed."""
    plain = "".join(code.lower().split()).replace("-", "")
    return hmac.digest(key, plain.encode(), hashlib.sha256).hex()
