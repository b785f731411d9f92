"""Where an invitation leads: its person sets a password, and signs in with it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.control_plane.gatehouse.memberships import invited


@never_cache
@sensitive_post_parameters("new_password1", "new_password2")
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, invitation: str) -> HttpResponse:
    """One page for the invited, another for everybody else who has such a link."""
    user = invited(invitation)
    if user is None:
        return render(request, "console/welcome.html", {"form": None}, status=404)
    form: SetPasswordForm[User] = SetPasswordForm(user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.save()
        messages.success(request, "Your password is set. Sign in with it.")
        return redirect("console:sign_in")
    return render(request, "console/welcome.html", {"form": form, "person": user}, status=422 if form.errors else 200)
