"""The console's first page: the APIs of the account in this region; and making one from nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.control_plane.paging import page
from apps.deployments.models import Stage
from apps.rest_apis.models import RestApi
from portal.charts import Sparkline
from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.drafts import is_behind
from portal.console.gate import Console, console_page
from portal.console.traffic_trends import trends_of_apis

_PAGE = 25


@dataclass(frozen=True)
class StageLink:
    name: str
    url: str
    behind: bool


@dataclass(frozen=True)
class ApiRow:
    """One line of the list."""

    api: RestApi
    stages: list[StageLink]
    trend: Sparkline | None
    requests: int

    @property
    def endpoint_type(self) -> str:
        return str((self.api.endpoint_configuration.get("types") or ["EDGE"])[0]).capitalize()

    @property
    def is_behind(self) -> bool:
        return any(stage.behind for stage in self.stages)


class ApiForm(forms.Form):
    """A new API without anything in it."""

    name = forms.CharField(max_length=1024, widget=forms.TextInput(attrs={"autofocus": True}))
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))


@console_page("GET")
def home(console: Console) -> HttpResponseBase:
    """The list of APIs, newest names found by search, one page at a time."""
    query = console.request.GET.get("q", "").strip()
    position = console.request.GET.get("position", "")
    rows, following = page(_found(console, query), {"limit": _PAGE, "position": position}, "name", "id")
    context: dict[str, Any] = {
        "query": query,
        "rows": _with_stages_and_traffic(rows),
        "next_url": _page_url(query, following) if following else "",
        "first_url": _page_url(query, "") if position else "",
        "trail": None,
        "cli": command_samples(console, [Command("GetRestApis")]),
    }
    return console.page("console/apis.html", section="apis", **context)


@console_page("GET", "POST")
def create_api(console: Console) -> HttpResponseBase:
    """A new API from nothing; its resources come next."""
    form = ApiForm(console.posted)
    if form.is_valid():
        created = console.submit(form, "CreateRestApi", _members(form.cleaned_data))
        if created is not None:
            messages.success(console.request, f"{created['name']} exists. Give it a resource and a method next.")
            return redirect("console:api", created["id"])
    context: dict[str, Any] = {
        "form": form,
        "trail": [{"label": "APIs", "url": reverse("console:home")}, {"label": "New API"}],
        "cli": command_samples(console, [Command("CreateRestApi", _members({"name": "Pet store"}))]),
    }
    return console.page("console/api_create.html", section="apis", status=422 if form.errors else 200, **context)


def _members(data: dict[str, Any]) -> dict[str, Any]:
    members: dict[str, Any] = {"name": data["name"], "endpointConfiguration": {"types": ["REGIONAL"]}}
    if data.get("description"):
        members["description"] = data["description"]
    return members


def _found(console: Console, query: str) -> QuerySet[RestApi]:
    rows = RestApi.objects.filter(account_id=console.account_id, region=console.region)
    if query:
        rows = rows.filter(Q(name__icontains=query) | Q(id__startswith=query.lower()))
    stages = Stage.objects.select_related("deployment").defer("deployment__document", "deployment__openapi")
    return rows.prefetch_related(Prefetch("stages", stages.order_by("name")))


def _with_stages_and_traffic(apis: list[RestApi]) -> list[ApiRow]:
    trends = trends_of_apis([api.id for api in apis])
    return [
        ApiRow(
            api,
            [
                StageLink(stage.name, reverse("console:stage", args=[api.id, stage.name]), is_behind(stage, api))
                for stage in api.stages.all()
            ],
            trends[api.id].sparkline if api.id in trends else None,
            trends[api.id].requests if api.id in trends else 0,
        )
        for api in apis
    ]


def _page_url(query: str, position: str) -> str:
    given = {name: value for name, value in (("q", query), ("position", position)) if value}
    return reverse("console:home") + (f"?{urlencode(given)}" if given else "")
