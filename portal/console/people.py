"""People: who belongs to the account, in which role, and how others come in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.mail import send_mail
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from apps.accounts.models import Membership
from portal.console.fields import offer
from portal.console.gate import Console, console_page
from portal.console.paging import page_of_answer, page_of_items

_SERVICE = "gatehouse"
_ROLES = [
    (Membership.Role.MEMBER.value, "Member: only what their teams may do"),
    (Membership.Role.VIEWER.value, "Viewer: sees everything, changes nothing"),
    (Membership.Role.EDITOR.value, "Editor: changes everything but people"),
    (Membership.Role.OWNER.value, "Owner: changes people too"),
]
_WRITING = """Hello,

{inviter} has invited you to {account} in the Gatehouse console. Choose your password here:

{link}

The link works once, for three days. Your user name is {name}.
"""


class InviteForm(forms.Form):
    """Somebody who is new here."""

    name = forms.CharField(label="User name", max_length=64, help_text="What they sign in with, besides the address.")
    email = forms.EmailField(label="E-mail")
    role = forms.ChoiceField(label="Role", choices=_ROLES, initial=Membership.Role.VIEWER)
    team = forms.ChoiceField(label="Team", required=False)

    def __init__(self, *args: Any, teams: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "team", [("", "None"), *((name, name) for name in teams)])


class AddForm(forms.Form):
    """Somebody who has a user name already, in the developer portal or in another account."""

    name = forms.CharField(label="User name", max_length=150)
    role = forms.ChoiceField(label="Role", choices=_ROLES)


@console_page("GET")
def people(console: Console) -> HttpResponseBase:
    """The members of the account."""
    return _page(console)


@console_page("POST")
@sensitive_variables("invitation")
def invite(console: Console) -> HttpResponseBase:
    """Make a person and show the link with which they set their password; it is sent to them where mail leaves."""
    form = InviteForm(console.posted, prefix="invite", teams=_teams(console))
    if not form.is_valid():
        return _page(console, invite_form=form)
    given = form.cleaned_data
    request = {"userName": given["name"], "email": given["email"], "role": given["role"]}
    if console.submit(form, "CreateUser", request, _SERVICE) is None:
        return _page(console, invite_form=form)
    if given["team"]:
        console.call("PutTeamMember", {"teamName": given["team"], "userName": given["name"]}, _SERVICE)
    invitation = _invitation(console, given["name"])
    _send(console, invitation, given["email"])
    return _page(console, invitation=invitation)


@console_page("POST")
def add_person(console: Console) -> HttpResponseBase:
    """Give somebody with a user name a role in the account."""
    form = AddForm(console.posted, prefix="add")
    if not form.is_valid():
        return _page(console, add_form=form)
    request = {"userName": form.cleaned_data["name"], "role": form.cleaned_data["role"]}
    if console.submit(form, "PutMembership", request, _SERVICE) is None:
        return _page(console, add_form=form)
    messages.success(console.request, f"{form.cleaned_data['name']} belongs to the account now.")
    return redirect("console:people")


@console_page("POST")
def change_role(console: Console, name: str) -> HttpResponseBase:
    """Another role for a member."""
    role = console.request.POST.get("role", "")
    console.call("GetMembership", {"userName": name}, _SERVICE)
    console.attempt(f"{name} is {role} now.", "PutMembership", {"userName": name, "role": role}, _SERVICE)
    return redirect("console:people")


@console_page("POST")
@sensitive_variables("invitation")
def invite_again(console: Console, name: str) -> HttpResponseBase:
    """A fresh link for somebody who has not set a password yet."""
    return _page(console, invitation=_invitation(console, name))


@console_page("POST")
def require_second_factor(console: Console) -> HttpResponseBase:
    """Ask everybody for a second factor, or leave it to them."""
    required = console.request.POST.get("required") == "true"
    done = (
        "Everybody signs in with a second factor now." if required else "A second factor is everybody's own affair now."
    )
    console.attempt(done, "PutAccountSecurity", {"secondFactorRequired": required}, _SERVICE)
    return redirect("console:people")


@console_page("POST")
def reset_second_factor(console: Console, name: str) -> HttpResponseBase:
    """Let somebody in who has lost their authenticator app, after their name has been typed."""
    if console.request.POST.get("confirmation", "").strip() != name:
        messages.error(console.request, f"Type {name} to reset the second factor. Nothing was changed.")
        return redirect("console:people")
    console.attempt(
        f"{name} signs in with the password alone, until a new app is set up.",
        "ResetSecondFactor", {"userName": name}, _SERVICE,
    )  # fmt: skip
    return redirect("console:people")


@console_page("POST")
def remove_person(console: Console, name: str) -> HttpResponseBase:
    """Take somebody out of the account; who has left it themselves is back at the console's entrance."""
    done = console.attempt(f"{name} has left the account.", "DeleteMembership", {"userName": name}, _SERVICE)
    left = done is not None and name == console.user.get_username()
    return redirect("console:home" if left else "console:people")


def _invitation(console: Console, name: str) -> dict[str, str]:
    """Who is invited, and the link that they get."""
    made = console.call("CreateInvitation", {"userName": name}, _SERVICE)
    path = reverse("console:welcome", args=[made["invitation"]])
    return {"name": name, "link": settings.ENVIRONMENT.portal_url.rstrip("/") + path}


def _send(console: Console, invitation: dict[str, str], email: str) -> None:
    """Send the link. A mail server that is away does not undo the invitation: the page shows the link anyway."""
    account = console.membership.account.name
    text = _WRITING.format(inviter=console.user.get_username(), account=account, **invitation)
    if not send_mail(f"You are invited to {account}", text, None, [email], fail_silently=True):
        messages.warning(console.request, "The message could not be sent. Hand the link over yourself.")


def _page(console: Console, **shown: Any) -> HttpResponseBase:
    teams = console.call("ListTeams", {}, _SERVICE)["items"]
    shown.setdefault("invite_form", InviteForm(prefix="invite", teams=[one["teamName"] for one in teams]))
    shown.setdefault("add_form", AddForm(prefix="add"))
    wrong = shown["invite_form"].errors or shown["add_form"].errors
    return console.page(
        "console/people.html",
        section="people",
        people=page_of_answer(console, "ListMemberships", _SERVICE),
        teams=page_of_items(console, ((one["teamName"], one) for one in teams), "team_position"),
        required=console.membership.account.second_factor_required,
        roles=[(value, value.capitalize()) for value, _ in _ROLES],
        status=422 if wrong else 200,
        **shown,
    )


def _teams(console: Console) -> list[str]:
    return [one["teamName"] for one in console.call("ListTeams", {}, _SERVICE)["items"]]
