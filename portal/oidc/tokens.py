"""The tokens of the built-in provider. Access tokens are JSON Web Tokens, which the data plane verifies by itself."""

from __future__ import annotations

import secrets
import time
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from django.conf import settings

from apps.core.user_pools import built_in_issuer
from apps.identity.models import OAuthClient
from apps.identity.signing import signed

_KIND = "at+jwt"  # RFC 9068


def access_token(request: Any) -> str:
    """A token for what oauthlib's request was granted: for a person, or for the client itself."""
    client = request.client
    now = int(time.time())
    claims = {
        "iss": built_in_issuer(client.account_id, settings.ENVIRONMENT),
        "sub": str(request.user.pk) if request.user else client.client_id,
        "aud": client.audiences or [client.client_id],
        "client_id": client.client_id,
        "scope": " ".join(request.scopes),
        "token_use": "access",
        "iat": now,
        "exp": now + settings.OIDC_TOKEN_SECONDS,
        "jti": str(uuid4()),
    }
    return signed(client.account_id, claims, _KIND)


def token_for_itself(client: OAuthClient) -> str:
    """An access token of a client that acts for itself, with all that it may have: for who may make it another secret anyway."""
    return access_token(SimpleNamespace(client=client, user=None, scopes=client.scopes))


def refresh_token(request: Any) -> str:
    """A refresh token says nothing; the provider keeps a digest of it."""
    return secrets.token_urlsafe(40)
