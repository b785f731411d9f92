"""How people sign up to the portal: where that leads, and how the confirmation reaches them."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from portal.developer import intent

CONFIRMATION_IN_SESSION = "developer_confirmation"
_NO_MAIL_LEAVES = ("console", "dummy", "locmem", "filebased")


def mail_is_sent() -> bool:
    """Whether messages leave this machine; in development they do not, and the pages say so."""
    return not settings.EMAIL_BACKEND.split(".")[-2].startswith(_NO_MAIL_LEAVES)


class AccountAdapter(DefaultAccountAdapter):
    """How Gatehouse signs people up."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "That name and password do not go together. Check both and try again.",
        "username_password_mismatch": "That name and password do not go together. Check both and try again.",
        "too_many_login_attempts": "Too many attempts. Wait a few minutes, then try again.",
        "enter_current_password": "That is not your current password.",
        "incorrect_password": "That is not your current password.",
        "invalid_password_reset": "This link has been used or is too old. Ask for a new one.",
    }

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """What the visitor wanted before they were asked to sign in; else their applications."""
        return reverse("developer:carry_on") if intent.waiting(request) else reverse("developer:applications")

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return reverse("developer:landing")

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        """Confirmed in another browser than one signed up in: the session there does not know the person yet."""
        if self.request.user.is_authenticated:
            return self.get_login_redirect_url(self.request)
        return reverse("account_login")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("developer:applications")

    def is_safe_url(self, url: str | None) -> bool:
        """Pages of this portal alone: paths, never another host, whatever hosts the settings trust."""
        if not url or not url.startswith("/") or url.startswith(("//", "/\\")):
            return False
        return bool(super().is_safe_url(url))

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """Send the link. Where no mail leaves the machine, the browser that signed up is shown it as well."""
        super().send_confirmation_mail(request, emailconfirmation, signup)
        if not mail_is_sent():
            request.session[CONFIRMATION_IN_SESSION] = {
                "email": emailconfirmation.email_address.email,
                "url": reverse("account_confirm_email", args=[emailconfirmation.key]),
            }
