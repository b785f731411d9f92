"""The forms of the applications' pages. What an operation refuses comes back from it; these only shape what is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms

from apps.portals.models import ApplicationMember
from portal.console.fields import LinesField

OVERLAPS = (
    ("0", "Stop now", "The old key stops at once."),
    ("3600", "1 hour", "Enough for a deployment."),
    ("86400", "1 day", "The usual choice."),
    ("604800", "7 days", "For programs that others run."),
)
"""Seconds, label and hint of how long a replaced key keeps working."""


class ApplicationForm(forms.Form):
    """What an application is called."""

    name = forms.CharField(max_length=128, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    description = forms.CharField(max_length=280, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class RotationForm(forms.Form):
    """How long the old key keeps working."""

    overlap = forms.ChoiceField(choices=[(seconds, label) for seconds, label, _ in OVERLAPS])


class KeyForm(forms.Form):
    """Another key of an application."""

    label = forms.CharField(max_length=64, required=False, help_text="What it is for, such as “staging”.")
    expires = forms.DateField(
        label="Works until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: until it is revoked. UTC.",
    )

    def members(self) -> dict[str, Any]:
        """The members of CreateApplicationKey."""
        given: dict[str, Any] = {"additional": True, "label": self.cleaned_data["label"]}
        if self.cleaned_data["expires"]:
            given["expiresDate"] = datetime.combine(self.cleaned_data["expires"], datetime.min.time(), UTC)
        return given


class LimitsForm(forms.Form):
    """From where a key works; from everywhere where nothing is said."""

    websites = LinesField(
        help_text="Whose pages call, by Origin or Referer: https://shop.example.com, or https://*.example.com for all names below. One per line.",
    )
    networks = LinesField(
        label="Networks of callers",
        help_text="Addresses and networks of servers: 192.0.2.7 or 192.0.2.0/24. One per line.",
    )

    def request(self) -> dict[str, Any]:
        """The members of PutApplicationKeyOrigins."""
        return {"websites": self.cleaned_data["websites"], "sourceNetworks": self.cleaned_data["networks"]}


class MemberForm(forms.Form):
    """Somebody to invite."""

    email = forms.EmailField(label="E-mail", max_length=254)
    role = forms.ChoiceField(choices=ApplicationMember.Role.choices, initial=ApplicationMember.Role.VIEWER)


class ClientForm(forms.Form):
    """An OAuth client."""

    name = forms.CharField(max_length=128)
    kind = forms.ChoiceField(
        label="Who acts",
        choices=[
            ("client_credentials", "The program itself (client credentials)"),
            ("confidential", "People, by a server that keeps a secret (PKCE)"),
            ("public", "People, by an app or a page without a secret (PKCE)"),
        ],
    )
    addresses = LinesField(
        label="Where people are sent back to",
        help_text="One per line, with https://. Not for a program that acts for itself.",
    )

    def request(self) -> dict[str, Any]:
        """The members of CreateApplicationClient."""
        kind = self.cleaned_data["kind"]
        if kind == "client_credentials":
            return {"name": self.cleaned_data["name"], "grantType": kind}
        return {
            "name": self.cleaned_data["name"],
            "grantType": "authorization_code",
            "clientType": kind,
            "redirectUris": self.cleaned_data["addresses"],
        }
