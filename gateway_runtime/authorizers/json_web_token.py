"""Signed JSON Web Tokens in their compact form, read strictly: what two readers could understand differently is no token."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, NamedTuple

from gateway_runtime.limits import AUTHORIZERS

_COMPACT = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_MOST_DEPTH = 16
_LATEST = 10**11  # seconds: what lies beyond is no time that anybody means


class InvalidToken(Exception):
    """The token convinces nobody; the message, for the log, says why and repeats nothing of it. `expired` when only its time is over."""

    def __init__(self, reason: str, *, expired: bool = False) -> None:
        super().__init__(reason)
        self.expired = expired


class ReadToken(NamedTuple):
    """A token whose signature nobody has looked at yet: nothing in it is to be believed."""

    text: bytes
    algorithm: str
    key_id: str
    issuer: str
    claims: dict[str, Any]


def read_token(text: bytes) -> ReadToken:
    """Take a token apart. Raises InvalidToken.

    Of the header, `alg` and `kid` count. Keys, and addresses of keys, that a token brings along (`jwk`, `jku`, `x5c`, `x5u`) are not
    looked at; a token with extensions that have to be understood (`crit`) is refused.
    """
    if len(text) > AUTHORIZERS.token_bytes:
        raise InvalidToken("longer than a token may be")
    match = _COMPACT.fullmatch(text)
    if match is None:
        raise InvalidToken("not in the compact form of a signed token")
    header, claims = _object(match[1], "header"), _object(match[2], "claims")
    if "crit" in header or header.get("b64", True) is not True:
        raise InvalidToken("the header asks for extensions")
    algorithm, key_id, issuer = header.get("alg"), header.get("kid"), claims.get("iss")
    if not isinstance(algorithm, str) or not isinstance(key_id, str) or not isinstance(issuer, str):
        raise InvalidToken("alg, kid or iss is missing, or no text")
    return ReadToken(text, algorithm, key_id, issuer, claims)


def _object(part: bytes, what: str) -> dict[str, Any]:
    try:
        data = base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
        text = data.decode("utf-8")
        if text.count("{") + text.count("[") > AUTHORIZERS.token_bytes // 8:
            raise InvalidToken(f"the {what} is too deep")
        value = json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # escapes alone can stand for half of a pair
    except (ValueError, RecursionError):
        raise InvalidToken(f"the {what} is no JSON") from None
    if not isinstance(value, dict) or _is_deeper(value, _MOST_DEPTH):
        raise InvalidToken(f"the {what} is no object, or too deep")
    return value


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _is_deeper(value: Any, depth: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(_is_deeper(each, depth - 1) for each in inner)


def moment(claims: dict[str, Any], name: str) -> float | None:
    """A claim that is a time, in seconds since the epoch; None where it is missing. Raises InvalidToken for what is no time."""
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -_LATEST < value < _LATEST:
        raise InvalidToken(f"{name} is no time")
    return float(value)


def texts(claims: dict[str, Any], name: str) -> tuple[str, ...]:
    """A claim that is a text or a list of texts; empty where it is missing. Raises InvalidToken for anything else."""
    value = claims.get(name)
    if value is None and name not in claims:
        return ()
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(each, str) and each for each in values):
        raise InvalidToken(f"{name} is neither a text nor a list of texts")
    return tuple(values)
