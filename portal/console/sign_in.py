"""Signing in to and out of the console, and choosing the account and region to work in."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal.console.entrance import ACCOUNT_IN_SESSION, REGION_IN_SESSION, provider_due, safe_goal
from portal.console.gate import Console, console_page
from portal.console.regions import known_region


class SignInForm(forms.Form):
    """E-mail or user name, and the password."""

    username = forms.CharField(
        label="E-mail or user name",
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}),
    )
    password = forms.CharField(
        strip=False, max_length=4096, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page. A wrong password and an unknown name get the same answer."""
    goal = safe_goal(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.method != "POST":
        inside = request.user.is_authenticated and not provider_due(request)
        return redirect(goal) if inside else entrance(request, goal)
    if not settings.ENVIRONMENT.password_sign_in:
        return entrance(request, goal, status=403, refusal="Passwords are not taken here.")
    form = SignInForm(request.POST)
    if not form.is_valid():
        return entrance(request, goal, status=422, form=form)
    user = authenticate(request, username=form.cleaned_data["username"], password=form.cleaned_data["password"])
    if user is None:
        form.add_error(None, "That name and password do not go together. Check both and try again.")
        return entrance(request, goal, status=422, form=form)
    login(request, user)  # gives the session a new key
    return redirect(goal)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("console:sign_in")


@console_page("POST")
def switch(console: Console) -> HttpResponseBase:
    """Go on in another account or region; an account that the person does not belong to changes nothing."""
    session, chosen = console.request.session, console.request.POST
    if any(membership.account_id == chosen.get("account") for membership in console.memberships):
        session[ACCOUNT_IN_SESSION] = chosen["account"]
    if chosen.get("region"):
        session[REGION_IN_SESSION] = known_region(chosen["region"])
    return redirect("console:home")


def entrance(
    request: HttpRequest, goal: str, *, status: int = 200, form: SignInForm | None = None, refusal: str = ""
) -> HttpResponse:
    """The sign-in page, with the ways there are; `refusal` says why the last one led nowhere."""
    context = {
        "form": (form or SignInForm()) if settings.ENVIRONMENT.password_sign_in else None,
        "provider": settings.ENVIRONMENT.single_sign_on,
        "next": goal,
        "refusal": refusal,
    }
    return render(request, "console/sign_in.html", context, status=status)
