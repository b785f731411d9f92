"""Stages: named pointers to deployments, with settings that act at once."""

from __future__ import annotations

from typing import Any

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException, too_many
from apps.control_plane.locking import hold
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.base_path_mappings import refuse_while_mapped
from apps.control_plane.v1.publishing import publish_stage
from apps.control_plane.v1.stage_settings import (
    CACHE_CLUSTER_SIZES,
    STAGE_PATCHES,
    check_stage_name,
    check_variables,
    percent_traffic,
)
from apps.control_plane.v1.tags import drop_tags, put_tags, stage_path, tags_of, tags_of_all
from apps.deployments import publisher
from apps.deployments.canaries import note_canary
from apps.deployments.models import Deployment, Stage, StageHistory
from apps.portals.references import publish_references_of
from apps.rest_apis.models import RestApi
from apps.usage_plans.models import UsagePlan, UsagePlanStage

MAX_STAGES = 10


@operation("CreateStage")
def create_stage(caller: Caller, request: Shape) -> Shape:
    """A new stage that points at an existing deployment."""
    api = caller.rest_api(request["restApiId"])
    check_stage_name(request["stageName"])
    check_variables(request.get("variables"))
    deployment = api.deployments.filter(deployment_id=request["deploymentId"]).first()
    if deployment is None:
        raise NotFoundException("Invalid Deployment identifier specified")
    _check_documentation_version(api, request.get("documentationVersion"))
    row = create_stage_row(
        caller,
        deployment,
        request["stageName"],
        {
            "description": request.get("description"),
            "cache_cluster_enabled": bool(request.get("cacheClusterEnabled")),
            "cache_cluster_size": request.get("cacheClusterSize"),
            "variables": request.get("variables") or {},
            "documentation_version": request.get("documentationVersion"),
            "canary_settings": _canary_settings(request.get("canarySettings"), deployment),
            "tracing_enabled": bool(request.get("tracingEnabled")),
        },
    )
    put_tags(caller, stage_path(api.id, row.name), request.get("tags"))
    return stage_shape(row, tags_of(caller, stage_path(api.id, row.name)))


@operation("GetStage")
def get_stage(caller: Caller, request: Shape) -> Shape:
    """One stage."""
    row = find_stage(caller, request["restApiId"], request["stageName"])
    return stage_shape(row, tags_of(caller, stage_path(row.rest_api_id, row.name)))


@operation("GetStages")
def get_stages(caller: Caller, request: Shape) -> Shape:
    """The stages of an API, or those of them that point at a deployment; never in pages."""
    api = caller.rest_api(request["restApiId"])
    rows = api.stages.select_related("deployment").order_by("pk")
    if request.get("deploymentId"):
        rows = rows.filter(deployment__deployment_id=request["deploymentId"])
    tags = tags_of_all(caller, [stage_path(api.id, row.name) for row in rows])
    return {"item": [stage_shape(row, tags[stage_path(api.id, row.name)]) for row in rows]}


@operation("UpdateStage")
def update_stage(caller: Caller, request: Shape) -> Shape:
    """Patch a stage. It acts at once; a new deployment makes a row of history."""
    row = find_stage(caller, request["restApiId"], request["stageName"])
    hold(row)
    documented = row.documentation_version
    STAGE_PATCHES.apply(row, request.get("patchOperations"))
    if row.documentation_version != documented:
        _check_documentation_version(row.rest_api, row.documentation_version)
    point_at(caller, row, row.deployment)
    return stage_shape(row, tags_of(caller, stage_path(row.rest_api_id, row.name)))


