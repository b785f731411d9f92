"""The dashboard of the whole account in a region, and that of an API key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.urls import reverse

from apps.metering import dashboards
from apps.metering.dashboards import Order, Subject, Window
from apps.metering.reports import Totals
from apps.rest_apis.models import RestApi
from apps.usage_plans.models import ApiKey
from apps.v2_apis.models import Api
from portal.bar_lists import BarList, Entry
from portal.console import addresses
from portal.console.api_frame import command_samples
from portal.console.commands import Command, curl
from portal.console.dashboards import Board, Place, key_list, method_lists, numbers, top
from portal.console.gate import Console, console_page
from portal.console.traffic import key_url

_MOST = 8


@console_page("GET")
def dashboard(console: Console) -> HttpResponseBase:
    """All APIs together; the first of them lead to their own dashboards."""
    board = Board(console, Subject(console.account_id, console.region), {})
    return console.page(
        "console/dashboard.html",
        section="dashboard",
        **numbers(board, _of_account),
        cli=command_samples(console, [Command("GetTrafficMetrics", {"restApiId": "API_ID"}, service="gatehouse")]),
    )


@console_page("GET")
def key_traffic(console: Console, key_id: str) -> HttpResponseBase:
    """What one key has called."""
    key = console.caller.find(ApiKey, "Invalid API Key identifier specified", key_id=key_id)
    board = Board(console, Subject(console.account_id, console.region, key_id=key_id), {})
    trail = [
        {"label": "API keys", "url": reverse("console:api_keys")},
        {"label": key.name or key_id, "url": reverse("console:api_key", args=[key_id])},
        {"label": "Traffic"},
    ]
    return console.page(
        "console/key_traffic.html",
        section="api-keys",
        key=key,
        call=_call_with(key),
        trail=trail,
        **numbers(board, _of_key),
        cli=command_samples(console, [Command("GetUsage", _usage_of(key_id))]),
    )


def _usage_of(key_id: str) -> dict[str, Any]:
    return {"usagePlanId": "PLAN_ID", "keyId": key_id, "startDate": "2026-01-01", "endDate": "2026-01-31"}


def _call_with(key: ApiKey) -> str:
    """A call of the first stage that the key opens; nothing where it opens none."""
    membership = key.plans.filter(plan__api_stages__isnull=False).select_related("plan").first()
    row = membership.plan.api_stages.first() if membership else None
    if row is None:
        return ""
    url = addresses.path_style(row.rest_api_id, row.stage_name)
    return curl("GET", f"{url}/", {"x-api-key": "YOUR_KEY"})


def _of_account(board: Board, time: Window) -> list[BarList]:
    found = {order: dashboards.apis(board.subject, time, order, _MOST) for order in Order}
    named = _named_apis(board, {api_id for listed in found.values() for api_id, _ in listed})

    def listed(order: Order, title: str) -> BarList:
        rows: list[tuple[Place, Totals]] = [((api_id,), sums) for api_id, sums in found[order]]
        return top(f"{order.value}-apis", title, rows, order, lambda place: named(place[0]))

    return [
        listed(Order.REQUESTS, "Busiest APIs"),
        listed(Order.LATENCY, "Slowest APIs"),
        listed(Order.ERRORS, "APIs with most errors"),
        key_list(board, time, key_url),
    ]


def _of_key(board: Board, time: Window) -> list[BarList]:
    found = dashboards.stages(board.subject, time, Order.REQUESTS, _MOST)
    named = _named_apis(board, {place[0] for place, _ in found})

    def of_stage(place: Place) -> Entry:
        entry = named(place[0], stage=place[1])
        return Entry(f"{entry.label} · {place[1]}", 0, "", url=entry.url)

    stages = top("stages", "Busiest stages", found, Order.REQUESTS, of_stage)
    return [
        stages,
        *method_lists(board, time, lambda place: Entry(place[0] or "(no resource)", 0, "", verb=place[1])),
    ]


def _named_apis(board: Board, api_ids: set[str]) -> Callable[..., Entry]:
    """Says what an API is called and where its dashboard is, in two queries for all of them."""
    mine = {"account_id": board.subject.account_id, "region": board.subject.region, "id__in": api_ids}
    first = dict(RestApi.objects.filter(**mine).values_list("id", "name"))
    second = dict(Api.objects.filter(**mine).values_list("id", "name"))

    def named(api_id: str, **chosen: str) -> Entry:
        if api_id in first or api_id in second:
            page = "console:traffic" if api_id in first else "console:v2_traffic"
            name = first.get(api_id) or second.get(api_id) or api_id
            return Entry(name, 0, "", url=board.narrower(reverse(page, args=[api_id]), **chosen))
        return Entry(f"{api_id} (deleted)", 0, "")

    return named
