"""The way in: what a session remembers of how it was opened, and the pages that come before the one that was asked for."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts.models import SecondFactor, User

ACCOUNT_IN_SESSION = "console_account"
REGION_IN_SESSION = "console_region"
FACTOR_IN_SESSION = "console_second_factor"
"""The second factor with which this session was opened; of a provider of identities that asked for one itself, `PROVIDER`."""
PROVIDER = "provider"
SIGNED_IN_BY = "console_signed_in_by"
"""`PROVIDER` in a session that the provider of identities has opened."""


def provider_due(request: HttpRequest) -> bool:
    """Whether passwords do not count here, and the session was opened with one, wherever that was."""
    return not settings.ENVIRONMENT.password_sign_in and request.session.get(SIGNED_IN_BY) != PROVIDER


def confirmed_factor(user: User) -> SecondFactor | None:
    """The authenticator app that the person signs in with."""
    factor: SecondFactor | None = getattr(user, "second_factor", None)
    return None if factor is None or factor.confirmed is None else factor


def to_entrance(request: HttpRequest, name: str) -> HttpResponse:
    """Send somebody to a page before the one they asked for, which leads them there afterwards."""
    # After signing in one lands on a page, never on a form's target or on a fragment of a page.
    fragment = request.headers.get("HX-Request") == "true"
    here = request.headers.get("HX-Current-URL", "") if fragment else request.get_full_path()
    url = reverse(name)
    if request.method == "GET" and here:
        url += "?" + urlencode({"next": here})
    if fragment:
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponse(status=302, headers={"Location": url})


def safe_goal(request: HttpRequest, goal: str) -> str:
    """Where to go after signing in: a page of this site, never one that a link from outside names."""
    if url_has_allowed_host_and_scheme(goal, {request.get_host()}, require_https=request.is_secure()):
        return goal
    return reverse("console:home")