@operation("DeleteStage")
def delete_stage(caller: Caller, request: Shape) -> Shape:
    """Take a stage down; usage plans forget it."""
    row = find_stage(caller, request["restApiId"], request["stageName"])
    refuse_while_mapped(row.rest_api, row.name)
    api_id, name = row.rest_api_id, row.name
    covered = UsagePlanStage.objects.filter(rest_api_id=api_id, stage_name=name, plan__account_id=caller.account_id)
    plans = list(UsagePlan.objects.filter(api_stages__in=covered).distinct())
    covered.delete()
    row.delete()
    publisher.retract_stage(api_id, name)
    for plan in plans:
        publisher.publish_plan(plan)
    drop_tags(caller, stage_path(api_id, name))
    return {}


def find_stage(caller: Caller, rest_api_id: str, stage_name: str) -> Stage:
    """A stage of the caller's API; raises NotFoundException in AWS's words."""
    row = (
        Stage.objects.filter(
            rest_api_id=rest_api_id,
            rest_api__account_id=caller.account_id,
            rest_api__region=caller.region,
            name=stage_name,
        )
        .select_related("rest_api", "deployment")
        .first()
    )
    if row is None:
        raise NotFoundException("Invalid stage identifier specified")
    return row


def create_stage_row(caller: Caller, deployment: Deployment, name: str, members: dict[str, Any]) -> Stage:
    """A new stage of the deployment's API, published. `members` are fields of the row, already checked."""
    stages = Stage.objects.filter(rest_api=deployment.rest_api_id)
    if stages.filter(name=name).exists():
        raise ConflictException("Stage already exists")
    if stages.count() >= MAX_STAGES:
        raise too_many("Stages", "API")
    row = Stage(rest_api=deployment.rest_api, deployment=deployment, name=name, **members)
    point_at(caller, row, deployment)
    return row


def point_at(caller: Caller, row: Stage, deployment: Deployment) -> None:
    """Save a stage that points at `deployment`, write its history when that is new, and publish it."""
    row.deployment = deployment
    row.save()
    note_canary(row)
    last = row.history.order_by("-pk").values_list("deployment_id", flat=True).first()
    if last != deployment.pk:
        StageHistory.objects.create(stage=row, deployment=deployment, principal=caller.principal)
        publish_references_of(row)
    publish_stage(row)


def stage_shape(row: Stage, tags: dict[str, str] | None = None) -> Shape:
    """AWS's Stage."""
    members = {
        "deploymentId": row.deployment.deployment_id,
        "clientCertificateId": row.client_certificate_id,
        "stageName": row.name,
        "description": row.description,
        "cacheClusterEnabled": row.cache_cluster_enabled,
        "cacheClusterSize": (row.cache_cluster_size or CACHE_CLUSTER_SIZES[0]) if row.cache_cluster_enabled else None,
        "cacheClusterStatus": "AVAILABLE" if row.cache_cluster_enabled else "NOT_AVAILABLE",
        "methodSettings": row.method_settings,
        "variables": row.variables or None,
        "documentationVersion": row.documentation_version,
        "accessLogSettings": row.access_log_settings or None,
        "canarySettings": row.canary_settings,
        "tracingEnabled": row.tracing_enabled,
        "webAclArn": row.web_acl_arn,
        "tags": tags or None,
        "createdDate": row.created,
        "lastUpdatedDate": row.last_updated,
    }
    return {name: value for name, value in members.items() if value is not None}


def _check_documentation_version(api: RestApi, version: str | None) -> None:
    if version and not api.documentation_versions.filter(version=version).exists():
        raise BadRequestException(f"Invalid documentation version specified: {version}")


def _canary_settings(given: Shape | None, deployment: Deployment) -> Shape | None:
    if given is None:
        return None
    overrides = given.get("stageVariableOverrides")
    check_variables(overrides)
    canary = given.get("deploymentId") or deployment.deployment_id
    if not Deployment.objects.filter(rest_api=deployment.rest_api_id, deployment_id=canary).exists():
        raise BadRequestException("Deployment id does not exist")
    return {
        "percentTraffic": percent_traffic(given),
        "deploymentId": canary,
        "useStageCache": bool(given.get("useStageCache")),
        **({"stageVariableOverrides": dict(overrides)} if overrides else {}),
    }
