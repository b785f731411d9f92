"""Signing in to and out of the console, and choosing the account and region to work in."""

from __future__ import annotations

from django import forms
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal.console.gate import ACCOUNT_IN_SESSION, REGION_IN_SESSION, Console, console_page, safe_goal
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
        return redirect(goal) if request.user.is_authenticated else _page(request, SignInForm(), goal)
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _page(request, form, goal, status=422)
    user = authenticate(request, username=form.cleaned_data["username"], password=form.cleaned_data["password"])
    if user is None:
        form.add_error(None, "That name and password do not go together. Check both and try again.")
        return _page(request, form, goal, status=422)
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


def _page(request: HttpRequest, form: SignInForm, goal: str, status: int = 200) -> HttpResponse:
    return render(request, "console/sign_in.html", {"form": form, "next": goal}, status=status)
