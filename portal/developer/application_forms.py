"""The forms of the applications' pages. What an operation refuses comes back from it; these only shape what is sent."""

from __future__ import annotations

from django import forms

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
