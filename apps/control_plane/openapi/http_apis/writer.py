"""A definition becomes the routes, integrations and authorizers of an HTTP API; what it had before goes."""

from __future__ import annotations

from collections.abc import Mapping

from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError, BadRequestException, TooManyRequestsException
from apps.control_plane.openapi.http_apis.spec import HttpApiSpec, RouteSpec, Shape
from apps.control_plane.openapi.node import Node
from apps.control_plane.v2.authorizers import MAX_AUTHORIZERS, issuer_unavailable, put_authorizer
from apps.control_plane.v2.integrations import MAX_INTEGRATIONS, put_integration
from apps.control_plane.v2.routes import MAX_ROUTES, put_route
from apps.control_plane.wire.service_models import service_model
from apps.control_plane.wire.validation import check
from apps.v2_apis.models import Api, Authorizer, Integration, Route


def write(caller: Caller, api: Api, spec: HttpApiSpec, unavailable: Mapping[str, str]) -> None:
    """Replace what is below an API. What cannot be made is found, and AWS leaves it out with a warning: never a guard alone, always
    the routes that it would guard too. `unavailable` are issuers of tokens that do not answer.
    """
    known = dict(api.routes.values_list("route_key", "route_id"))
    for rows in (api.routes, api.integrations, api.authorizers):
        rows.all().delete()
    _check_counts(spec)
    authorizers = {name: _authorizer(api, unavailable, *found) for name, found in spec.authorizers.items()}
    integrations = {name: _integration(caller, api, *found) for name, found in spec.integrations.items()}
    for route in spec.routes:
        row = Route(api=api)
        row.route_id = known.get(route.key, row.route_id)
        _route(row, route, integrations, authorizers)


def _check_counts(spec: HttpApiSpec) -> None:
    for what, count, most in (
        ("Routes", len(spec.routes), MAX_ROUTES),
        ("Integrations", len(spec.integrations), MAX_INTEGRATIONS),
        ("Authorizers", len(spec.authorizers), MAX_AUTHORIZERS),
    ):
        if count > most:
            raise TooManyRequestsException(
                f"Maximum number of {what} for this API has been reached. Please contact AWS if you need additional {what}."
            )


def _authorizer(api: Api, unavailable: Mapping[str, str], node: Node, request: Shape) -> str | None:
    row = Authorizer(api=api)
    issuer = (request.get("JwtConfiguration") or {}).get("Issuer")
    try:
        _check_shape("CreateAuthorizer", request)
        if issuer is not None and issuer in unavailable:
            raise BadRequestException(issuer_unavailable(issuer))
        put_authorizer(row, request)
    except AwsError as error:
        node.warn(f"Unable to create Authorizer '{request['Name']}': {error.message}. Ignoring.")
        return None
    return row.authorizer_id


def _integration(caller: Caller, api: Api, node: Node, request: Shape) -> str | None:
    row = Integration(api=api)
    try:
        _check_shape("CreateIntegration", request)
        put_integration(caller, row, request)
    except AwsError as error:
        node.warn(f"Unable to create integration: {error.message}. Ignoring.")
        return None
    return row.integration_id


def _route(
    row: Route, route: RouteSpec, integrations: dict[str, str | None], authorizers: dict[str, str | None]
) -> None:
    request: Shape = {**route.request, "RouteKey": route.key}
    target = integrations.get(route.integration or "")
    if target is not None:
        request["Target"] = f"integrations/{target}"
    if route.authorizer is not None:
        authorizer = authorizers[route.authorizer]
        if authorizer is None:
            route.node.warn(_without_authorizer(route))
            return
        request["AuthorizerId"] = authorizer
    try:
        put_route(row, request)
    except AwsError as error:
        route.node.warn(_not_put(route, error.message))


def _without_authorizer(route: RouteSpec) -> str:
    """AWS's words for a route that it leaves out, since nothing would guard it."""
    kind = route.request["AuthorizationType"]
    return _not_put(
        route,
        f"Invalid authorizer definition. Setting the authorization type to {kind} requires a valid authorizer.",
    )


def _not_put(route: RouteSpec, why: str) -> str:
    """AWS's words for a route that an import leaves out."""
    method, _, path = route.key.rpartition(" ")
    return f"Unable to put method '{method or 'ANY'}' on resource at path '{path}': {why.removesuffix('.')}. Ignoring."


def _check_shape(operation: str, request: Shape) -> None:
    check(service_model("apigatewayv2").operation_model(operation), {"ApiId": "", **request})
