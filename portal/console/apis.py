"""The console's first page: the APIs of the account in this region; and making one from nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.accounts.models import Membership
from apps.control_plane.paging import page, write_position
from apps.deployments.models import Stage
from apps.rest_apis.models import RestApi
from apps.v2_apis.models import Api
from apps.v2_apis.models import Stage as V2Stage
from portal.charts import Sparkline
from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.drafts import is_behind
from portal.console.endpoint_forms import EndpointForm
from portal.console.fields import offer
from portal.console.gate import Console, console_page
from portal.console.traffic_trends import LastDay, last_day, trends_of_apis

_PAGE = 25
Row = TypeVar("Row", RestApi, Api)


@dataclass(frozen=True)
class StageLink:
    name: str
    url: str


@dataclass(frozen=True)
class ApiRow:
    """One line of the list: an API of any kind. `changes_url` is empty unless its draft is ahead of a stage."""

    id: str
    name: str
    kind: str
    url: str
    traffic_url: str
    stages: list[StageLink]
    endpoint: str
    changes_url: str
    trend: Sparkline | None = None
    requests: int = 0


class ApiForm(EndpointForm):
    """A new API: with nothing in it, or a copy of another."""

    name = forms.CharField(label="API name", max_length=1024, widget=forms.TextInput(attrs={"autofocus": True}))
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    source = forms.ChoiceField(
        label="Clone existing API",
        required=False,
        help_text="Copies its resources, methods, integrations and models as they are now. Stages, authorizers and keys stay behind.",
    )

    field_order = ("name", "description", "source")

    def __init__(self, *args: Any, sources: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "source", [("", "None: a new API"), *sources])

    def members(self) -> dict[str, Any]:
        data = self.cleaned_data
        given = {"description": data["description"], "cloneFrom": data["source"]}
        filled = {name: value for name, value in given.items() if value}
        return {"name": data["name"], "endpointConfiguration": self.configuration(), **filled}


@console_page("GET")
def home(console: Console) -> HttpResponseBase:
    """The list of APIs of all kinds, newest names found by search, one page at a time."""
    if not console.caller.role:
        console = replace(console, role=Membership.Role.VIEWER)  # nobody makes APIs for a team alone
    query = console.request.GET.get("q", "").strip()
    position = console.request.GET.get("position", "")
    rows, following = _page_of(console, query, position)
    context: dict[str, Any] = {
        "query": query,
        "rows": rows,
        "last_day": _last_day(console) if not (query or position) else None,
        "next_url": _page_url(query, following) if following else "",
        "first_url": _page_url(query, "") if position else "",
        "trail": None,
        "cli": command_samples(console, [Command("GetRestApis"), Command("GetApis", service="apigatewayv2")]),
    }
    return console.page("console/apis.html", section="apis", **context)


def _last_day(console: Console) -> LastDay | None:
    """Of the whole account, for those who have a role in it."""
    return last_day(console.account_id, console.region) if console.caller.role else None


@console_page("GET", "POST")
def create_api(console: Console) -> HttpResponseBase:
    """A new API from nothing, whose resources come next, or a copy."""
    mine = console.caller.seen(RestApi.objects.filter(account_id=console.account_id, region=console.region))
    named = mine.order_by("name").values_list("id", "name")[:500]
    form = ApiForm(console.posted, sources=[(api_id, f"{name} ({api_id})") for api_id, name in named])
    if form.is_valid():
        created = console.submit(form, "CreateRestApi", form.members())
        if created is not None:
            following = "Deploy it next." if form.cleaned_data["source"] else "Give it a resource and a method next."
            messages.success(console.request, f"{created['name']} exists. {following}")
            return redirect("console:api", created["id"])
    context: dict[str, Any] = {
        "form": form,
        "trail": [{"label": "APIs", "url": reverse("console:home")}, {"label": "Create REST API"}],
        "cli": command_samples(
            console, [Command("CreateRestApi", {"name": "Pet store", "endpointConfiguration": {"types": ["REGIONAL"]}})]
        ),
    }
    return console.page("console/api_create.html", section="apis", status=422 if form.errors else 200, **context)


def _page_of(console: Console, query: str, position: str) -> tuple[list[ApiRow], str | None]:
    """One page of the APIs of both tables by name and id: of each as many as could be on it."""
    wanted = {"limit": _PAGE + 1, "position": position}
    stages = Stage.objects.select_related("deployment").defer("deployment__document", "deployment__openapi")
    first = _found(console, RestApi.objects.prefetch_related(Prefetch("stages", stages.order_by("name"))), query)
    second = _found(console, Api.objects.prefetch_related(Prefetch("stages", V2Stage.objects.order_by("name"))), query)
    found = [_rest_row(api) for api in page(first, wanted, "name", "id")[0]]
    found += [_v2_row(api) for api in page(second, wanted, "name", "id")[0]]
    found.sort(key=lambda row: (row.name, row.id))
    rows = found[:_PAGE]
    following = write_position([rows[-1].name, rows[-1].id]) if len(found) > _PAGE else None
    trends = trends_of_apis(console.account_id, [row.id for row in rows])
    return [
        replace(row, trend=trends[row.id].sparkline, requests=trends[row.id].requests) if row.id in trends else row
        for row in rows
    ], following


def _found(console: Console, rows: QuerySet[Row], query: str) -> QuerySet[Row]:
    rows = console.caller.seen(rows.filter(account_id=console.account_id, region=console.region))
    return rows.filter(Q(name__icontains=query) | Q(id__startswith=query.lower())) if query else rows


def _rest_row(api: RestApi) -> ApiRow:
    stages = list(api.stages.all())
    return ApiRow(
        id=api.id,
        name=api.name,
        kind="REST",
        url=reverse("console:api", args=[api.id]),
        traffic_url=reverse("console:traffic", args=[api.id]),
        stages=[StageLink(one.name, reverse("console:stage", args=[api.id, one.name])) for one in stages],
        endpoint=str((api.endpoint_configuration.get("types") or ["EDGE"])[0]).capitalize(),
        changes_url=(
            reverse("console:changes", args=[api.id]) if any(is_behind(stage, api) for stage in stages) else ""
        ),
    )


def _v2_row(api: Api) -> ApiRow:
    return ApiRow(
        id=api.id,
        name=api.name,
        kind="WebSocket" if api.websocket else "HTTP",
        url=reverse("console:v2_api", args=[api.id]),
        traffic_url=reverse("console:v2_traffic", args=[api.id]),
        stages=[StageLink(one.name, reverse("console:v2_stage", args=[api.id, one.name])) for one in api.stages.all()],
        endpoint="Regional",
        changes_url="",
    )


def _page_url(query: str, position: str) -> str:
    given = {name: value for name, value in (("q", query), ("position", position)) if value}
    return reverse("console:home") + (f"?{urlencode(given)}" if given else "")
