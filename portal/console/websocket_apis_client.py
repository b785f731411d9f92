"""The live client of a WebSocket API: a page that connects to a stage, sends, and shows what goes both ways."""

from __future__ import annotations

import json

from django.http import Http404, HttpResponse, HttpResponseBase

from portal.console.gate import Console, console_page
from portal.console.v2_frame import invoke_url, v2_frame


@console_page("GET")
def client(console: Console, api_id: str) -> HttpResponseBase:
    """The page; what happens on it is js/socket-client.js, by way of the bridge."""
    frame = v2_frame(console, api_id, "v2_client")
    if not frame.api.websocket:
        raise Http404("only WebSocket APIs have connections")
    stages = [stage.name for stage in frame.stages if stage.deployment]
    wanted = console.request.GET.get("stage", "")
    return frame.page(
        "console/v2/client.html",
        steps=("Client",),
        stages=[{"name": name, "socket": frame.url("v2_client_socket", name)} for name in stages],
        stage_name=wanted if wanted in stages else "",
        url=invoke_url(frame.api, stages[0]) if stages else "",
        example=json.dumps({"action": _first_key(list(frame.api.routes.values_list("route_key", flat=True)))}),
    )


@console_page("GET")
def only_by_websocket(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """The address of the bridge, asked by plain HTTP."""
    return HttpResponse("Upgrade to a WebSocket.", status=426, headers={"Upgrade": "websocket"})


def _first_key(keys: list[str]) -> str:
    return next((key for key in sorted(keys) if not key.startswith("$")), "hello")
