"""allauth's forms in our words. What they check and do is allauth's."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ResetPasswordForm, ResetPasswordKeyForm, SignupForm
from django import forms
from django.core.validators import MaxLengthValidator

_LONGEST_LOGIN = 254
_NEW_PASSWORD = "At least 10 characters; no common password, and not your address."  # noqa: S105 - a hint


def _worded(field: forms.Field, label: str, hint: str = "") -> None:
    field.label = label
    field.help_text = hint
    field.widget.attrs.pop("placeholder", None)


class SignUpForm(SignupForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _worded(self.fields["email"], "E-mail")
        _worded(self.fields["password1"], "Password", _NEW_PASSWORD)


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _worded(self.fields["login"], "E-mail")
        # Failed attempts are kept with what was typed.
        self.fields["login"].validators.append(MaxLengthValidator(_LONGEST_LOGIN))
        self.fields["login"].widget.attrs.update(
            autocapitalize="none", autocomplete="username", maxlength=_LONGEST_LOGIN
        )
        _worded(self.fields["password"], "Password")


class AskForResetForm(ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _worded(self.fields["email"], "E-mail")


class ResetForm(ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _worded(self.fields["password1"], "New password", _NEW_PASSWORD)
        _worded(self.fields["password2"], "New password, again")


class ChangeForm(ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _worded(self.fields["oldpassword"], "Current password")
        _worded(self.fields["password1"], "New password", _NEW_PASSWORD)
        _worded(self.fields["password2"], "New password, again")
