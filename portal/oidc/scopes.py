"""Which scopes a client may ask for: those it was made with, and those of OpenID."""

from __future__ import annotations

from typing import Any

from oauth2_provider.scopes import BaseScopes

OPENID_SCOPES = {
    "openid": "Know who you are at this installation",
    "email": "Read your e-mail address",
}


class _Descriptions(dict[str, str]):
    """A scope of an API describes itself."""

    def __missing__(self, scope: str) -> str:
        return scope


class ClientScopes(BaseScopes):
    """As django-oauth-toolkit asks for them."""

    def get_all_scopes(self) -> dict[str, str]:
        return _Descriptions(OPENID_SCOPES)

    def get_available_scopes(self, application: Any = None, request: Any = None, *args: Any, **named: Any) -> list[str]:
        own = [] if application is None else list(application.scopes)
        return [*own, *OPENID_SCOPES]

    def get_default_scopes(self, application: Any = None, request: Any = None, *args: Any, **named: Any) -> list[str]:
        return [] if application is None else list(application.scopes)
