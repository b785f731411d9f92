"""One's own second factor: setting up an authenticator app, its recovery codes, and taking it away."""

from __future__ import annotations

from typing import Any

import qrcode
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from apps.control_plane.errors import ConflictException
from apps.control_plane.gatehouse.second_factors import ISSUER
from apps.core.totp import enrollment_uri
from portal.console.gate import Console, console_page
from portal.console.second_step import CodeForm, mark_verified, with_code

_SERVICE = "gatehouse"
_ENROLLING_IN_SESSION = "console_enrolling"


@sensitive_post_parameters("confirm-code")
@console_page("GET", "POST", enrolling=True)
@sensitive_variables("codes", "waiting")
def second_factor(console: Console) -> HttpResponseBase:
    """The page. Its form confirms the app that is being set up; the answer alone shows the recovery codes."""
    form = CodeForm(console.posted, prefix="confirm")
    if form.is_valid():
        codes = with_code(console, form, "ConfirmSecondFactor")
        if codes is not None:
            console.request.session.pop(_ENROLLING_IN_SESSION, None)
            console.user.refresh_from_db()
            mark_verified(console)
            return _page(console, codes=codes["recoveryCodes"])
    return _page(console, confirm_form=form)


@console_page("POST", enrolling=True)
def begin(console: Console) -> HttpResponseBase:
    """A fresh secret; the page shows it until a code has been confirmed or the session ends."""
    try:
        console.call("CreateSecondFactor", {}, _SERVICE)
    except ConflictException as error:
        messages.error(console.request, error.message)
    else:
        console.request.session[_ENROLLING_IN_SESSION] = True
    return redirect("console:second_factor")


@sensitive_post_parameters("renew-code")
@console_page("POST")
@sensitive_variables("codes")
def renew_recovery_codes(console: Console) -> HttpResponseBase:
    """New recovery codes, for a code of the app."""
    form = CodeForm(console.posted, prefix="renew")
    codes = with_code(console, form, "CreateRecoveryCodes") if form.is_valid() else None
    return _page(console, renew_form=form) if codes is None else _page(console, codes=codes["recoveryCodes"])


@sensitive_post_parameters("remove-code")
@console_page("POST")
def remove(console: Console) -> HttpResponseBase:
    """Take the app away, for a code of it."""
    form = CodeForm(console.posted, prefix="remove")
    if not form.is_valid() or with_code(console, form, "DeleteSecondFactor") is None:
        return _page(console, remove_form=form)
    messages.success(console.request, "You sign in with the password alone now.")
    return redirect("console:second_factor")


def _page(console: Console, **shown: Any) -> HttpResponseBase:
    state = console.call("GetSecondFactor", {}, _SERVICE)
    for name in ("confirm", "renew", "remove"):
        form = shown.setdefault(f"{name}_form", CodeForm(prefix=name))
        form.fields["code"].widget.attrs.pop("autofocus", None)
    waiting = _waiting(console)
    return console.page(
        "console/second_factor.html",
        section="",
        state=state,
        waiting=waiting,
        qr=_picture(waiting["uri"]) if waiting else None,
        status=422 if any(form.errors for form in shown.values() if isinstance(form, CodeForm)) else 200,
        **shown,
    )


def _waiting(console: Console) -> dict[str, str] | None:
    """The secret that is being set up in this session, as text in groups and as the app wants it."""
    factor = getattr(console.user, "second_factor", None)
    if factor is None or factor.confirmed or not console.request.session.get(_ENROLLING_IN_SESSION):
        return None
    secret = str(factor.secret)
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return {"secret": groups, "uri": enrollment_uri(secret, console.user.get_username(), ISSUER)}


def _picture(uri: str) -> dict[str, Any]:
    """A QR code as one path: every dark module is a square of it."""
    code = qrcode.QRCode(border=4, error_correction=qrcode.ERROR_CORRECT_M)
    code.add_data(uri)
    rows = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return {"size": len(rows), "path": path}
