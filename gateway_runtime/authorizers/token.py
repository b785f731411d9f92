"""Authorizers by tokens: JSON Web Tokens of issuers (JWT) and of user pools (COGNITO_USER_POOLS)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import msgspec
import re2

from apps.core.documents import Authorizer
from gateway_runtime.authorizers.claims import check_claims, scopes_of, shown_claims, shown_pool_claims
from gateway_runtime.authorizers.json_web_token import InvalidToken, ReadToken, read_token, texts
from gateway_runtime.authorizers.key_sets import KeySet, KeysUnavailable
from gateway_runtime.authorizers.signing_keys import ALGORITHMS, SigningKeys
from gateway_runtime.authorizers.verified import VerifiedToken
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.ports import Services
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured, Step

_HEADER_SOURCE = "method.request.header."
_QUERY_SOURCE = "method.request.querystring."
_BEARER = b"bearer "


class TokenVerifier:
    """Tells for one authorizer what is in a token, once it is verified. Raises Misconfigured when it is made."""

    def __init__(self, authorizer: Authorizer, services: Services) -> None:
        self._algorithms = frozenset(authorizer.algorithms)
        if not self._algorithms or not self._algorithms <= ALGORITHMS.keys() or not authorizer.issuers:
            raise Misconfigured(f"authorizer {authorizer.id} accepts no token")
        self._issuers = {issuer.issuer: (issuer, services.key_sets.of(issuer)) for issuer in authorizer.issuers}
        self._verified = services.verified_tokens
        self._scope = sha256(msgspec.json.encode(authorizer)).digest()
        self._is_pool = authorizer.type == "COGNITO_USER_POOLS"
        self._audience = _audience(authorizer)

    def known(self, text: bytes, now: float) -> VerifiedToken | None:
        """A token that was verified before."""
        return self._verified.find(self._digest(text), now)

    def read(self, text: bytes) -> tuple[ReadToken, KeySet]:
        """A token with the key set of its issuer. Raises InvalidToken."""
        token = read_token(text)
        if token.algorithm not in self._algorithms:
            raise InvalidToken("signed by an algorithm that is not accepted")
        if token.issuer not in self._issuers:
            raise InvalidToken("another issuer's")
        return token, self._issuers[token.issuer][1]

    def verify(self, token: ReadToken, keys: SigningKeys, now: float) -> VerifiedToken:
        """What a token that was read here gives, which is remembered. Raises InvalidToken."""
        keys.verify(token)
        claims = token.claims
        issuer, key_set = self._issuers[token.issuer]
        expires = check_claims(claims, issuer, now)
        if self._audience is not None:
            self._audience(claims)
        shown = shown_pool_claims(claims) if self._is_pool else shown_claims(claims)
        use = claims.get("token_use")
        found = VerifiedToken(
            variables={"claims": shown},
            scopes=scopes_of(claims),
            token_use=use if isinstance(use, str) else None,
            expires=expires,
            key_set=key_set,
            generation=key_set.generation,
        )
        self._verified.keep(self._digest(token.text), found)
        return found

    def _digest(self, text: bytes) -> bytes:
        return sha256(self._scope + text).digest()  # the fastest there is, where processors know it


def _audience(authorizer: Authorizer) -> Callable[[dict[str, Any]], None] | None:
    """For user pools the expression says which audience (or client, in access tokens) is meant."""
    if authorizer.identity_validation_expression is None:
        return None
    try:
        matches = re2.compile(authorizer.identity_validation_expression).fullmatch
    except re2.error as error:
        raise Misconfigured(f"authorizer {authorizer.id}: {error}") from None

    def check(claims: dict[str, Any]) -> None:
        if not any(map(matches, texts(claims, "aud") or texts(claims, "client_id"))):
            raise InvalidToken("for another audience")

    return check


def authorize_by_token(site: MethodSite, authorizer: Authorizer) -> Step:
    """Let in who shows a token of the authorizer's issuers with one of the method's scopes. Raises Misconfigured."""
    verifier = TokenVerifier(authorizer, site.services)
    text_of = _token_reader(authorizer)
    admit = _admission(site, authorizer)
    is_pool = authorizer.type == "COGNITO_USER_POOLS"

    def step(exchange: Exchange) -> Awaitable[None] | None:
        text = text_of(exchange)
        known = verifier.known(text, exchange.received_at)
        if known is None:
            try:
                token, key_set = verifier.read(text)
                keys = key_set.current(token.key_id)
                if keys is None:
                    return verify_later(exchange, token, key_set)
                known = verifier.verify(token, keys, exchange.received_at)
            except InvalidToken as error:
                raise refusal(error) from None
        admit(exchange, known)
        return None

    async def verify_later(exchange: Exchange, token: ReadToken, key_set: KeySet) -> None:
        try:
            keys = await key_set.renewed()
            found = verifier.verify(token, keys, exchange.received_at)
        except KeysUnavailable as error:
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", detail=str(error)) from error
        except InvalidToken as error:
            raise refusal(error) from None
        admit(exchange, found)

    def refusal(error: InvalidToken) -> GatewayError:
        message = "The incoming token has expired" if is_pool and error.expired else None
        return GatewayError("UNAUTHORIZED", message=message, detail=f"token refused: {error}")

    return step


def _token_reader(authorizer: Authorizer) -> Callable[[Exchange], bytes]:
    """The token of a request, with or without `Bearer` before it; it raises UNAUTHORIZED where there is none."""
    value_of = _value_reader(authorizer)

    def read(exchange: Exchange) -> bytes:
        value = value_of(exchange)
        if value is None:
            raise GatewayError("UNAUTHORIZED")
        return value[len(_BEARER) :].strip() if value[: len(_BEARER)].lower() == _BEARER else value

    return read


def _value_reader(authorizer: Authorizer) -> Callable[[Exchange], bytes | None]:
    """The last value of the header or query parameter in which the token comes."""
    source = next(iter(authorizer.identity_sources), "")
    header = source.removeprefix(_HEADER_SOURCE).lower().encode() if source.startswith(_HEADER_SOURCE) else b""
    parameter = source.removeprefix(_QUERY_SOURCE) if source.startswith(_QUERY_SOURCE) else ""
    if not header and not parameter:
        raise Misconfigured(f"authorizer {authorizer.id} reads its token from no header and no query parameter")

    def in_headers(exchange: Exchange) -> bytes | None:
        value = None
        for known, sent in exchange.request.headers:
            if known == header:
                value = sent
        return value

    def in_query(exchange: Exchange) -> bytes | None:
        value = None
        for known, sent in exchange.request.query:
            if known == parameter:
                value = sent
        return None if value is None else value.encode("utf-8", "replace")

    return in_headers if header else in_query


def _admission(site: MethodSite, authorizer: Authorizer) -> Callable[[Exchange, VerifiedToken], None]:
    """What a method asks of a verified token. Pools have id tokens for methods without scopes, and access tokens for the others."""
    wanted = frozenset(site.method.authorization_scopes)
    is_pool = authorizer.type == "COGNITO_USER_POOLS"
    uses = (None, "access" if wanted else "id") if is_pool else None

    def admit(exchange: Exchange, token: VerifiedToken) -> None:
        exchange.authorizer = token.variables
        if uses is not None and token.token_use not in uses:
            raise GatewayError("UNAUTHORIZED", detail=f"a token for the use {token.token_use!r}")
        if wanted and wanted.isdisjoint(token.scopes):
            raise GatewayError("UNAUTHORIZED" if is_pool else "ACCESS_DENIED", detail="none of the method's scopes")

    return admit
