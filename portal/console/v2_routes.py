"""Routes of an HTTP or WebSocket API: the list beside one of them, making, editing and deleting."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.v2.integration_checks import FUNCTION
from apps.core.integration_uris import invocation_uri
from apps.v2_apis.models import Api, Route
from portal.console.commands import curl
from portal.console.function_grants import grant_invocation
from portal.console.gate import Console, Shape, console_page
from portal.console.openapi_parts import of_route
from portal.console.v2_frame import V2Frame, given, host_url, invoke_url, v2_frame
from portal.console.v2_integration_facts import Fact, integration_facts
from portal.console.v2_route_forms import DEFAULT_KEY, HttpRouteForm, RouteForm, WebSocketRouteForm

_CONNECTION_ROUTES = ("$connect", "$disconnect", DEFAULT_KEY)


@console_page("GET")
def api(console: Console, api_id: str) -> HttpResponseBase:
    """Where the API answers and its routes; `?route=` chooses one to look at."""
    frame = v2_frame(console, api_id, "v2_api")
    chosen = console.request.GET.get("route", "")
    route = _route(frame, chosen) if chosen else None
    stage = next(iter(sorted(frame.stages, key=lambda one: one.deployment is None)), None)
    return frame.page(
        "console/v2/api.html",
        openapi=of_route(route.route_key) if route else ("paths",),
        steps=(route.route_key,) if route else (),
        nodes=_tree(frame, route),
        route=route,
        facts=_facts(route) if route else [],
        integration_facts=integration_facts(route.integration) if route and route.integration else [],
        route_response=route.responses.first() if route else None,
        test_query=_test_query(route) if route else "",
        call=_call(frame.api, route, stage.name) if route and stage and stage.deployment else "",
        host_url=host_url(frame.api, stage.name) if stage else "",
        cli=[frame.command("GetRoute", RouteId=chosen)] if route else [frame.command("GetRoutes")],
    )


@console_page("GET", "POST")
def create_route(console: Console, api_id: str) -> HttpResponseBase:
    """A new route, with an integration that is there or one that is made with it."""
    frame = v2_frame(console, api_id, "v2_api")
    wanted = {"route_key": console.request.GET.get("key", ""), "method": "GET", "path": "/"}
    form = _form(frame)(console.posted, api=frame.api, initial=wanted)
    if form.is_valid():
        made = console.carry_out(form, lambda: _save(frame, form, "CreateRoute"))
        if made is not None:
            return _back(frame, made["RouteId"])
    example = {"RouteKey": "join" if frame.api.websocket else "GET /pets", "Target": "integrations/INTEGRATION_ID"}
    return frame.page(
        "console/v2/form.html",
        steps=("Create route",),
        form=form,
        title="Create route",
        submit="Create route",
        back=frame.url("v2_api"),
        cli=[frame.command("CreateRoute", **example)],
    )


@console_page("GET", "POST")
def edit_route(console: Console, api_id: str, route_id: str) -> HttpResponseBase:
    """One route."""
    frame = v2_frame(console, api_id, "v2_api")
    route = _route(frame, route_id)
    form = _form(frame)(console.posted, api=frame.api, route=route)
    if form.is_valid():
        made = console.carry_out(form, lambda: _save(frame, form, "UpdateRoute", RouteId=route_id))
        if made is not None:
            return _back(frame, route_id)
    return frame.page(
        "console/v2/form.html",
        steps=((route.route_key, route_url(frame, route_id)), "Edit"),
        form=form,
        title=f"Edit {route.route_key}",
        submit="Save route",
        back=route_url(frame, route_id),
        cli=[frame.command("UpdateRoute", RouteId=route_id, AuthorizationType="AWS_IAM")],
    )


@console_page("POST")
def delete_route(console: Console, api_id: str, route_id: str) -> HttpResponseBase:
    """Delete a route; its integration stays."""
    frame = v2_frame(console, api_id, "v2_api")
    route = _route(frame, route_id)
    frame.attempt(f"The route {route.route_key} is gone. Its integration stays.", "DeleteRoute", RouteId=route_id)
    return frame.to("v2_api")


def route_url(frame: V2Frame, route_id: str) -> str:
    return f"{frame.url('v2_api')}?route={route_id}"


def _back(frame: V2Frame, route_id: str) -> HttpResponseBase:
    messages.success(frame.console.request, "The route is saved.")
    return redirect(route_url(frame, route_id))


def _form(frame: V2Frame) -> type[HttpRouteForm] | type[WebSocketRouteForm]:
    return WebSocketRouteForm if frame.api.websocket else HttpRouteForm


def _save(frame: V2Frame, form: RouteForm, operation: str, **names: str) -> Shape:
    """Make or change the route, with its new integration and its route response, or nothing of it."""
    members = form.members()
    if operation == "CreateRoute":
        members = given(members)
    with transaction.atomic():
        new_target = form.cleaned_data["new_target"]
        if new_target:
            made = frame.call("CreateIntegration", **_integration(frame.api, new_target))
            members["Target"] = f"integrations/{made['IntegrationId']}"
            grant_invocation(frame.console, frame.api.id, new_target)
        route = frame.call(operation, **names, **members)
        if frame.api.websocket:
            _answer(frame, route["RouteId"], bool(form.cleaned_data["answers"]))
    return route


def _integration(api: Api, target: str) -> Shape:
    if FUNCTION.fullmatch(target):
        # WebSocket APIs know functions by the URI of their invocation alone.
        uri = (invocation_uri(target, streams=False) or target) if api.websocket else target
        members = {"IntegrationType": "AWS_PROXY", "IntegrationUri": uri}
        return {**members, "PayloadFormatVersion": "1.0" if api.websocket else "2.0"}
    method = "POST" if api.websocket else "ANY"
    members = {"IntegrationType": "HTTP_PROXY", "IntegrationUri": target, "IntegrationMethod": method}
    return {**members, "PayloadFormatVersion": "1.0"}


def _answer(frame: V2Frame, route_id: str, answers: bool) -> None:
    """Only a route with a route response answers its client."""
    there = frame.call("GetRouteResponses", RouteId=route_id)["Items"]
    if answers and not there:
        frame.call("CreateRouteResponse", RouteId=route_id, RouteResponseKey=DEFAULT_KEY)
    for response in [] if answers else there:
        frame.call("DeleteRouteResponse", RouteId=route_id, RouteResponseId=response["RouteResponseId"])


def _route(frame: V2Frame, route_id: str) -> Route:
    rows = Route.objects.filter(api=frame.api).select_related("integration", "authorizer")
    route = rows.filter(route_id=route_id).first()
    if route is None:
        raise Http404("no such route")
    return route


def _tree(frame: V2Frame, chosen: Route | None) -> list[dict[str, Any]]:
    """The routes as components/tree.html takes them: those of HTTP APIs by path, those of WebSocket APIs by key."""
    routes = list(Route.objects.filter(api=frame.api).select_related("integration", "authorizer"))
    if frame.api.websocket:
        routes.sort(key=lambda one: (one.route_key not in _CONNECTION_ROUTES, one.route_key))
        return [_node(frame, one.route_key, one, chosen) for one in routes]
    by_path: dict[str, list[Route]] = {}
    for one in routes:
        by_path.setdefault(one.route_key.partition(" ")[2], []).append(one)
    nodes = []
    for path, found in sorted(by_path.items()):
        if not path:
            nodes.append(_node(frame, DEFAULT_KEY, found[0], chosen))
            continue
        node = _node(frame, path, found[0], None)
        node["methods"] = [
            {
                "verb": one.route_key.partition(" ")[0],
                "url": route_url(frame, one.route_id),
                "current": one == chosen,
                "note": _note(one),
            }
            for one in sorted(found, key=lambda one: one.route_key)
        ]
        nodes.append(node)
    return nodes


def _node(frame: V2Frame, label: str, route: Route, chosen: Route | None) -> dict[str, Any]:
    return {"label": label, "url": route_url(frame, route.route_id), "current": route == chosen}


def _note(route: Route) -> str:
    words = {"NONE": [], "AWS_IAM": ["IAM"], "JWT": ["JWT"]}.get(route.authorization_type, ["Lambda"])
    return ", ".join([*words, *([] if route.integration else ["leads nowhere"])])


def _facts(route: Route) -> list[Fact]:
    """What a route asks of its callers."""
    who = route.authorizer.name if route.authorizer else {"NONE": "open", "AWS_IAM": "IAM"}[route.authorization_type]
    facts = [Fact("Route id", route.route_id, code=True), Fact("Authorization", who)]
    if route.authorization_scopes:
        facts.append(Fact("Scopes", ", ".join(route.authorization_scopes), code=True))
    if route.api.websocket:
        facts.append(Fact("API key", "required" if route.api_key_required else "not required"))
        facts += [
            Fact(name, "required" if needed.get("Required") else "optional")
            for name, needed in sorted(route.request_parameters.items())
        ]
    if route.request_models:
        facts.append(Fact("Models chosen by", route.model_selection_expression or "", code=True))
        facts += [Fact(f"Model of {kind}", name, code=True) for kind, name in sorted(route.request_models.items())]
    if route.operation_name:
        facts.append(Fact("Operation name", route.operation_name))
    return facts


def _test_query(route: Route) -> str:
    """What the test page of an HTTP API begins with."""
    method, _, path = route.route_key.partition(" ")
    return urlencode({"method": "GET" if method in ("ANY", DEFAULT_KEY) else method, "path": path or "/"})


def _call(api: Api, route: Route, stage_name: str) -> str:
    """How the route is reached."""
    url = invoke_url(api, stage_name)
    if api.websocket:
        key = "" if route.route_key in _CONNECTION_ROUTES else f'\n> {{"action": "{route.route_key}"}}'
        return f"wscat -c {url}{key}"
    method, _, path = route.route_key.partition(" ")
    return curl(method if path else "GET", url + (path.replace("{", "").replace("+}", "").replace("}", "") or "/"))
