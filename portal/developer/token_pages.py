"""Tokens for the portal's JSON API."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import User
from apps.portals.models import PortalToken
from portal.developer.api_access import MOST_TOKENS, SCOPES, make_token


class TokenForm(forms.Form):
    """What a token is for, what it may do, and until when."""

    name = forms.CharField(max_length=64, help_text="Which program has it.")
    scopes = forms.MultipleChoiceField(
        choices=list(SCOPES.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    days = forms.TypedChoiceField(
        label="Works for",
        choices=[("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "a year")],
        coerce=int,
        initial="30",
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The reader's tokens, and a form for another. Its text is on the page that the form answers, and never again."""
    assert isinstance(request.user, User)
    form, made = TokenForm(request.POST if request.method == "POST" else None), ""
    if form.is_valid():
        if request.user.portal_tokens.count() >= MOST_TOKENS:
            form.add_error(None, f"You can have at most {MOST_TOKENS} tokens. Delete one first.")
        else:
            made = make_token(
                request.user, form.cleaned_data["name"], form.cleaned_data["scopes"], form.cleaned_data["days"]
            )[1]
            form = TokenForm()
    context = {"section": "tokens", "form": form, "made": made, "tokens": request.user.portal_tokens.order_by("-pk")}
    return render(request, "developer/tokens.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def delete_token(request: HttpRequest, token_id: str) -> HttpResponse:
    """End a token at once."""
    PortalToken.objects.filter(user=request.user.pk, token_id=token_id).delete()
    messages.success(request, "The token ends now.")
    return redirect("developer:tokens")
