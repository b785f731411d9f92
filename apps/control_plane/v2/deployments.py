"""Deployments: an HTTP or WebSocket API as it was at one moment, for stages to point at."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v2.drafts import deploy
from apps.control_plane.v2.members import assign, find_in, page, paged, shape_of
from apps.control_plane.v2.stages import find_stage, point_at
from apps.v2_apis.models import Api, Deployment

_MEMBERS = {
    "DeploymentId": "deployment_id",
    "Description": "description",
    "AutoDeployed": "auto_deployed",
    "DeploymentStatus": "deployment_status",
    "DeploymentStatusMessage": "deployment_status_message",
    "CreatedDate": "created",
}


@operation("CreateDeployment", service="apigatewayv2")
def create_deployment(caller: Caller, request: Shape) -> Shape:
    """Freeze the API. With `StageName` that stage points at the new deployment."""
    api = caller.api(request["ApiId"])
    stage = find_stage(api, request["StageName"]) if request.get("StageName") else None
    row = deploy(api, request.get("Description"))
    if stage is not None:
        point_at(stage, row)
    return shape_of(row, _MEMBERS)


@operation("GetDeployment", service="apigatewayv2")
def get_deployment(caller: Caller, request: Shape) -> Shape:
    """One deployment."""
    return shape_of(find_deployment(caller.api(request["ApiId"]), request["DeploymentId"]), _MEMBERS)


@operation("GetDeployments", service="apigatewayv2")
def get_deployments(caller: Caller, request: Shape) -> Shape:
    """The deployments of an API, latest first."""
    rows = caller.api(request["ApiId"]).deployments.defer("document")
    found, token = page(rows, request, "-pk")
    return paged([shape_of(row, _MEMBERS) for row in found], token)


@operation("UpdateDeployment", service="apigatewayv2")
def update_deployment(caller: Caller, request: Shape) -> Shape:
    """Change a deployment's description; what it froze never changes."""
    row = find_deployment(caller.api(request["ApiId"]), request["DeploymentId"])
    assign(row, request, {"Description": "description"})
    row.save(update_fields=["description"])
    return shape_of(row, _MEMBERS)


@operation("DeleteDeployment", service="apigatewayv2")
def delete_deployment(caller: Caller, request: Shape) -> Shape:
    """Delete a deployment that no stage points at."""
    row = find_deployment(caller.api(request["ApiId"]), request["DeploymentId"])
    if row.stages.exists():
        raise BadRequestException("Active stages pointing to this deployment must be moved or deleted")
    row.delete()
    return {}


def find_deployment(api: Api, deployment_id: str) -> Deployment:
    """A deployment of an API; raises NotFoundException in AWS's words."""
    return find_in(api.deployments.all(), "Deployment", deployment_id=deployment_id)
