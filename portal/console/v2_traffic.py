"""Dashboards of an HTTP or WebSocket API, and of its stages and routes."""

from __future__ import annotations

from django.http import HttpResponseBase

from apps.metering.dashboards import Subject, Window
from portal.bar_lists import BarList, Entry
from portal.console.commands import Command, curl
from portal.console.dashboards import Board, Place, key_list, method_lists, numbers
from portal.console.gate import Console, console_page
from portal.console.traffic import key_url
from portal.console.v2_frame import V2Frame, invoke_url, v2_frame


@console_page("GET")
def traffic(console: Console, api_id: str) -> HttpResponseBase:
    """The dashboard of an API. `?stage=` and `?route=` narrow it; `?period=` is a range."""
    frame = v2_frame(console, api_id, "v2_traffic")
    asked = console.request.GET
    stage = asked.get("stage", "")
    stage = stage if any(one.name == stage for one in frame.stages) else ""
    routes = sorted(frame.api.routes.values_list("route_key", flat=True))
    route = asked.get("route", "")
    route = route if route in routes else ""
    resource, method = _label(route, websocket=frame.api.websocket)
    subject = Subject(console.account_id, console.region, api_id, stage, resource=resource, method=method)
    chosen = {name: value for name, value in (("stage", stage), ("route", route)) if value}

    def lists(board: Board, time: Window) -> list[BarList]:
        found = method_lists(board, time, lambda place: _named(board, place, routes), "routes") if not route else []
        return [*found, key_list(board, time, key_url)] if not frame.api.websocket else found

    example = {"apiId": api_id, **({"stageName": stage} if stage else {})}
    return frame.page(
        "console/v2/traffic.html",
        steps=("Dashboard" if frame.api.websocket else "Metrics",),
        **numbers(Board(console, subject, chosen), lists),
        stage_name=stage,
        route_key=route,
        routes=routes,
        call=_call(frame, stage, routes),
        cli=[Command("GetApiMetrics", {**example, "period": 300}, service="gatehouse")],
    )


def _label(route: str, *, websocket: bool) -> tuple[str | None, str | None]:
    """What calls of a route are counted under: events of WebSocket APIs by the key alone."""
    if not route:
        return None, None
    method, _, path = route.partition(" ")
    if websocket or not path:
        return route, None
    return path, method


def _named(board: Board, place: Place, routes: list[str]) -> Entry:
    path, verb = place
    key = next((known for known in (f"{verb} {path}", path) if known in routes), "")
    return Entry(path or "(no route)", 0, "", url=board.narrower(route=key) if key else "", verb=verb)


def _call(frame: V2Frame, stage: str, routes: list[str]) -> str:
    """A call of a stage to begin with; nothing where there is no stage."""
    if not frame.stages:
        return ""
    url = invoke_url(frame.api, stage or frame.stages[0].name)
    if frame.api.websocket:
        return f"wscat -c {url}"
    gets = [route.removeprefix("GET ") for route in routes if route.startswith("GET ") and "{" not in route]
    return curl("GET", url + (gets[0] if gets else "/"))
