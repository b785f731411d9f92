"""People come from a provider of identities: OpenID Connect with PKCE, state and nonce. The console's is the operator's, those of API
Gateway's portals are user pools.

Everything it says is checked here: who issued it, for whom, when, and that it answers the very question that was asked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from apps.control_plane.guarded_post import NotDelivered, ask

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_LEEWAY = 60  # seconds
_LONGEST_TOKEN = 16_384
_END_POINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderFailed(Exception):
    """The provider is away, or what it says cannot be trusted. The message is for the log; `shown` is for the page."""

    def __init__(self, message: str, shown: str = "The sign-in service gave an answer that cannot be used.") -> None:
        super().__init__(message)
        self.shown = shown


@dataclass(frozen=True)
class Provider:
    """A provider, and as whom it knows us. `places` are its end points where no discovery document names them; some providers have none.

    `allow_private` lets it be in the operator's own network.
    """

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scopes: str = "openid email profile"
    places: Mapping[str, str] = field(default_factory=dict)
    discovered: bool = True
    allow_private: bool = False


@dataclass(frozen=True)
class Question:
    """What is asked of the provider, and kept in the session until the answer comes."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def fresh(cls) -> Question:
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def authorization_url(given: Provider, question: Question, back: str) -> str:
    """Where the browser is sent. Raises ProviderFailed."""
    address = _metadata(given)["authorization_endpoint"]
    query = {
        "response_type": "code",
        "client_id": given.client_id,
        "redirect_uri": back,
        "scope": given.scopes,
        "state": question.state,
        "nonce": question.nonce,
        "code_challenge": question.challenge,
        "code_challenge_method": "S256",
    }
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"


def claims_for(given: Provider, question: Question, code: str, back: str) -> dict[str, Any]:
    """What the provider says of the person who brought `code`, verified. Raises ProviderFailed."""
    metadata = _metadata(given)
    tokens = _tokens(given, metadata, question, code, back)
    claims = _verified(given, metadata, tokens.get("id_token"), question.nonce)
    address = metadata.get("userinfo_endpoint")
    if address and tokens.get("access_token"):
        more = _user_info(given, address, tokens["access_token"])
        # The id token speaks last: it alone is signed.
        if more.get("sub") == claims["sub"]:
            claims = {**more, **claims}
    return claims


def _metadata(given: Provider) -> dict[str, Any]:
    found = {"issuer": given.issuer, **given.places}
    if given.discovered:
        found |= _described(given)
    if found["issuer"] not in (given.issuer, f"{given.issuer}/"):
        raise ProviderFailed("the discovery document names another issuer")
    for name in (*_END_POINTS, "userinfo_endpoint"):
        address = found.get(name)
        if address is None and name not in _END_POINTS:
            continue
        secure = isinstance(address, str) and address.startswith("https://")
        plain = isinstance(address, str) and address.startswith("http://") and given.issuer.startswith("http://")
        if not secure and not plain:
            raise ProviderFailed(f"the discovery document names no {name} that can be used")
    return found


def _described(given: Provider) -> dict[str, Any]:
    """The discovery document; nothing of a provider that has none and needs none."""
    status, found = _answer(given, "GET", f"{given.issuer}/.well-known/openid-configuration")
    if status == 404 and given.places:
        return {}
    return {"issuer": None, **_accepted(given.issuer, status, found)}


def _tokens(given: Provider, metadata: dict[str, Any], question: Question, code: str, back: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": question.verifier,
        "client_id": given.client_id,
    }
    headers = [("content-type", "application/x-www-form-urlencoded")]
    if given.client_secret:
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if "client_secret_basic" in methods:
            # RFC 6749: both are form-encoded before they are joined.
            pair = f"{quote(given.client_id, safe='')}:{quote(given.client_secret, safe='')}"
            headers.append(("authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
        else:
            form["client_secret"] = given.client_secret
    return _json(given, "POST", metadata["token_endpoint"], headers, urlencode(form).encode())


def _user_info(given: Provider, address: str, token: str) -> dict[str, Any]:
    if not token.isascii() or len(token) > _LONGEST_TOKEN:
        raise ProviderFailed("the access token is none")
    return _json(given, "GET", address, [("authorization", f"Bearer {token}")])


def _verified(given: Provider, metadata: dict[str, Any], token: Any, nonce: str) -> dict[str, Any]:
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
        raise ProviderFailed("there is no id token")
    registry = jwt.JWTClaimsRegistry(
        now=int(time.time()),
        leeway=_LEEWAY,
        iss={"essential": True, "value": metadata["issuer"]},
        aud={"essential": True, "value": given.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        keys = KeySet.import_key_set(_json(given, "GET", metadata["jwks_uri"]))  # type: ignore[arg-type]
        claims = dict(jwt.decode(token, keys, algorithms=_ALGORITHMS).claims)
        registry.validate(claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise ProviderFailed(f"the id token is not valid: {error}") from error
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else given.client_id) != given.client_id:
        raise ProviderFailed("the id token was made for another client")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise ProviderFailed("the id token names no subject")
    return claims


def _json(
    given: Provider, method: str, url: str, headers: list[tuple[str, str]] | None = None, body: bytes = b""
) -> dict[str, Any]:
    return _accepted(url, *_answer(given, method, url, headers, body))


def _answer(
    given: Provider, method: str, url: str, headers: list[tuple[str, str]] | None = None, body: bytes = b""
) -> tuple[int, bytes]:
    try:
        accepted = [("accept", "application/json"), *(headers or [])]
        return ask(method, url, accepted, body, allow_private=given.allow_private)
    except NotDelivered as error:
        raise ProviderFailed(
            f"{url}: {error}", "The sign-in service cannot be reached. Try again in a moment."
        ) from error


def _accepted(url: str, status: int, answer: bytes) -> dict[str, Any]:
    if status != 200:
        raise ProviderFailed(f"{url} answers {status}")
    try:
        found = json.loads(answer)
    except ValueError as error:
        raise ProviderFailed(f"{url} answers no JSON") from error
    if not isinstance(found, dict):
        raise ProviderFailed(f"{url} answers no JSON object")
    return found
