"""Deployments: a REST API as it was at one moment, for stages to point at."""

from __future__ import annotations

from typing import Any

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.openapi.export_gateway import gateway_extensions
from apps.control_plane.openapi.exporter import export_rest_api
from apps.control_plane.paging import page, paged
from apps.control_plane.patching import LISTS_PATHS, PatchTable, optional_text, replaceable
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.publishing import publish_stage, refusals_in_aws_words
from apps.control_plane.v1.stage_settings import check_stage_name, check_variables, percent_traffic
from apps.control_plane.v1.stages import create_stage_row, point_at
from apps.core import documents, ids
from apps.deployments.canaries import note_canary
from apps.deployments.freeze import freeze
from apps.deployments.models import Deployment, Stage
from apps.rest_apis.models import RestApi

_CANARY = "Invalid deployment content specified."


@operation("CreateDeployment")
def create_deployment(caller: Caller, request: Shape) -> Shape:
    """Freeze the API. With `stageName` the stage, which is created when it is missing, points at the new deployment."""
    api = caller.rest_api(request["restApiId"])
    stage = _stage_to_move(api, request)
    deployment_id = ids.deployment_id()
    with refusals_in_aws_words():
        document = freeze(api, deployment_id)
    row = Deployment.objects.create(
        rest_api=api,
        deployment_id=deployment_id,
        description=request.get("description"),
        draft_revision=api.draft_revision,
        document=documents.encode(document).decode(),
        openapi=export_rest_api(api, documentation=True),
        extensions=gateway_extensions(api),
    )
    if request.get("canarySettings") is not None:
        assert stage is not None
        _release_canary(stage, row, request["canarySettings"])
    elif stage is not None:
        _move_stage(caller, stage, row, request)
    elif request.get("stageName"):
        create_stage_row(caller, row, request["stageName"], _stage_members(request))
    return deployment_shape(row)


@operation("GetDeployment")
def get_deployment(caller: Caller, request: Shape) -> Shape:
    """One deployment; `embed=apisummary` lists the methods that it froze."""
    row = find_deployment(caller, request["restApiId"], request["deploymentId"])
    shape = deployment_shape(row)
    if "apisummary" in (request.get("embed") or ()):
        shape["apiSummary"] = _api_summary(row)
    return shape


@operation("GetDeployments")
def get_deployments(caller: Caller, request: Shape) -> Shape:
    """The deployments of an API, oldest first."""
    api = caller.rest_api(request["restApiId"])
    rows, position = page(Deployment.objects.filter(rest_api=api).defer("document", "openapi"), request, "pk")
    return paged([deployment_shape(row) for row in rows], position)


@operation("UpdateDeployment")
def update_deployment(caller: Caller, request: Shape) -> Shape:
    """Patch a deployment's description; what it froze never changes."""
    row = find_deployment(caller, request["restApiId"], request["deploymentId"])
    _PATCHES.apply(row, request.get("patchOperations"))
    row.save(update_fields=["description"])
    return deployment_shape(row)


@operation("DeleteDeployment")
def delete_deployment(caller: Caller, request: Shape) -> Shape:
    """Delete a deployment that no stage points at."""
    row = find_deployment(caller, request["restApiId"], request["deploymentId"])
    stages = Stage.objects.filter(rest_api=row.rest_api)
    canaries = stages.exclude(canary_settings=None).values_list("canary_settings", flat=True)
    if row.stages.exists() or any((canary or {}).get("deploymentId") == row.deployment_id for canary in canaries):
        raise BadRequestException("Active stages pointing to this deployment must be moved or deleted")
    row.delete()
    return {}


def find_deployment(caller: Caller, rest_api_id: str, deployment_id: str) -> Deployment:
    """A deployment of the caller's API; raises NotFoundException in AWS's words."""
    api = caller.rest_api(rest_api_id)
    row = api.deployments.filter(deployment_id=deployment_id).first()
    if row is None:
        raise NotFoundException("Invalid Deployment identifier specified")
    return row


def deployment_shape(row: Deployment) -> Shape:
    """AWS's Deployment."""
    shape: Shape = {"id": row.deployment_id, "createdDate": row.created}
    if row.description is not None:
        shape["description"] = row.description
    return shape


def _stage_to_move(api: RestApi, request: Shape) -> Stage | None:
    """The existing stage that the deployment is for; a canary needs one."""
    name = request.get("stageName")
    canary = request.get("canarySettings") is not None
    if canary and not name:
        shown = "null" if name is None else name
        raise BadRequestException(
            f"{_CANARY}Non null and non empty stageName must be provided for canary deployment. Provided value is {shown}"
        )
    check_variables(request.get("variables"))
    if not name:
        return None
    check_stage_name(name)
    stage = api.stages.filter(name=name).select_related("rest_api", "deployment").first()
    if canary and stage is None:
        raise BadRequestException(
            f"{_CANARY}Stage {name} must already be created before making a canary release deployment"
        )
    return stage


def _stage_members(request: Shape) -> dict[str, Any]:
    return {
        "description": request.get("stageDescription"),
        "cache_cluster_enabled": bool(request.get("cacheClusterEnabled")),
        "cache_cluster_size": request.get("cacheClusterSize"),
        "variables": request.get("variables") or {},
        "tracing_enabled": bool(request.get("tracingEnabled")),
    }


def _move_stage(caller: Caller, stage: Stage, deployment: Deployment, request: Shape) -> None:
    """Point a stage at the deployment; members that the request has replace the stage's."""
    members = {
        "description": "stageDescription",
        "cache_cluster_enabled": "cacheClusterEnabled",
        "cache_cluster_size": "cacheClusterSize",
        "variables": "variables",
        "tracing_enabled": "tracingEnabled",
    }
    for field, member in members.items():
        if request.get(member) is not None:
            setattr(stage, field, request[member])
    point_at(caller, stage, deployment)


def _release_canary(stage: Stage, deployment: Deployment, settings: Shape) -> None:
    overrides = settings.get("stageVariableOverrides")
    check_variables(overrides)
    stage.canary_settings = {
        "percentTraffic": percent_traffic(settings),
        "deploymentId": deployment.deployment_id,
        "useStageCache": bool(settings.get("useStageCache")),
        **({"stageVariableOverrides": dict(overrides)} if overrides else {}),
    }
    stage.save()
    note_canary(stage)
    publish_stage(stage)


def _api_summary(row: Deployment) -> Shape:
    document = documents.decode(row.document)
    assert isinstance(document, documents.DeploymentDocument)
    return {
        resource.path: {
            method.http_method: {
                "authorizationType": method.authorization_type,
                "apiKeyRequired": method.api_key_required,
            }
            for method in resource.methods
        }
        for resource in document.resources
        if resource.methods
    }


_PATCHES = PatchTable((replaceable("/description", "description", optional_text),), LISTS_PATHS)
