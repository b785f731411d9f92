"""Tokens that have been verified, so that the next request with the same one costs a look-up."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

from gateway_runtime.authorizers.key_sets import KeySet
from gateway_runtime.limits import AUTHORIZERS


class VerifiedToken(NamedTuple):
    """What a verified token gives, and what it rests on: the keys of a generation, until it expires (epoch seconds)."""

    variables: dict[str, Any]
    scopes: frozenset[str]
    token_use: str | None
    expires: float
    key_set: KeySet
    generation: int


class VerifiedTokens:
    """By digests; those used longest ago go first."""

    def __init__(self, most: int = AUTHORIZERS.verified_tokens) -> None:
        self._most = most
        self._known: OrderedDict[bytes, VerifiedToken] = OrderedDict()

    def find(self, key: bytes, now: float) -> VerifiedToken | None:
        """The token, unless it has expired or its issuer has other keys now."""
        known = self._known.get(key)
        if known is None:
            return None
        if known.expires <= now or known.generation != known.key_set.generation:
            del self._known[key]
            return None
        self._known.move_to_end(key)
        return known

    def keep(self, key: bytes, token: VerifiedToken) -> None:
        self._known[key] = token
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def __len__(self) -> int:
        return len(self._known)
