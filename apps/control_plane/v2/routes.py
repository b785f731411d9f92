"""Routes: where a request of an HTTP API, or a message of a WebSocket API, goes."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    BadRequestException,
    ConflictException,
    NotFoundException,
    TooManyRequestsException,
)
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v2.drafts import draft_changed
from apps.control_plane.v2.expressions import (
    ROUTE_PARAMETER,
    check_http_route_key,
    check_selection,
    check_websocket_route_key,
)
from apps.control_plane.v2.members import assign, find_in, page, paged, shape_of
from apps.v2_apis.models import Api, Authorizer, Integration, Route

MAX_ROUTES = 300
MAX_SCOPES = 10
_TARGET = "integrations/"

_MEMBERS = {
    "RouteId": "route_id",
    "RouteKey": "route_key",
    "AuthorizationType": "authorization_type",
    "AuthorizationScopes": "authorization_scopes",
    "ApiKeyRequired": "api_key_required",
    "OperationName": "operation_name",
    "ModelSelectionExpression": "model_selection_expression",
    "RequestModels": "request_models",
    "RequestParameters": "request_parameters",
    "RouteResponseSelectionExpression": "route_response_selection_expression",
}
_CHANGEABLE = {name: field for name, field in _MEMBERS.items() if name != "RouteId"}
_MERGED = ("RequestModels", "RequestParameters")
_WEBSOCKET_ONLY = ("ModelSelectionExpression", "RequestModels", "RequestParameters", "RouteResponseSelectionExpression")


@operation("CreateRoute", service="apigatewayv2")
def create_route(caller: Caller, request: Shape) -> Shape:
    """A new route of an API."""
    api = caller.api(request["ApiId"])
    if api.routes.count() >= MAX_ROUTES:
        raise TooManyRequestsException(
            "Maximum number of Routes for this API has been reached. Please contact AWS if you need additional Routes."
        )
    row = Route(api=api)
    put_route(row, request)
    draft_changed(api)
    return route_shape(row)


@operation("GetRoute", service="apigatewayv2")
def get_route(caller: Caller, request: Shape) -> Shape:
    """One route."""
    return route_shape(find_route(caller, request))


@operation("GetRoutes", service="apigatewayv2")
def get_routes(caller: Caller, request: Shape) -> Shape:
    """The routes of an API."""
    rows, token = page(_rows(caller.api(request["ApiId"])), request, "pk")
    return paged([route_shape(row) for row in rows], token)


@operation("UpdateRoute", service="apigatewayv2")
def update_route(caller: Caller, request: Shape) -> Shape:
    """Change a route."""
    row = find_route(caller, request)
    if row.api_gateway_managed and request.get("RouteKey", row.route_key) != row.route_key:
        raise BadRequestException("The route key of a route that is managed by API Gateway cannot be changed here")
    put_route(row, request)
    draft_changed(row.api)
    return route_shape(row)


@operation("DeleteRoute", service="apigatewayv2")
def delete_route(caller: Caller, request: Shape) -> Shape:
    """Delete a route; its integration stays."""
    row = find_route(caller, request)
    row.delete()
    draft_changed(row.api)
    return {}


@operation("DeleteRouteRequestParameter", service="apigatewayv2")
def delete_route_request_parameter(caller: Caller, request: Shape) -> Shape:
    """Take one request parameter off a route."""
    row, key = find_route(caller, request), request["RequestParameterKey"]
    if key not in row.request_parameters:
        raise NotFoundException(f"Unable to find request parameter by key {key} within the provided Route")
    row.request_parameters = {name: value for name, value in row.request_parameters.items() if name != key}
    row.save(update_fields=["request_parameters"])
    draft_changed(row.api)
    return {}


def put_route(row: Route, request: Shape) -> None:
    """Bring a route, new or not, to what a request says, and save it."""
    assign(row, request, _CHANGEABLE, _MERGED)
    if "Target" in request:
        row.integration = _target(row.api, request["Target"])
    if "AuthorizerId" in request:
        row.authorizer = _authorizer(row.api, request["AuthorizerId"])
    if request.get("AuthorizationType") in ("NONE", "AWS_IAM") and not request.get("AuthorizerId"):
        row.authorizer = None
    if row.authorization_type != "JWT" and "AuthorizationScopes" not in request:
        row.authorization_scopes = []
    _check_key(row)
    _check_authorization(row)
    if row.api.websocket:
        _check_websocket(row)
    else:
        _check_http(row, request)
    row.save()


def find_route(caller: Caller, request: Shape) -> Route:
    """The route that a request names; raises NotFoundException in AWS's words."""
    return find_in(_rows(caller.api(request["ApiId"])), "Route", route_id=request["RouteId"])


