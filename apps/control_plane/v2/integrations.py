"""Integrations: what stands behind the routes of HTTP and WebSocket APIs."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, TooManyRequestsException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v2.drafts import draft_changed
from apps.control_plane.v2.integration_checks import check_integration, with_defaults
from apps.control_plane.v2.members import assign, find_in, page, paged, shape_of
from apps.v2_apis.models import Api, Integration

MAX_INTEGRATIONS = 300

_MEMBERS = {
    "IntegrationId": "integration_id",
    "IntegrationType": "integration_type",
    "IntegrationSubtype": "integration_subtype",
    "IntegrationUri": "integration_uri",
    "IntegrationMethod": "integration_method",
    "ConnectionType": "connection_type",
    "ConnectionId": "connection_id",
    "CredentialsArn": "credentials_arn",
    "Description": "description",
    "PayloadFormatVersion": "payload_format_version",
    "RequestParameters": "request_parameters",
    "ResponseParameters": "response_parameters",
    "RequestTemplates": "request_templates",
    "TemplateSelectionExpression": "template_selection_expression",
    "IntegrationResponseSelectionExpression": "integration_response_selection_expression",
    "PassthroughBehavior": "passthrough_behavior",
    "ContentHandlingStrategy": "content_handling_strategy",
    "TimeoutInMillis": "timeout_in_millis",
    "TlsConfig": "tls_config",
}
_FIXED = {"IntegrationId", "IntegrationResponseSelectionExpression"}
_CHANGEABLE = {name: field for name, field in _MEMBERS.items() if name not in _FIXED}
_MERGED = ("RequestParameters", "ResponseParameters", "RequestTemplates")


@operation("CreateIntegration", service="apigatewayv2")
def create_integration(caller: Caller, request: Shape) -> Shape:
    """A new integration of an API, for routes to name as their target."""
    api = caller.api(request["ApiId"])
    if api.integrations.count() >= MAX_INTEGRATIONS:
        raise TooManyRequestsException(
            "Maximum number of Integrations for this API has been reached. "
            "Please contact AWS if you need additional Integrations."
        )
    row = Integration(api=api)
    put_integration(caller, row, request)
    draft_changed(api)
    return integration_shape(row)


@operation("GetIntegration", service="apigatewayv2")
def get_integration(caller: Caller, request: Shape) -> Shape:
    """One integration."""
    return integration_shape(find_integration(caller, request))


@operation("GetIntegrations", service="apigatewayv2")
def get_integrations(caller: Caller, request: Shape) -> Shape:
    """The integrations of an API."""
    rows, token = page(_rows(caller.api(request["ApiId"])), request, "pk")
    return paged([integration_shape(row) for row in rows], token)


@operation("UpdateIntegration", service="apigatewayv2")
def update_integration(caller: Caller, request: Shape) -> Shape:
    """Change an integration."""
    row = find_integration(caller, request)
    put_integration(caller, row, request)
    draft_changed(row.api)
    return integration_shape(row)


@operation("DeleteIntegration", service="apigatewayv2")
def delete_integration(caller: Caller, request: Shape) -> Shape:
    """Delete an integration that no route has as its target."""
    row = find_integration(caller, request)
    if row.api_gateway_managed:
        raise BadRequestException("An integration that is managed by API Gateway can be updated, not deleted")
    routes = list(row.routes.order_by("pk").values_list("route_id", flat=True))
    if routes:
        raise ConflictException(
            f"Cannot delete Integration because it is referenced by the following Routes with Ids: [{', '.join(routes)}]"
        )
    row.delete()
    draft_changed(row.api)
    return {}


def put_integration(caller: Caller, row: Integration, request: Shape) -> None:
    """Bring an integration, new or not, to what a request says, and save it."""
    assign(row, with_defaults(row, request), _CHANGEABLE, _MERGED)
    check_integration(caller, row, request)
    row.save()


def find_integration(caller: Caller, request: Shape) -> Integration:
    """The integration that a request names; raises NotFoundException in AWS's words."""
    return find_in(_rows(caller.api(request["ApiId"])), "Integration", integration_id=request["IntegrationId"])


def integration_shape(row: Integration) -> Shape:
    """AWS's Integration."""
    managed = {"ApiGatewayManaged": True} if row.api_gateway_managed else {}
    return {**shape_of(row, _MEMBERS), **managed}


def _rows(api: Api) -> QuerySet[Integration]:
    return Integration.objects.filter(api=api).select_related("api")
