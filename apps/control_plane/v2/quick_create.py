"""Quick create: one call makes an HTTP API with a catch-all route, its integration, and a stage that deploys by itself."""

from __future__ import annotations

import re

from apps.control_plane.errors import BadRequestException
from apps.control_plane.registry import Shape
from apps.control_plane.v2.drafts import deploy_automatically
from apps.control_plane.v2.expressions import check_http_route_key
from apps.control_plane.v2.integration_checks import FUNCTION
from apps.control_plane.v2.routes import check_unique_key
from apps.v2_apis.models import Api, Integration, Route, Stage

_TIMEOUT = 30_000


def create(api: Api, request: Shape) -> None:
    """Make what stands behind a new API: `Target` is a URL or the ARN of a Lambda function."""
    key = request.get("RouteKey") or "$default"
    check_http_route_key(key)
    integration = Integration(api=api, api_gateway_managed=True, timeout_in_millis=_TIMEOUT)
    _aim(integration, request["Target"])
    integration.credentials_arn = request.get("CredentialsArn") or None
    integration.save()
    Route.objects.create(api=api, route_key=key, integration=integration, api_gateway_managed=True)
    stage = Stage.objects.create(api=api, name="$default", auto_deploy=True, api_gateway_managed=True)
    deploy_automatically(api, [stage])


def update(api: Api, request: Shape) -> None:
    """Change the route and the integration of quick create; raises BadRequestException when the API has none of it."""
    if not {"Target", "RouteKey", "CredentialsArn"} & request.keys():
        return
    route = api.routes.filter(api_gateway_managed=True).select_related("integration").first()
    if route is None or route.integration is None:
        raise BadRequestException("Target, route key and credentials can only be updated for APIs made by quick create")
    if request.get("RouteKey"):
        check_http_route_key(request["RouteKey"])
        route.route_key = request["RouteKey"]
        check_unique_key(route)
        route.save()
    if request.get("Target"):
        _aim(route.integration, request["Target"])
    if "CredentialsArn" in request:
        route.integration.credentials_arn = request["CredentialsArn"] or None
    route.integration.save()


def _aim(integration: Integration, target: str) -> None:
    integration.integration_uri = target
    if FUNCTION.fullmatch(target):
        integration.integration_type, integration.payload_format_version = "AWS_PROXY", "2.0"
        integration.integration_method = "POST"
    elif re.match(r"https?://[^/]", target):
        integration.integration_type, integration.payload_format_version = "HTTP_PROXY", "1.0"
        integration.integration_method = "ANY"
    else:
        raise BadRequestException(
            f"Invalid target specified: {target}. It must be a URL or the ARN of a Lambda function"
        )
