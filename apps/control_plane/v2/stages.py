"""Stages of HTTP and WebSocket APIs: named pointers to deployments, with settings that act at once."""

from __future__ import annotations

from django.db.models import F

from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    BadRequestException,
    ConflictException,
    NotFoundException,
    TooManyRequestsException,
)
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.tags import drop_tags, put_tags, tags_of, tags_of_all
from apps.control_plane.v2.api_mappings import refuse_while_mapped
from apps.control_plane.v2.drafts import deploy_automatically
from apps.control_plane.v2.members import assign, find_in, merge, page, paged, shape_of
from apps.control_plane.v2.plan_coverage import forget_in_plans
from apps.control_plane.v2.stage_checks import check_stage
from apps.deployments import publisher
from apps.deployments.v2_publisher import publish_v2_stages, retract_v2_stages
from apps.v2_apis.models import Api, Deployment, Stage

MAX_STAGES = 10

_MEMBERS = {
    "StageName": "name",
    "AutoDeploy": "auto_deploy",
    "Description": "description",
    "ClientCertificateId": "client_certificate_id",
    "AccessLogSettings": "access_log_settings",
    "LastDeploymentStatusMessage": "last_deployment_status_message",
    "CreatedDate": "created",
    "LastUpdatedDate": "last_updated",
}
_CHANGEABLE = {
    "AutoDeploy": "auto_deploy",
    "Description": "description",
    "ClientCertificateId": "client_certificate_id",
    "AccessLogSettings": "access_log_settings",
    "StageVariables": "stage_variables",
    "DefaultRouteSettings": "default_route_settings",
}
_MERGED = ("AccessLogSettings", "StageVariables", "DefaultRouteSettings")
_HTTP_SETTINGS = {"DetailedMetricsEnabled": False}
_WEBSOCKET_SETTINGS = {"DataTraceEnabled": False, "DetailedMetricsEnabled": False, "LoggingLevel": "OFF"}


@operation("CreateStage", service="apigatewayv2")
def create_stage(caller: Caller, request: Shape) -> Shape:
    """A new stage: at a deployment, with automatic deployment, or with none yet."""
    api, name = caller.api(request["ApiId"]), request["StageName"]
    if api.stages.filter(name=name).exists():
        raise ConflictException("Stage already exists")
    if api.stages.count() >= MAX_STAGES:
        raise TooManyRequestsException(
            "Maximum number of Stages for this API has been reached. Please contact AWS if you need additional Stages."
        )
    row = Stage(api=api, name=name, default_route_settings=dict(_defaults(api)))
    _put(row, request)
    put_tags(caller, stage_path(row), request.get("Tags"))
    return _shape(row, tags_of(caller, stage_path(row)))


@operation("GetStage", service="apigatewayv2")
def get_stage(caller: Caller, request: Shape) -> Shape:
    """One stage."""
    row = find_stage(caller.api(request["ApiId"]), request["StageName"])
    return _shape(row, tags_of(caller, stage_path(row)))


@operation("GetStages", service="apigatewayv2")
def get_stages(caller: Caller, request: Shape) -> Shape:
    """The stages of an API."""
    rows = caller.api(request["ApiId"]).stages.select_related("deployment").defer("deployment__document")
    found, token = page(rows, request, "name")
    tags = tags_of_all(caller, [stage_path(row) for row in found])
    return paged([_shape(row, tags[stage_path(row)]) for row in found], token)


@operation("UpdateStage", service="apigatewayv2")
def update_stage(caller: Caller, request: Shape) -> Shape:
    """Change a stage."""
    row = find_stage(caller.api(request["ApiId"]), request["StageName"])
    _put(row, request)
    return _shape(row, tags_of(caller, stage_path(row)))


@operation("DeleteStage", service="apigatewayv2")
def delete_stage(caller: Caller, request: Shape) -> Shape:
    """Delete a stage, which stops serving."""
    row = find_stage(caller.api(request["ApiId"]), request["StageName"])
    refuse_while_mapped(row.api, row.name)
    plans = forget_in_plans(caller, row.api_id, row.name)
    row.delete()
    drop_tags(caller, stage_path(row))
    retract_v2_stages(row.api_id, [row.name])
    for plan in plans:
        publisher.publish_plan(plan)
    return {}