def route_shape(row: Route) -> Shape:
    """AWS's Route."""
    shape: dict[str, Any] = shape_of(row, _MEMBERS)
    if row.integration is not None:
        shape["Target"] = _TARGET + row.integration.integration_id
    if row.authorizer is not None:
        shape["AuthorizerId"] = row.authorizer.authorizer_id
    if row.api_gateway_managed:
        shape["ApiGatewayManaged"] = True
    return shape


def _rows(api: Api) -> QuerySet[Route]:
    return Route.objects.filter(api=api).select_related("api", "integration", "authorizer")


def _target(api: Api, target: str) -> Integration | None:
    if not target:
        return None
    integration = None
    if target.startswith(_TARGET):
        integration = api.integrations.filter(integration_id=target.removeprefix(_TARGET)).first()
    if integration is None:
        raise BadRequestException(f"Invalid target specified: {target}. It must be integrations/ and an integration id")
    return integration


def _authorizer(api: Api, authorizer_id: str) -> Authorizer | None:
    if not authorizer_id:
        return None
    row = api.authorizers.filter(authorizer_id=authorizer_id).first()
    if row is None:
        raise BadRequestException("Invalid authorizer ID specified.")
    return row


def _check_key(row: Route) -> None:
    if row.api.websocket:
        check_websocket_route_key(row.route_key)
    else:
        check_http_route_key(row.route_key)
    check_unique_key(row)


def check_unique_key(row: Route) -> None:
    """An API has one route of a key; raises ConflictException in AWS's words."""
    if Route.objects.filter(api=row.api, route_key=row.route_key).exclude(pk=row.pk).exists():
        raise ConflictException(f"Route with key {row.route_key} already exists for this API")


def _check_authorization(row: Route) -> None:
    kinds = {"CUSTOM": "REQUEST", "JWT": "JWT"}
    kind = row.authorization_type
    if kind in kinds:
        if row.authorizer is None or row.authorizer.authorizer_type != kinds[kind]:
            raise BadRequestException(
                f"Invalid authorizer ID specified. Setting the authorization type to {kind} requires a valid "
                f"{'JWT' if kind == 'JWT' else 'custom'} authorizer."
            )
    elif row.authorizer is not None:
        raise BadRequestException(f"An authorizer cannot be specified with the authorization type {kind}")
    if row.authorization_scopes and kind != "JWT":
        raise BadRequestException("Authorization scopes can only be specified with the authorization type JWT")
    if len(row.authorization_scopes) > MAX_SCOPES:
        raise BadRequestException(f"A route can have at most {MAX_SCOPES} authorization scopes")


def _check_http(row: Route, request: Shape) -> None:
    for member in _WEBSOCKET_ONLY:
        if request.get(member):
            raise BadRequestException(f"{member} is only supported for WEBSOCKET APIs")
    if row.api_key_required:
        raise BadRequestException("ApiKeyRequired is only supported for WEBSOCKET APIs")


def _check_websocket(row: Route) -> None:
    if row.authorization_type == "JWT":
        raise BadRequestException("The authorization type JWT is only supported for HTTP APIs")
    if row.authorization_type != "NONE" and row.route_key != "$connect":
        raise BadRequestException("Only the $connect route can have an authorization type")
    for key in row.request_parameters:
        if not ROUTE_PARAMETER.fullmatch(key):
            raise BadRequestException(f"Invalid request parameter specified: {key}")
    if row.route_response_selection_expression not in (None, "$default"):
        raise BadRequestException("Invalid route response selection expression specified. Only $default is supported")
    if row.model_selection_expression is not None:
        check_selection(row.model_selection_expression, "ModelSelectionExpression")
    elif row.request_models:
        raise BadRequestException("A model selection expression is required when request models are specified")
    known = set(row.api.models.values_list("name", flat=True)) if row.request_models else set()
    for name in row.request_models.values():
        if name not in known:
            raise BadRequestException(f"Invalid model name specified: {name}")
