"""Integration responses: how a back end's answers become a method's."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import NotFoundException
from apps.control_plane.patching import NAMES_PATH, PatchTable, entries, optional_text, replaceable
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.drafts import draft_changed
from apps.control_plane.v1.integration_checks import check_integration_response
from apps.control_plane.v1.integrations import find_integration, templates
from apps.control_plane.v1.methods import integration_response_shape
from apps.rest_apis.models import IntegrationResponse


@operation("PutIntegrationResponse")
def put_integration_response(caller: Caller, request: Shape) -> Shape:
    """Say how an answer of the back end becomes the method response of a status; what was said of it before is replaced."""
    integration = find_integration(caller, request)
    row = integration.responses.filter(status_code=request["statusCode"]).first() or IntegrationResponse(
        integration=integration, status_code=request["statusCode"]
    )
    row.selection_pattern = request.get("selectionPattern")
    row.response_parameters = request.get("responseParameters") or {}
    row.response_templates = templates(request.get("responseTemplates"))
    row.templates_given = request.get("responseTemplates") is not None
    row.content_handling = request.get("contentHandling")
    check_integration_response(row, integration.method)
    row.save()
    draft_changed(integration.method.resource.rest_api_id)
    return integration_response_shape(row)


@operation("GetIntegrationResponse")
def get_integration_response(caller: Caller, request: Shape) -> Shape:
    """One integration response."""
    return integration_response_shape(_find(caller, request))


@operation("UpdateIntegrationResponse")
def update_integration_response(caller: Caller, request: Shape) -> Shape:
    """Patch an integration response."""
    row = _find(caller, request)
    _PATCHES.apply(row, request.get("patchOperations"))
    check_integration_response(row, row.integration.method)
    row.save()
    draft_changed(row.integration.method.resource.rest_api_id)
    return integration_response_shape(row)


@operation("DeleteIntegrationResponse")
def delete_integration_response(caller: Caller, request: Shape) -> Shape:
    """Delete an integration response."""
    row = _find(caller, request, no_method="Invalid Integration identifier specified")
    row.delete()
    draft_changed(row.integration.method.resource.rest_api_id)
    return {}


def _find(
    caller: Caller, request: Shape, no_method: str = "Invalid Method identifier specified"
) -> IntegrationResponse:
    integration = find_integration(caller, request, no_method)
    for row in integration.responses.all():
        if row.status_code == request["statusCode"]:
            row.integration = integration
            return row
    raise NotFoundException("Invalid Response status code specified")


_PATCHES = PatchTable(
    (
        replaceable("/selectionPattern", "selection_pattern"),
        replaceable("/contentHandling", "content_handling", optional_text),
        entries("/responseParameters/{name}", "response_parameters"),
        entries(
            "/responseTemplates/{contentType}",
            "response_templates",
            optional_text,
            missing=NotFoundException("Invalid content type specified"),
        ),
    ),
    NAMES_PATH,
)
