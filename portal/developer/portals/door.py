"""The door of a portal with a user pool: off to the pool, back from it, and out."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import urlencode

from portal.developer.portals.visit import Visit, page_context
from portal.developer.portals.visitors import errand_of, forget, let_in, needs_sign_in, visitor_of
from portal.identity_provider import ProviderFailed

logger = logging.getLogger("gatehouse.portal")


def entrance(request: HttpRequest, found: Visit) -> HttpResponseBase | None:
    """Where a visitor has to go first; None for one who may see the portal."""
    if not needs_sign_in(found):
        return None
    errand = errand_of(request, found)
    if errand is None:
        inside = request.user.is_authenticated
        return (
            None
            if inside
            else redirect(f"{resolve_url('account_login')}?{urlencode({'next': request.get_full_path()})}")
        )
    if request.path == found.base and "state" in request.GET:
        return _back(request, found)
    if visitor_of(request, found):
        return None
    if request.method not in {"GET", "HEAD"}:
        return closed(request, found, "Your sign-in has ended. Sign in again, then repeat what you did.", 403)
    try:
        return errand.begin(request, request.get_full_path())
    except ProviderFailed as error:
        return _failed(request, found, error)


def closed(request: HttpRequest, found: Visit, text: str, status: int = 200) -> HttpResponse:
    """The page before the door."""
    return render(request, "developer/portals/door.html", {**page_context(found), "text": text}, status=status)


def leave(request: HttpRequest, found: Visit) -> HttpResponse:
    """Sign out of this portal. Of the pool one signs out there: whether it takes anybody back is the pool's to say."""
    forget(request, found)
    return closed(
        request, found, "You are signed out of this portal. At its sign-in service you may still be signed in."
    )


def _back(request: HttpRequest, found: Visit) -> HttpResponse:
    errand = errand_of(request, found)
    assert errand is not None, "only pools answer"
    asked = errand.taken(request)
    try:
        claims = errand.claims(request, asked)
    except ProviderFailed as error:
        return _failed(request, found, error)
    let_in(request, found, errand, claims)
    goal = asked["goal"] if asked else ""
    return redirect(goal if goal.startswith(found.base) else found.base)


def _failed(request: HttpRequest, found: Visit, error: ProviderFailed) -> HttpResponse:
    logger.warning("a visitor of %s was not signed in: %s", found.base, error)
    return closed(request, found, error.shown, 502)
