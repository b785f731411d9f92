"""Integration responses: how a back end's answer becomes a message of a WebSocket API."""

from __future__ import annotations

import re2

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v2.drafts import draft_changed
from apps.control_plane.v2.expressions import check_selection, check_websocket_response_mapping
from apps.control_plane.v2.integrations import find_integration
from apps.control_plane.v2.members import assign, find_in, page, paged, shape_of
from apps.v2_apis.models import IntegrationResponse

_MEMBERS = {
    "IntegrationResponseId": "integration_response_id",
    "IntegrationResponseKey": "integration_response_key",
    "ContentHandlingStrategy": "content_handling_strategy",
    "ResponseParameters": "response_parameters",
    "ResponseTemplates": "response_templates",
    "TemplateSelectionExpression": "template_selection_expression",
}
_CHANGEABLE = {name: field for name, field in _MEMBERS.items() if name != "IntegrationResponseId"}


@operation("CreateIntegrationResponse", service="apigatewayv2")
def create_integration_response(caller: Caller, request: Shape) -> Shape:
    """A new response of an integration that is no proxy."""
    integration = find_integration(caller, request)
    if not integration.api.websocket:
        raise BadRequestException("Integration responses are only supported for WEBSOCKET APIs")
    return _put(IntegrationResponse(integration=integration), request)


@operation("GetIntegrationResponse", service="apigatewayv2")
def get_integration_response(caller: Caller, request: Shape) -> Shape:
    """One integration response."""
    return shape_of(_find(caller, request), _MEMBERS)


@operation("GetIntegrationResponses", service="apigatewayv2")
def get_integration_responses(caller: Caller, request: Shape) -> Shape:
    """The responses of an integration."""
    rows = IntegrationResponse.objects.filter(integration=find_integration(caller, request))
    found, token = page(rows, request, "pk")
    return paged([shape_of(row, _MEMBERS) for row in found], token)


@operation("UpdateIntegrationResponse", service="apigatewayv2")
def update_integration_response(caller: Caller, request: Shape) -> Shape:
    """Change an integration response."""
    return _put(_find(caller, request), request)


@operation("DeleteIntegrationResponse", service="apigatewayv2")
def delete_integration_response(caller: Caller, request: Shape) -> Shape:
    """Delete an integration response."""
    row = _find(caller, request)
    row.delete()
    draft_changed(row.integration.api)
    return {}


def _put(row: IntegrationResponse, request: Shape) -> Shape:
    assign(row, request, _CHANGEABLE, merged=("ResponseParameters", "ResponseTemplates"))
    _check_key(row.integration_response_key)
    same = IntegrationResponse.objects.filter(
        integration=row.integration, integration_response_key=row.integration_response_key
    )
    if same.exclude(pk=row.pk).exists():
        raise ConflictException(
            f"Integration response with key {row.integration_response_key} already exists for this integration"
        )
    if row.template_selection_expression not in (None, r"\$default"):
        check_selection(row.template_selection_expression or "", "TemplateSelectionExpression")
    check_websocket_response_mapping(row.response_parameters)
    row.save()
    draft_changed(row.integration.api)
    return shape_of(row, _MEMBERS)


def _check_key(key: str) -> None:
    """`$default`, or a regular expression between slashes."""
    if key == "$default":
        return
    if len(key) < 3 or not (key.startswith("/") and key.endswith("/")):
        raise BadRequestException("Invalid integration response key specified. It must be $default or a /regex/")
    try:
        re2.compile(key[1:-1])
    except re2.error as error:
        raise BadRequestException(f"Invalid integration response key specified: {key}") from error


def _find(caller: Caller, request: Shape) -> IntegrationResponse:
    rows = IntegrationResponse.objects.filter(integration=find_integration(caller, request))
    return find_in(
        rows.select_related("integration__api"),
        "IntegrationResponse",
        integration_response_id=request["IntegrationResponseId"],
    )
