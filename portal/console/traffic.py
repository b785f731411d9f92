"""Dashboards of an API and of its stages and methods."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.urls import reverse

from apps.metering.dashboards import Subject, Window
from portal.bar_lists import BarList, Entry
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.commands import Command
from portal.console.dashboards import Board, Place, key_list, method_lists, numbers
from portal.console.first_call import first_call, methods_of
from portal.console.gate import Console, console_page

_MOST_METHODS = 300
_NO_RESOURCE = "(no resource)"


@console_page("GET")
def traffic(console: Console, api_id: str) -> HttpResponseBase:
    """The dashboard of an API. `?stage=` and `?method=GET /pets` narrow it; `?period=` is a range."""
    frame = api_frame(console, api_id, "traffic")
    stage = console.request.GET.get("stage", "")
    stage = stage if any(one.name == stage for one in frame.stages) else ""
    method = console.request.GET.get("method", "")
    verb, _, path = method.partition(" ")
    subject = Subject(
        console.account_id,
        console.region,
        api_id,
        stage,
        resource=path if method else None,
        method=verb or None,
    )
    chosen = {name: value for name, value in (("stage", stage), ("method", method)) if value}
    example = {"restApiId": api_id, **({"stageName": stage} if stage else {})}
    main = frame.main_stage
    return frame.page(
        "console/traffic.html",
        **numbers(Board(console, subject, chosen), _lists),
        stage_name=stage,
        method=method,
        methods=_methods(frame, method),
        call=first_call(frame, stage or main.name) if main else "",
        cli=[Command("GetTrafficMetrics", {**example, "period": 300}, service="gatehouse")],
    )


def key_url(key_id: str) -> str:
    """The dashboard of an API key."""
    return reverse("console:key_traffic", args=[key_id])


def _methods(frame: ApiFrame, chosen: str) -> list[str]:
    """The methods that one can choose. Calls of ANY are counted under what was asked for."""
    rows = methods_of(frame).exclude(http_method="ANY").values_list("http_method", "resource__path")
    known = {f"{verb} {path}" for verb, path in rows.order_by("resource__path")[:_MOST_METHODS]}
    return sorted(known | ({chosen} if chosen else set()), key=lambda one: one.partition(" ")[::-1])


def _lists(board: Board, time: Window) -> list[BarList]:
    def named(place: Place) -> Entry:
        path, verb = place
        return Entry(path or _NO_RESOURCE, 0, "", url=board.narrower(method=f"{verb} {path}"), verb=verb)

    methods = method_lists(board, time, named) if board.subject.resource is None else []
    return [*methods, key_list(board, time, key_url)]
