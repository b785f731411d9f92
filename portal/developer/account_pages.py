"""Signing up, in and out. The flows are allauth's; the pages know what the visitor was about to get."""

from __future__ import annotations

from typing import Any

from allauth.account import views
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from portal.developer import catalogue, intent
from portal.developer.adapter import CONFIRMATION_IN_SESSION, mail_is_sent


class _KnowsIntent:
    """Adds `wanted` (offer and plan) to the page: people see what they are about to get."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {**context, "wanted": _wanted(self.request)}


class SignUpView(_KnowsIntent, views.SignupView):
    """Create an account."""


class SignInView(_KnowsIntent, views.LoginView):
    """Sign in, by e-mail or user name."""


sign_up = SignUpView.as_view()
sign_in = SignInView.as_view()
change_password = views.password_change


@never_cache
@require_safe
def check_your_email(request: HttpRequest) -> HttpResponse:
    """After signing up. Where no mail leaves the machine, this browser gets the link of the address that it signed up."""
    confirmation = request.session.get(CONFIRMATION_IN_SESSION) if not mail_is_sent() else None
    context = {"confirmation": confirmation, "mail_is_sent": mail_is_sent(), "wanted": _wanted(request)}
    return render(request, "account/verification_sent.html", context)


@require_safe
def reset_sent(request: HttpRequest) -> HttpResponse:
    """After asking for a new password: the same for every address, known or not."""
    return render(request, "account/password_reset_done.html", {"mail_is_sent": mail_is_sent()})


def locked_out(request: HttpRequest, *_: object) -> HttpResponse:
    """What django-axes answers after too many failures, in the room where they happened."""
    match = request.resolver_match
    room = "console" if match is not None and match.namespace == "console" else "account"
    return render(request, f"{room}/locked_out.html", status=429)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("developer:landing")


def _wanted(request: HttpRequest) -> dict[str, Any] | None:
    wanted = intent.waiting(request)
    if wanted is None:
        return None
    try:
        offer = catalogue.offer(request.user, wanted.product)
    except Http404:
        return None
    return {"offer": offer, "plan": offer.plan(wanted.plan) if wanted.plan else offer.open_plan}
