"""The second step of signing in: a code of the authenticator app, or a recovery code. Failures are counted and locked out as those of passwords are."""

from __future__ import annotations

from collections.abc import Callable

from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.control_plane.errors import AwsError
from apps.control_plane.registry import Shape
from portal.console.entrance import FACTOR_IN_SESSION, PROVIDER, confirmed_factor, provider_due, safe_goal, to_entrance
from portal.console.gate import Console, console_of

_FEW = 3


class CodeForm(forms.Form):
    """A code of six digits, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=64,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponseBase:
    """The page between the password and the console."""
    if not request.user.is_authenticated:
        return to_entrance(request, "console:sign_in")
    goal = safe_goal(request, request.POST.get("next") or request.GET.get("next") or "")
    console = console_of(request, request.user)
    if console is None or not console.second_step_due:
        return redirect(goal)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        verified = with_code(console, form, "VerifySecondFactor")
        if verified is not None:
            _open(console, verified)
            return redirect(goal)
    context = {"form": form, "next": goal}
    return render(request, "console/second_step.html", context, status=422 if form.errors else 200)


def with_code(console: Console, form: forms.Form, name: str) -> Shape | None:
    """Perform an operation that takes a code. Wrong ones count towards the lock, which right ones open, and become errors of the form."""
    request, counted = console.request, {"username": f"second factor of {console.user.pk}"}
    if not AxesProxyHandler.is_allowed(request, counted):
        request.axes_locked_out, request.axes_credentials = True, counted  # type: ignore[attr-defined]
        form.add_error(None, "Too many attempts. Wait a quarter of an hour, then try again.")
        return None
    try:
        answer = console.call(name, {"code": form.cleaned_data["code"]}, "gatehouse")
    except AwsError as error:
        AxesProxyHandler.user_login_failed(__name__, counted, request)
        form.add_error("code", error.message)
        return None
    AxesProxyHandler.reset_attempts(username=counted["username"])
    return answer


def mark_verified(console: Console) -> None:
    """This session has shown the person's second factor; it gets a new key."""
    factor = confirmed_factor(console.user)
    assert factor is not None
    console.request.session.cycle_key()
    console.request.session[FACTOR_IN_SESSION] = factor.pk


def _open(console: Console, verified: Shape) -> None:
    mark_verified(console)
    left = verified["recoveryCodesLeft"]
    if verified["by"] == "recoveryCode" and left <= _FEW:
        messages.warning(console.request, f"You have {left} recovery codes left. Make new ones under Second factor.")


def guarded_staff_admin(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: staff admin, whose views are Django's, asks for the second step too."""
    admin = reverse("admin:index")

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(admin) and request.user.is_authenticated:
            if provider_due(request):
                return to_entrance(request, "console:sign_in")
            factor = confirmed_factor(request.user)
            if factor is not None and request.session.get(FACTOR_IN_SESSION) not in (factor.pk, PROVIDER):
                return to_entrance(request, "console:second_step")
        return get_response(request)

    return middleware
