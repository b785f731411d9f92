"""Usage plans: throttles and quotas for the API keys that draw on them, on the stages that they cover."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException, too_many
from apps.control_plane.locking import hold
from apps.control_plane.paging import page, paged
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.plan_patches import PLAN_PATCHES, PlanEdit
from apps.control_plane.v1.tags import drop_tags, put_tags, tags_of, tags_of_all, usage_plan_path
from apps.control_plane.v1.usage_plan_keys import find_usage_plan, same_stage_conflict
from apps.core.quota_periods import MAX_OFFSET
from apps.deployments import publisher
from apps.deployments.models import Stage
from apps.usage_plans.models import UsagePlan, UsagePlanKey, UsagePlanStage
from apps.v2_apis.models import Stage as V2Stage

MAX_PLANS = 300
MAX_METHOD_THROTTLES = 20
_OFFSETS = {
    "DAY": "Usage Plan quota offset must be zero in the DAY period",
    "WEEK": "Usage Plan quota offset must be between zero and six inclusive in the WEEK period",
    "MONTH": "Usage Plan quota offset must be between zero and 27 inclusive in the MONTH period",
}


@operation("CreateUsagePlan")
def create_usage_plan(caller: Caller, request: Shape) -> Shape:
    """A new plan."""
    if UsagePlan.objects.filter(account_id=caller.account_id, region=caller.region).count() >= MAX_PLANS:
        raise too_many("Usage Plans")
    throttle, quota = request.get("throttle") or {}, request.get("quota") or {}
    row = UsagePlan(
        account_id=caller.account_id,
        region=caller.region,
        name=request["name"],
        description=request.get("description"),
        throttle_rate_limit=throttle.get("rateLimit"),
        throttle_burst_limit=throttle.get("burstLimit"),
        quota_limit=quota.get("limit"),
        quota_offset=quota.get("offset") or 0,
        quota_period=quota.get("period"),
    )
    edit = PlanEdit(row)
    for stage in request.get("apiStages") or ():
        if not stage.get("apiId") or not stage.get("stage"):
            raise BadRequestException(
                f"Invalid API Stage {{api: {stage.get('apiId')}, stage: {stage.get('stage')}}} specified for usageplan "
                f"{row.name}"
            )
        edit.stages[stage["apiId"], stage["stage"]] = dict(stage.get("throttle") or {})
    _save(caller, edit)
    put_tags(caller, usage_plan_path(row.plan_id), request.get("tags"))
    return usage_plan_shape(row, tags_of(caller, usage_plan_path(row.plan_id)))


@operation("GetUsagePlan")
def get_usage_plan(caller: Caller, request: Shape) -> Shape:
    """One plan."""
    row = find_usage_plan(caller, request["usagePlanId"])
    return usage_plan_shape(row, tags_of(caller, usage_plan_path(row.plan_id)))


@operation("GetUsagePlans")
def get_usage_plans(caller: Caller, request: Shape) -> Shape:
    """The plans, or those of them that a key draws on, oldest first."""
    rows = UsagePlan.objects.filter(account_id=caller.account_id, region=caller.region)
    if request.get("keyId"):
        rows = rows.filter(keys__api_key__key_id=request["keyId"])
    found, position = page(rows.prefetch_related("api_stages"), request, "pk")
    tags = tags_of_all(caller, [usage_plan_path(row.plan_id) for row in found])
    return paged([usage_plan_shape(row, tags[usage_plan_path(row.plan_id)]) for row in found], position)


@operation("UpdateUsagePlan")
def update_usage_plan(caller: Caller, request: Shape) -> Shape:
    """Patch a plan; it acts at once."""
    row = find_usage_plan(caller, request["usagePlanId"])
    hold(row)
    edit = PlanEdit(
        row,
        {(stage.rest_api_id, stage.stage_name): dict(stage.throttle) for stage in row.api_stages.order_by("pk")},
    )
    PLAN_PATCHES.apply(edit, request.get("patchOperations"))
    _save(caller, edit)
    return usage_plan_shape(row, tags_of(caller, usage_plan_path(row.plan_id)))


@operation("DeleteUsagePlan")
def delete_usage_plan(caller: Caller, request: Shape) -> Shape:
    """Delete a plan that covers no stage; its keys stay, without it."""
    row = find_usage_plan(caller, request["usagePlanId"])
    hold(row)
    stage = row.api_stages.order_by("pk").first()
    if stage is not None:
        raise BadRequestException(
            f"Cannot delete Usage Plan {row.plan_id} because there are API Stages associated with it, including "
            f"{stage.rest_api_id}:{stage.stage_name}"
        )
    keys = list(row.keys.values_list("api_key__key_id", flat=True))
    row.delete()
    publisher.retract_plan(caller.account_id, caller.region, row.plan_id)
    publisher.publish_keys(caller.account_id, caller.region, keys)
    drop_tags(caller, usage_plan_path(row.plan_id))
    return {}


def usage_plan_shape(row: UsagePlan, tags: dict[str, str] | None = None) -> Shape:
    """AWS's UsagePlan."""
    shape: dict[str, Any] = {
        "id": row.plan_id,
        "name": row.name,
        "apiStages": [_api_stage_shape(stage) for stage in sorted(row.api_stages.all(), key=lambda stage: stage.pk)],
    }
    if row.description:
        shape["description"] = row.description
    if row.throttle_rate_limit is not None or row.throttle_burst_limit is not None:
        shape["throttle"] = {
            "burstLimit": row.throttle_burst_limit or 0,
            "rateLimit": float(row.throttle_rate_limit or 0),
        }
    if row.quota_limit is not None:
        shape["quota"] = {"limit": row.quota_limit, "offset": row.quota_offset, "period": row.quota_period}
    if row.product_code:
        shape["productCode"] = row.product_code
    if tags:
        shape["tags"] = tags
    return shape


