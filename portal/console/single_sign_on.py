"""Signing in to the console by the operator's OpenID Connect provider: there, back, and who comes in in which role."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.control_plane.errors import AwsError
from apps.core.single_sign_on import SingleSignOn
from portal.console.entrance import FACTOR_IN_SESSION, PROVIDER, SIGNED_IN_BY, safe_goal
from portal.console.provided_people import NotAdmitted, admitted
from portal.console.sign_in import entrance
from portal.identity_provider import Provider, ProviderFailed
from portal.provider_sign_in import Errand

_WAITING_IN_SESSION = "console_sign_ins"
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# RFC 8176: the person has shown more than a password.
_STRONG = frozenset({"mfa", "otp", "hwk"})

logger = logging.getLogger("gatehouse.console")


@never_cache
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Off to the provider."""
    errand = _errand()
    goal = safe_goal(request, request.GET.get("next") or "")
    try:
        return errand.begin(request, goal)
    except ProviderFailed as error:
        return _failed(request, goal, error)


@never_cache
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """The answer."""
    errand = _errand()
    asked = errand.taken(request)
    goal = safe_goal(request, asked["goal"] if asked else "")
    try:
        claims = errand.claims(request, asked)
        user = admitted(_given(), claims, request.META.get("REMOTE_ADDR", ""))
    except (ProviderFailed, NotAdmitted) as error:
        return _failed(request, goal, error)
    except AwsError as error:
        return _failed(request, goal, NotAdmitted(str(error), error.message))
    login(request, user, backend=_BACKEND)  # gives the session a new key
    request.session[SIGNED_IN_BY] = PROVIDER
    methods = claims.get("amr")
    if isinstance(methods, list) and _STRONG & {str(method) for method in methods}:
        request.session[FACTOR_IN_SESSION] = PROVIDER
    return redirect(goal)


def _failed(request: HttpRequest, goal: str, error: ProviderFailed | NotAdmitted) -> HttpResponse:
    logger.warning("somebody was not signed in by %s: %s", _given().issuer, error)
    return entrance(request, goal, status=403 if isinstance(error, NotAdmitted) else 502, refusal=error.shown)


def _given() -> SingleSignOn:
    given: SingleSignOn | None = settings.ENVIRONMENT.single_sign_on
    if given is None:
        raise Http404
    return given


def _errand() -> Errand:
    given = _given()
    # The operator named the provider, which may well be in the operator's own network.
    provider = Provider(given.issuer, given.client_id, given.client_secret, given.scopes, allow_private=True)
    back = settings.ENVIRONMENT.portal_url.rstrip("/") + reverse("console:single_sign_on_back")
    return Errand(_WAITING_IN_SESSION, provider, back)
