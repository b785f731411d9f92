"""Teams of the account: who has a role together, and for which APIs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.accounts.models import Membership
from apps.rest_apis.models import RestApi
from apps.v2_apis.models import Api
from portal.console.fields import offer
from portal.console.gate import Console, console_page

_SERVICE = "gatehouse"
_MOST = 300
_ROLES = [
    ("viewer", "Viewer: sees, changes nothing"),
    ("editor", "Editor: changes everything but people"),
    ("owner", "Owner: changes people too"),
]
_SCOPES = [
    ("ACCOUNT", "The whole account"),
    ("APIS", "The APIs that are chosen"),
    ("TAG", "The APIs with a tag"),
]


class TeamForm(forms.Form):
    """What a team may do, and where."""

    name = forms.CharField(label="Name", max_length=64)
    role = forms.ChoiceField(label="Role", choices=_ROLES)
    scope = forms.ChoiceField(label="For", choices=_SCOPES, initial="ACCOUNT")
    apis = forms.MultipleChoiceField(label="APIs", required=False, widget=forms.CheckboxSelectMultiple)
    tag_key = forms.CharField(label="Tag", max_length=128, required=False)
    tag_value = forms.CharField(label="Its value", max_length=256, required=False)

    def __init__(self, *args: Any, console: Console, known: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "apis", _apis(console))
        if known:
            del self.fields["name"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("scope") == "APIS" and not data.get("apis"):
            self.add_error("apis", "Choose the APIs that the team is for.")
        if data.get("scope") == "TAG" and not data.get("tag_key"):
            self.add_error("tag_key", "Name the tag that those APIs have.")
        return data

    def request(self, name: str) -> dict[str, Any]:
        data = self.cleaned_data
        tag = {"tagKey": data["tag_key"], "tagValue": data["tag_value"]} if data["scope"] == "TAG" else {}
        apis = {"apiIds": data["apis"]} if data["scope"] == "APIS" else {}
        return {"teamName": name, "role": data["role"], "scope": data["scope"], **apis, **tag}


@console_page("GET", "POST")
def create_team(console: Console) -> HttpResponseBase:
    """A new team; its page takes people in."""
    form = TeamForm(console.posted, console=console)
    if form.is_valid():
        name = form.cleaned_data["name"]
        if console.submit(form, "PutTeam", form.request(name), _SERVICE) is not None:
            messages.success(console.request, f"{name} exists. Take people in next.")
            return redirect("console:team", name)
    return console.page(
        "console/form_page.html",
        section="people",
        title="New team",
        note="Whoever is in it has its role, besides what they have anyway. The strongest counts.",
        form=form,
        submit="Make team",
        back=reverse("console:people"),
        trail=[{"label": "People", "url": reverse("console:people")}, {"label": "New team"}],
        status=422 if form.errors else 200,
    )


@console_page("GET", "POST")
def team(console: Console, name: str) -> HttpResponseBase:
    """One team: its role, what it is for, and who is in it."""
    shape = console.call("GetTeam", {"teamName": name}, _SERVICE)
    initial = {"role": shape["role"], "scope": shape["scope"], "apis": shape["apiIds"], "tag_key": shape["tagKey"], "tag_value": shape["tagValue"]}  # fmt: skip
    form = TeamForm(console.posted, initial=initial, console=console, known=True)
    if form.is_valid() and console.submit(form, "PutTeam", form.request(name), _SERVICE) is not None:
        messages.success(console.request, "Saved. It counts from now on.")
        return redirect("console:team", name)
    inside = set(shape["userNames"])
    people = Membership.objects.filter(account_id=console.account_id).order_by("user__username")
    names = people.values_list("user__username", flat=True)[: _MOST * 4]
    return console.page(
        "console/team.html",
        section="people",
        team=shape,
        form=form,
        outside=[one for one in names if one not in inside],
        trail=[{"label": "People", "url": reverse("console:people")}, {"label": name}],
        status=422 if form.errors else 200,
    )


@console_page("POST")
def add_team_member(console: Console, name: str) -> HttpResponseBase:
    """Take somebody in."""
    who = console.request.POST.get("who", "")
    console.attempt(f"{who} is in {name} now.", "PutTeamMember", {"teamName": name, "userName": who}, _SERVICE)
    return redirect("console:team", name)


@console_page("POST")
def remove_team_member(console: Console, name: str, who: str) -> HttpResponseBase:
    """Take somebody out."""
    request = {"teamName": name, "userName": who}
    console.attempt(f"{who} has left {name}.", "DeleteTeamMember", request, _SERVICE)
    return redirect("console:team", name)


@console_page("POST")
def delete_team(console: Console, name: str) -> HttpResponseBase:
    """End a team, after its name has been typed."""
    if console.request.POST.get("confirmation", "").strip() != name:
        messages.error(console.request, f"Type {name} to delete the team. Nothing was deleted.")
        return redirect("console:team", name)
    console.attempt(f"{name} is no more. Its people stay.", "DeleteTeam", {"teamName": name}, _SERVICE)
    return redirect("console:people")


def _apis(console: Console) -> list[tuple[str, str]]:
    """The APIs of the account in all regions, as choices."""
    found: list[tuple[str, str]] = []
    for rows in (
        RestApi.objects.filter(account_id=console.account_id),
        Api.objects.filter(account_id=console.account_id),
    ):
        found += [
            (one, f"{name} ({one}, {region})") for one, name, region in rows.values_list("id", "name", "region")[:_MOST]
        ]
    return sorted(found, key=lambda choice: choice[1].lower())
