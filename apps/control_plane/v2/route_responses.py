"""Route responses: that, and how, a route of a WebSocket API answers the client."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v2.drafts import draft_changed
from apps.control_plane.v2.expressions import ROUTE_RESPONSE_PARAMETER, check_selection
from apps.control_plane.v2.members import assign, find_in, page, paged, shape_of
from apps.control_plane.v2.routes import find_route
from apps.v2_apis.models import RouteResponse

_MEMBERS = {
    "RouteResponseId": "route_response_id",
    "RouteResponseKey": "route_response_key",
    "ModelSelectionExpression": "model_selection_expression",
    "ResponseModels": "response_models",
    "ResponseParameters": "response_parameters",
}
_CHANGEABLE = {name: field for name, field in _MEMBERS.items() if name != "RouteResponseId"}


@operation("CreateRouteResponse", service="apigatewayv2")
def create_route_response(caller: Caller, request: Shape) -> Shape:
    """Let a route answer."""
    route = find_route(caller, request)
    if not route.api.websocket:
        raise BadRequestException("Route responses are only supported for WEBSOCKET APIs")
    return _put(RouteResponse(route=route), request)


@operation("GetRouteResponse", service="apigatewayv2")
def get_route_response(caller: Caller, request: Shape) -> Shape:
    """One route response."""
    return shape_of(_find(caller, request), _MEMBERS)


@operation("GetRouteResponses", service="apigatewayv2")
def get_route_responses(caller: Caller, request: Shape) -> Shape:
    """The responses of a route."""
    rows, token = page(RouteResponse.objects.filter(route=find_route(caller, request)), request, "pk")
    return paged([shape_of(row, _MEMBERS) for row in rows], token)


@operation("UpdateRouteResponse", service="apigatewayv2")
def update_route_response(caller: Caller, request: Shape) -> Shape:
    """Change a route response."""
    return _put(_find(caller, request), request)


@operation("DeleteRouteResponse", service="apigatewayv2")
def delete_route_response(caller: Caller, request: Shape) -> Shape:
    """Delete a route response."""
    row = _find(caller, request)
    row.delete()
    draft_changed(row.route.api)
    return {}


def _put(row: RouteResponse, request: Shape) -> Shape:
    assign(row, request, _CHANGEABLE, merged=("ResponseModels", "ResponseParameters"))
    if row.route_response_key != "$default":
        raise BadRequestException("Invalid route response key specified. Only $default is supported")
    if RouteResponse.objects.filter(route=row.route).exclude(pk=row.pk).exists():
        raise ConflictException(f"Route response with key {row.route_response_key} already exists for this route")
    for key in row.response_parameters:
        if not ROUTE_RESPONSE_PARAMETER.fullmatch(key):
            raise BadRequestException(f"Invalid response parameter specified: {key}")
    if row.model_selection_expression is not None:
        check_selection(row.model_selection_expression, "ModelSelectionExpression")
    known = set(row.route.api.models.values_list("name", flat=True)) if row.response_models else set()
    for name in row.response_models.values():
        if name not in known:
            raise BadRequestException(f"Invalid model name specified: {name}")
    row.save()
    draft_changed(row.route.api)
    return shape_of(row, _MEMBERS)


def _find(caller: Caller, request: Shape) -> RouteResponse:
    rows = RouteResponse.objects.filter(route=find_route(caller, request)).select_related("route__api")
    return find_in(rows, "RouteResponse", route_response_id=request["RouteResponseId"])
