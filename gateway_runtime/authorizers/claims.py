"""What a token claims, against what an authorizer asks for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from apps.core.documents import TokenIssuer
from gateway_runtime.authorizers.json_web_token import InvalidToken, moment, texts
from gateway_runtime.limits import AUTHORIZERS


def check_claims(claims: dict[str, Any], issuer: TokenIssuer, now: float) -> float:
    """Until when the token holds, in seconds since the epoch. Raises InvalidToken for a claim that is missing, ill-typed or wrong."""
    expires = moment(claims, "exp")
    if expires is None:
        raise InvalidToken("exp is missing")
    latest = now + AUTHORIZERS.leeway_seconds
    for name in ("nbf", "iat"):
        begins = moment(claims, name)
        if begins is not None and begins > latest:
            raise InvalidToken(f"{name} lies ahead")
    if claims.get("iss") != issuer.issuer:
        raise InvalidToken("another issuer's")
    audiences = texts(claims, "aud")
    if not audiences and issuer.client_ids:
        audiences = texts(claims, "client_id")
    if issuer.audiences and not set(issuer.audiences).intersection(audiences):
        raise InvalidToken("for another audience")
    for rule in issuer.claims:
        _check_rule(claims, rule.name, rule.required, rule.expected)
    if expires <= now:
        raise InvalidToken("expired", expired=True)
    return expires


def _check_rule(claims: dict[str, Any], name: str, required: bool, expected: str | None) -> None:
    if name not in claims:
        if required:
            raise InvalidToken("a required claim is missing")
        return
    value = claims[name]
    if not isinstance(value, str) or (expected is not None and value != expected):
        raise InvalidToken("a claim is not as expected")


def scopes_of(claims: dict[str, Any]) -> frozenset[str]:
    """The scopes of `scope` (in one text) and `scp` (a text or a list). Raises InvalidToken where they are something else."""
    found: set[str] = set()
    for name in ("scope", "scp"):
        for value in texts(claims, name) if claims.get(name) != "" else ():
            found.update(value.split(" "))
    return frozenset(found - {""})


def shown_claims(claims: dict[str, Any]) -> dict[str, str]:
    """The claims as `$context.authorizer.claims` shows them: all of them texts."""
    return {name: _shown(value) for name, value in claims.items() if value is not None}


def shown_pool_claims(claims: dict[str, Any]) -> dict[str, str]:
    """The same for user pools, whose times AWS writes as Java prints dates, and whose lists without brackets."""
    shown = shown_claims(claims)
    for name in ("exp", "iat"):
        at = moment(claims, name)
        if at is not None:
            shown[name] = _java_date(at)
    for name, value in claims.items():
        if isinstance(value, list):
            shown[name] = ",".join(map(_shown, value))
    return shown


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _java_date(seconds: float) -> str:
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return str(int(seconds))
    return f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at:%d %H:%M:%S} UTC {at.year}"
