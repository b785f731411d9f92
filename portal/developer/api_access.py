"""Who uses the portal's JSON API: a browser's session, or a program with a token that has scopes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.portals.models import PortalToken

PREFIX = "ghp_"
SCOPES = {
    "read": "See applications, their subscriptions and their usage",
    "write": "Change applications, subscriptions, members and OAuth clients",
    "keys": "See, make, rotate and revoke keys",
    "call": "Call APIs through the portal with the keys of your applications, as agents do (MCP)",
}
MOST_TOKENS = 20
_NOTED_EVERY = timedelta(minutes=1)

Shape = dict[str, Any]


def make_token(user: User, name: str, scopes: list[str], days: int) -> tuple[PortalToken, str]:
    """A token and its text, which is nowhere kept."""
    text = PREFIX + secrets.token_urlsafe(32)
    row = PortalToken.objects.create(
        user=user, name=name, scopes=scopes, digest=_digest(text), expires=timezone.now() + timedelta(days=days)
    )
    return row, text


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer ghp_…`."""

    def authenticate(self, request: Request) -> tuple[User, PortalToken] | None:
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        row = find_token(text.strip())
        if row is None:
            raise AuthenticationFailed("The token is unknown, or has expired.")
        return row.user, row

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def find_token(text: str) -> PortalToken | None:
    """The token with this text, of somebody who may still sign in; that it was used is noted."""
    now = timezone.now()
    # Looked up by a digest of something random, so that how long it takes tells nothing.
    row = PortalToken.objects.select_related("user").filter(digest=_digest(text), expires__gt=now).first()
    if row is None or not row.user.is_active:
        return None
    if row.last_used is None or row.last_used < now - _NOTED_EVERY:
        PortalToken.objects.filter(pk=row.pk).update(last_used=now)
    return row


def needs(scope: str) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """A view for programs whose token has the scope; a person in a browser has all of them."""

    def decorate(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def wrapped(request: Request, *args: Any, **kwargs: Any) -> Response:
            token = request.auth
            if isinstance(token, PortalToken) and scope not in token.scopes:
                raise PermissionDenied(f"The token lacks the scope {scope}.")
            return view(request, *args, **kwargs)

        return wrapped

    return decorate


def limit_of(request: Request) -> int:
    """How many items a page may have: `?limit=`, 1 to 100, else 60."""
    given = request.query_params.get("limit", "")
    return min(max(int(given), 1), 100) if given.isascii() and given.isdigit() and len(given) < 6 else 60


def listed(items: list[Shape], position: str | None) -> Shape:
    """A page of a list."""
    return {"items": items} if position is None else {"items": items, "position": position}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
