"""The command palette: what one types into, and the APIs, pages and actions that it leads to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpResponseBase
from django.urls import reverse

from apps.accounts.models import Membership
from apps.functions.models import Function
from apps.rest_apis.models import RestApi
from apps.usage_plans.models import ApiKey, UsagePlan
from apps.v2_apis.models import Api
from portal.console.api_frame import ApiFrame
from portal.console.gate import Console, console_page
from portal.console.navigation import navigation
from portal.console.v2_frame import V2Frame

_EACH = 6
_LONGEST = 100
_OF_AN_API = re.compile(r"/console/(apis|v2)/([a-z0-9]{10})/")
_ACTIONS = (
    ("Create a REST API", "plus", ("create_api",)),
    ("Create an HTTP API", "plus", ("v2_create", "http")),
    ("Create a WebSocket API", "plus", ("v2_create", "websocket")),
    ("Import an OpenAPI definition", "import", ("import",)),
    ("Create an API key", "key", ("create_key",)),
    ("Create a usage plan", "plan", ("create_plan",)),
    ("Create a function", "function", ("create_function",)),
    ("Make a product", "book", ("create_product",)),
)
_ACTIONS_HERE = (
    ("Compare deployments", "split", "compare_deployments"),
    ("Create an authorizer", "shield", "create_authorizer"),
    ("Create a model", "document", "create_model"),
    ("Create a request validator", "check", "create_request_validator"),
    ("Documentation versions", "layers", "documentation_versions"),
)
_ACTIONS_THERE = (
    ("Compare deployments", "split", "v2_compare"),
    ("Create a route", "plus", "v2_create_route"),
    ("Create an integration", "plus", "v2_create_integration"),
    ("Create an authorizer", "shield", "v2_create_authorizer"),
    ("Create a stage", "stage", "v2_create_stage"),
)


@dataclass(frozen=True)
class Found:
    """One line: where it leads, and what kind of thing it is."""

    label: str
    kind: str
    icon: str
    url: str
    note: str = ""


@console_page("GET")
def palette(console: Console) -> HttpResponseBase:
    """What matches every word of `q`, best kinds first; without words, what one can do here."""
    query = console.request.GET.get("q", "").strip()[:_LONGEST]
    words = query.lower().split()
    here = _OF_AN_API.search(console.request.headers.get("HX-Current-URL", ""))
    fixed = [*(_of_this_api(console, here[1], here[2]) if here else ()), *_pages(console), *_actions(console)]
    found = [one for one in fixed if all(word in f"{one.label} {one.note}".lower() for word in words)]
    if words:
        found = [*_rows(console, query), *found]
    return console.page("console/parts/palette_answer.html", found=found, query=query)


def _pages(console: Console) -> Iterator[Found]:
    for heading, links in navigation("", everything=bool(console.caller.role)):
        for link in links:
            yield Found(link.label, "Page", link.icon, link.url, heading)


def _actions(console: Console) -> Iterator[Found]:
    if console.may_write and console.caller.role:
        for label, icon, (view, *arguments) in _ACTIONS:
            yield Found(label, "Action", icon, reverse(f"console:{view}", args=arguments))


def _of_this_api(console: Console, kind: str, api_id: str) -> Iterator[Found]:
    """The pages of the API that one is looking at."""
    mine = {"account_id": console.account_id, "region": console.region, "id": api_id}
    api = (RestApi if kind == "apis" else Api).objects.filter(**mine).first()
    role = console.caller.role_on(api_id)
    if api is None or not role:
        return
    of_v2 = isinstance(api, Api)
    tabs = V2Frame(console, api, "").tabs if isinstance(api, Api) else ApiFrame(console, api, [], "").tabs
    for tab in tabs:
        yield Found(tab.label, "This API", "api", tab.url, api.name)
    for label, icon, view in _ACTIONS_THERE if of_v2 else _ACTIONS_HERE:
        if role != Membership.Role.VIEWER or not view.startswith(("create", "v2_create")):
            yield Found(label, "This API", icon, reverse(f"console:{view}", args=[api_id]), api.name)


def _rows(console: Console, query: str) -> Iterable[Found]:
    """What has this in its name, or an id that begins with it: at most six of each kind."""
    mine = {"account_id": console.account_id, "region": console.region}
    named = Q(name__icontains=query)
    rest = console.caller.seen(RestApi.objects.filter(**mine))
    v2s = console.caller.seen(Api.objects.filter(**mine))
    for row in rest.filter(named | Q(id__startswith=query.lower())).order_by("name")[:_EACH]:
        yield Found(row.name, "REST API", "api", reverse("console:api", args=[row.id]), row.id)
    for v2 in v2s.filter(named | Q(id__startswith=query.lower())).order_by("name")[:_EACH]:
        yield Found(v2.name, f"{v2.protocol_type} API", "api", reverse("console:v2_api", args=[v2.id]), v2.id)
    if not console.caller.role:
        return
    for name in Function.objects.filter(named, **mine).order_by("name").values_list("name", flat=True)[:_EACH]:
        yield Found(name, "Function", "function", reverse("console:function", args=[name]))
    plans = UsagePlan.objects.filter(named | Q(plan_id__startswith=query), **mine).order_by("name")
    for plan_id, name in plans.values_list("plan_id", "name")[:_EACH]:
        yield Found(name, "Usage plan", "plan", reverse("console:usage_plan", args=[plan_id]), plan_id)
    keys = ApiKey.objects.filter(named | Q(key_id__startswith=query), **mine).order_by("-pk")
    for key_id, label in keys.values_list("key_id", "name")[:_EACH]:
        yield Found(label or key_id, "API key", "key", reverse("console:api_key", args=[key_id]), key_id)
