"""The public keys of an issuer, from its JSON Web Key Set."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from gateway_runtime.authorizers.json_web_token import InvalidToken, ReadToken
from gateway_runtime.limits import AUTHORIZERS
from gateway_runtime.mapping.json_body import NotJson, read_json

# Which key signs by which algorithm. There are no others: no secrets shared with clients, and not "none".
ALGORITHMS = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
}
_MOST_KEYS = 64
_RSA_BITS = range(2048, 8193)
_RSA_EXPONENTS = range(3, 2**32)
_PUBLIC = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+=*")

PublicKey = RSAKey | ECKey


class NoKeySet(ValueError):
    """What was fetched is no JSON Web Key Set."""


class _Registry(jws.JWSRegistry):
    """Sizes are those of tokens here; what a header says beside `alg` has been looked at before."""

    max_header_length = AUTHORIZERS.token_bytes


_REGISTRIES = {name: _Registry(algorithms=[name], strict_check_header=False) for name in ALGORITHMS}


class SigningKey:
    """One key: its id, the algorithms it may be used with, and the key itself."""

    __slots__ = ("algorithms", "key", "key_id")

    def __init__(self, key_id: str, algorithms: frozenset[str], key: PublicKey) -> None:
        self.key_id = key_id
        self.algorithms = algorithms
        self.key = key


class SigningKeys:
    """The keys of an issuer that can verify signatures, by id."""

    def __init__(self, keys: Iterable[SigningKey]) -> None:
        self._keys: dict[str, list[SigningKey]] = {}
        for key in keys:
            self._keys.setdefault(key.key_id, []).append(key)

    def __len__(self) -> int:
        return sum(map(len, self._keys.values()))

    def knows(self, key_id: str) -> bool:
        return key_id in self._keys

    def verify(self, token: ReadToken) -> None:
        """Raises InvalidToken unless a key of the token's id, made for its algorithm, signed it."""
        fitting = [key for key in self._keys.get(token.key_id, ()) if token.algorithm in key.algorithms]
        if not fitting:
            raise InvalidToken("no key of this id is for this algorithm")
        if not any(_signed(token, key) for key in fitting[:2]):
            raise InvalidToken("the signature is not the issuer's")


def _signed(token: ReadToken, key: SigningKey) -> bool:
    try:
        jws.deserialize_compact(token.text, key.key, registry=_REGISTRIES[token.algorithm])
    except (JoseError, ValueError, TypeError):
        return False
    return True


def read_key_set(data: bytes) -> SigningKeys:
    """The usable keys of a JSON Web Key Set; those of other kinds or for other uses are left out. Raises NoKeySet."""
    try:
        value = read_json(data, depth=16)
    except NotJson as error:
        raise NoKeySet(str(error)) from None
    entries = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        raise NoKeySet("it has no list of keys")
    found = (_signing_key(entry) for entry in entries[:_MOST_KEYS] if isinstance(entry, dict))
    return SigningKeys(key for key in found if key is not None)


def _signing_key(entry: dict[str, Any]) -> SigningKey | None:
    kind, key_id = entry.get("kty"), entry.get("kid")
    if kind not in ("RSA", "EC") or not isinstance(key_id, str) or not _is_for_verifying(entry):
        return None
    curve = entry.get("crv") if kind == "EC" else None
    algorithms = frozenset(name for name, made_for in ALGORITHMS.items() if made_for == (kind, curve))
    if "alg" in entry:
        algorithms &= {entry["alg"]} if isinstance(entry["alg"], str) else set()
    public: dict[str, str | list[str]] = {
        name: part for name in _PUBLIC[kind] if isinstance(part := entry.get(name), str) and _BASE64URL.fullmatch(part)
    }
    if not algorithms or len(public) < len(_PUBLIC[kind]):
        return None
    try:
        key: PublicKey = RSAKey.import_key(public) if kind == "RSA" else ECKey.import_key(public)
    except (JoseError, ValueError, TypeError):
        return None
    if isinstance(key, RSAKey) and not _is_sound(key):
        return None
    return SigningKey(key_id, algorithms, key)


def _is_sound(key: RSAKey) -> bool:
    """A small key proves nothing, a huge one takes long."""
    return key.public_key.key_size in _RSA_BITS and key.public_key.public_numbers().e in _RSA_EXPONENTS


def _is_for_verifying(entry: dict[str, Any]) -> bool:
    operations = entry.get("key_ops")
    return entry.get("use", "sig") == "sig" and (
        operations is None or (isinstance(operations, list) and "verify" in operations)
    )
