"""Visitors of a portal with a user pool: they sign in at the pool, and are known to this portal alone, for some hours.

A pool that the installation's own provider stands for has the installation's people, who sign in here as everywhere.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from apps.control_plane.v2.portal_checks import sign_in_address
from apps.core.user_pools import is_built_in_issuer, is_named_by_operator, user_pool_issuer
from portal.developer.addresses import origin_of
from portal.developer.portals.visit import Visit
from portal.identity_provider import Provider
from portal.provider_sign_in import Errand

_QUESTIONS_IN_SESSION = "portal_sign_ins"
_VISITORS_IN_SESSION = "portal_visitors"
_SECONDS = 8 * 3600
"""For which a visitor is known."""


def needs_sign_in(found: Visit) -> bool:
    """Whether a portal is for known visitors alone. A preview's address is enough to see it."""
    return not found.is_preview and "CognitoConfig" in found.document["authorization"]


def errand_of(request: HttpRequest, found: Visit) -> Errand | None:
    """The way to the portal's pool and back; None where the installation's own people visit, or everybody."""
    if not needs_sign_in(found):
        return None
    config, environment = found.document["authorization"]["CognitoConfig"], settings.ENVIRONMENT
    issuer = user_pool_issuer(config["UserPoolArn"], environment)
    if is_built_in_issuer(issuer, environment):
        return None
    named = is_named_by_operator(config["UserPoolArn"], environment)
    address = sign_in_address(config["UserPoolDomain"])
    provider = Provider(
        issuer,
        config["AppClientId"],  # of an app client without a secret, as AWS has it
        scopes="openid",
        places={
            "authorization_endpoint": f"{address}/oauth2/authorize",
            "token_endpoint": f"{address}/oauth2/token",
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
        },
        discovered=named,
        allow_private=named or environment.allow_private_backends,
    )
    # AWS has the portal's own address as the app client's callback URL.
    return Errand(_QUESTIONS_IN_SESSION, provider, f"{origin_of(request)}{found.base}")


def visitor_of(request: HttpRequest, found: Visit) -> str:
    """What somebody is called who has signed in at the portal's pool; "" for all others."""
    errand = errand_of(request, found)
    known = request.session.get(_VISITORS_IN_SESSION, {}).get(found.base) if errand else None
    if errand is None or known is None or known["pool"] != _pool(errand) or known["until"] < time.time():
        return ""
    return str(known["name"])


def let_in(request: HttpRequest, found: Visit, errand: Errand, claims: Mapping[str, Any]) -> None:
    """Know a visitor from now on, in a session with a new key."""
    names = (claims.get(name) for name in ("email", "cognito:username", "preferred_username", "sub"))
    name = next(name for name in names if isinstance(name, str) and name)
    request.session.cycle_key()
    known = {"name": name[:254], "pool": _pool(errand), "until": time.time() + _SECONDS}
    request.session[_VISITORS_IN_SESSION] = {**request.session.get(_VISITORS_IN_SESSION, {}), found.base: known}


def forget(request: HttpRequest, found: Visit) -> None:
    """Sign a visitor out of one portal."""
    known = dict(request.session.get(_VISITORS_IN_SESSION, {}))
    known.pop(found.base, None)
    request.session[_VISITORS_IN_SESSION] = known


def _pool(errand: Errand) -> list[str]:
    return [errand.provider.issuer, errand.provider.client_id]