def _api_stage_shape(stage: UsagePlanStage) -> Shape:
    shape: Shape = {"apiId": stage.rest_api_id, "stage": stage.stage_name}
    if stage.throttle:
        shape["throttle"] = stage.throttle
    return shape


def _save(caller: Caller, edit: PlanEdit) -> None:
    """Check a plan as a whole, save it with its stages, and publish it."""
    row = edit.plan
    _check_plan(row)
    known = {(stage.rest_api_id, stage.stage_name): stage for stage in row.api_stages.all()} if row.pk else {}
    for place, throttle in edit.stages.items():
        if place not in known:
            _check_stage(caller, row, *place)
        _check_method_throttles(throttle)
    row.save()
    row.api_stages.exclude(pk__in=[stage.pk for place, stage in known.items() if place in edit.stages]).delete()
    for (rest_api_id, stage_name), throttle in edit.stages.items():
        UsagePlanStage.objects.update_or_create(
            plan=row, rest_api_id=rest_api_id, stage_name=stage_name, defaults={"throttle": throttle}
        )
    publisher.publish_plan(row)


def _check_plan(row: UsagePlan) -> None:
    if not row.name:
        raise BadRequestException("Usage Plan name cannot be blank")
    _check_limits(row.throttle_rate_limit, row.throttle_burst_limit)
    if row.quota_limit is None and row.quota_period is None:
        row.quota_offset = 0
        return
    if row.quota_limit is None or row.quota_limit <= 0:
        raise BadRequestException("Usage Plan quota limit must be greater than zero")
    if row.quota_period is None:
        raise BadRequestException("Usage Plan quota period must be specified")
    if not 0 <= row.quota_offset <= MAX_OFFSET[row.quota_period]:
        raise BadRequestException(_OFFSETS[row.quota_period])


def _check_limits(rate: float | None, burst: int | None) -> None:
    checks: tuple[tuple[str, float | None, Callable[[float], bool]], ...] = (
        ("rate", rate, lambda value: 0 <= value < float("inf")),
        ("burst", burst, lambda value: value >= 0),
    )
    for name, value, fits in checks:
        if value is not None and not fits(value):
            raise BadRequestException(f"Usage Plan throttle {name} limit must be a non-negative number")


def _check_stage(caller: Caller, row: UsagePlan, rest_api_id: str, stage_name: str) -> None:
    """The stage is there, and no key of this plan draws on another plan for it."""
    rest = Stage.objects.filter(
        rest_api_id=rest_api_id,
        rest_api__account_id=caller.account_id,
        rest_api__region=caller.region,
        name=stage_name,
    )
    # Of APIs of V2 only WebSocket APIs know API keys.
    websocket = V2Stage.objects.filter(
        api_id=rest_api_id,
        api__account_id=caller.account_id,
        api__region=caller.region,
        api__protocol_type="WEBSOCKET",
        name=stage_name,
    )
    if not rest.exists() and not websocket.exists():
        raise NotFoundException(f"API Stage not found: {rest_api_id}:{stage_name}")
    if row._state.adding:
        return
    twice = UsagePlanKey.objects.filter(
        api_key__plans__plan=row, plan__api_stages__rest_api_id=rest_api_id, plan__api_stages__stage_name=stage_name
    )
    key_id = twice.exclude(plan=row).values_list("api_key__key_id", flat=True).first()
    if key_id is not None:
        raise same_stage_conflict(row, key_id, rest_api_id, stage_name)


def _check_method_throttles(throttle: dict[str, Shape]) -> None:
    if len(throttle) > MAX_METHOD_THROTTLES:
        raise too_many("method throttles", "API Stage")
    for limits in throttle.values():
        _check_limits(limits.get("rateLimit"), limits.get("burstLimit"))