@operation("DeleteRouteSettings", service="apigatewayv2")
def delete_route_settings(caller: Caller, request: Shape) -> Shape:
    """Let a route have the stage's default settings again."""
    row, key = find_stage(caller.api(request["ApiId"]), request["StageName"]), request["RouteKey"]
    if key not in row.route_settings:
        raise NotFoundException(f"Unable to find Route by key {key} within the provided RouteSettings")
    row.route_settings = {name: value for name, value in row.route_settings.items() if name != key}
    _save(row)
    return {}


@operation("DeleteAccessLogSettings", service="apigatewayv2")
def delete_access_log_settings(caller: Caller, request: Shape) -> Shape:
    """End the access log of a stage."""
    row = find_stage(caller.api(request["ApiId"]), request["StageName"])
    row.access_log_settings = None
    _save(row)
    return {}


@operation("ResetAuthorizersCache", service="apigatewayv2")
def reset_authorizers_cache(caller: Caller, request: Shape) -> Shape:
    """Forget what the authorizers of a stage have decided."""
    row = find_stage(caller.api(request["ApiId"]), request["StageName"])
    Stage.objects.filter(pk=row.pk).update(authorizers_cache_flushes=F("authorizers_cache_flushes") + 1)
    row.authorizers_cache_flushes += 1
    _publish(row)
    return {}


def find_stage(api: Api, name: str) -> Stage:
    """A stage of an API; raises NotFoundException in AWS's words."""
    return find_in(api.stages.select_related("api", "deployment"), "Stage", name=name)


def point_at(stage: Stage, deployment: Deployment) -> None:
    """Move a stage to a deployment and publish it; one with automatic deployment moves by itself alone."""
    if stage.auto_deploy:
        raise BadRequestException("Deployment ID cannot be set when AutoDeploy is enabled for the stage")
    stage.deployment = deployment
    stage.last_deployment_status_message = (
        f"Successfully deployed stage with deployment ID '{deployment.deployment_id}'"
    )
    _save(stage)


def stage_path(row: Stage) -> str:
    return f"/apis/{row.api_id}/stages/{row.name}"


def _put(row: Stage, request: Shape) -> None:
    """Bring a stage, new or not, to what a request says, and publish it."""
    started = request.get("AutoDeploy") is True and not row.auto_deploy
    assign(row, request, _CHANGEABLE, _MERGED)
    for key, settings in (request.get("RouteSettings") or {}).items():
        row.route_settings = {**row.route_settings, key: merge(row.route_settings.get(key) or {}, settings)}
    check_stage(row, request)
    if request.get("DeploymentId"):
        deployment = find_in(row.api.deployments.all(), "Deployment", deployment_id=request["DeploymentId"])
        if not deployment.document:
            raise BadRequestException("A deployment that failed cannot be associated with a stage")
        point_at(row, deployment)
        return
    _save(row)
    if started:
        deploy_automatically(row.api, [row])


def _save(row: Stage) -> None:
    row.save()
    _publish(row)


def _publish(row: Stage) -> None:
    if row.deployment is not None:
        publish_v2_stages(row.api, [row])


def _defaults(api: Api) -> Shape:
    return _WEBSOCKET_SETTINGS if api.websocket else _HTTP_SETTINGS


def _shape(row: Stage, tags: dict[str, str]) -> Shape:
    """AWS's Stage."""
    shape = {
        **shape_of(row, _MEMBERS),
        "DefaultRouteSettings": row.default_route_settings,
        "RouteSettings": row.route_settings,
        "StageVariables": row.stage_variables,
        "Tags": tags,
    }
    if row.deployment is not None:
        shape["DeploymentId"] = row.deployment.deployment_id
    if row.api_gateway_managed:
        shape["ApiGatewayManaged"] = True
    return shape
