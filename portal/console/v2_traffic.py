"""What an HTTP or WebSocket API has answered, by stage and by route."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponseBase

from portal.console.gate import Console, console_page
from portal.console.traffic import PERIODS, numbers
from portal.console.v2_frame import v2_frame


@console_page("GET")
def traffic(console: Console, api_id: str) -> HttpResponseBase:
    """The charts; those of the last hour are live. `?stage=` and `?route=` choose."""
    frame = v2_frame(console, api_id, "v2_traffic")
    asked = console.request.GET
    period = PERIODS.get(asked.get("period", "1h"), PERIODS["1h"])
    stage = asked.get("stage", "")
    stage = stage if any(one.name == stage for one in frame.stages) else ""
    routes = sorted(frame.api.routes.values_list("route_key", flat=True))
    route = asked.get("route", "")
    route = route if route in routes else ""
    resource, method = _label(route, websocket=frame.api.websocket)
    kept = {name: value for name, value in (("stage", stage), ("route", route)) if value}
    return frame.page(
        "console/v2/traffic.html",
        steps=("Traffic",),
        period=period,
        periods=PERIODS.values(),
        stage_name=stage,
        route_key=route,
        routes=routes,
        kept="&" + urlencode(kept) if kept else "",
        **numbers(frame.api, period, stage, resource, method),
    )


def _label(route: str, *, websocket: bool) -> tuple[str | None, str | None]:
    """What calls of a route are counted under: events of WebSocket APIs by the key alone."""
    if not route:
        return None, None
    method, _, path = route.partition(" ")
    if websocket or not path:
        return route, None
    return path, method
