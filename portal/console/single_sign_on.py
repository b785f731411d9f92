"""Signing in to the console by the operator's OpenID Connect provider: there, back, and who comes in in which role."""

from __future__ import annotations

import hmac
import logging
import time
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.control_plane.errors import AwsError
from apps.core.single_sign_on import SingleSignOn
from portal.console.gate import FACTOR_IN_SESSION, PROVIDER, SIGNED_IN_BY, safe_goal
from portal.console.identity_provider import ProviderFailed, Question, authorization_url, claims_for
from portal.console.provided_people import NotAdmitted, admitted
from portal.console.sign_in import entrance

_WAITING_IN_SESSION = "console_single_sign_on"
_SECONDS = 600
"""For which the provider is waited for."""
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# RFC 8176: the person has shown more than a password.
_STRONG = frozenset({"mfa", "otp", "hwk"})

logger = logging.getLogger("gatehouse.console")


@never_cache
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Off to the provider. What is asked stays in this browser's session, which the answer has to come back to."""
    given = _given()
    goal = safe_goal(request, request.GET.get("next") or "")
    question = Question.fresh()
    try:
        address = authorization_url(given, question, _back())
    except ProviderFailed as error:
        return _failed(request, goal, error)
    request.session[_WAITING_IN_SESSION] = {**asdict(question), "goal": goal, "since": time.time()}
    return HttpResponseRedirect(address)


@never_cache
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """The answer. It is taken once, in the session that asked, and in time."""
    given = _given()
    waiting = request.session.pop(_WAITING_IN_SESSION, None) or {}
    goal = safe_goal(request, waiting.get("goal", ""))
    try:
        code = _code(request, given, waiting)
        question = Question(waiting["state"], waiting["nonce"], waiting["verifier"])
        claims = claims_for(given, question, code, _back())
        user = admitted(given, claims, request.META.get("REMOTE_ADDR", ""))
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


def _code(request: HttpRequest, given: SingleSignOn, waiting: dict[str, Any]) -> str:
    """The code of an answer to the question that this session asked. Raises ProviderFailed."""
    again = "This sign-in was not begun in this browser, or too long ago. Begin anew."
    state = request.GET.get("state", "")
    if not waiting or not hmac.compare_digest(state.encode(), waiting["state"].encode()):
        raise ProviderFailed("the state is another one", again)
    if time.time() - waiting["since"] > _SECONDS:
        raise ProviderFailed("the answer came too late", again)
    issuer = request.GET.get("iss")
    if issuer is not None and issuer.rstrip("/") != given.issuer:  # RFC 9207
        raise ProviderFailed("the answer is another issuer's")
    if "error" in request.GET:
        denied = request.GET["error"] == "access_denied"
        shown = "The sign-in was not completed there." if denied else "The sign-in service refused the request."
        raise ProviderFailed(f"the provider says {request.GET['error'][:100]!r}", shown)
    code = request.GET.get("code", "")
    if not code:
        raise ProviderFailed("the answer has no code")
    return code


def _failed(request: HttpRequest, goal: str, error: ProviderFailed | NotAdmitted) -> HttpResponse:
    logger.warning("somebody was not signed in by %s: %s", _given().issuer, error)
    return entrance(request, goal, status=403 if isinstance(error, NotAdmitted) else 502, refusal=error.shown)


def _given() -> SingleSignOn:
    given: SingleSignOn | None = settings.ENVIRONMENT.single_sign_on
    if given is None:
        raise Http404
    return given


def _back() -> str:
    return settings.ENVIRONMENT.portal_url.rstrip("/") + reverse("console:single_sign_on_back")
