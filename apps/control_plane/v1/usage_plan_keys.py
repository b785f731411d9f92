"""Usage plan keys: which API keys draw on which usage plan."""

from __future__ import annotations

from django.db.models import Value
from django.db.models.functions import Left

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException, too_many
from apps.control_plane.locking import hold
from apps.control_plane.paging import page, paged
from apps.control_plane.registry import Shape, operation
from apps.deployments import publisher
from apps.usage_plans.models import ApiKey, UsagePlan, UsagePlanKey, UsagePlanStage

MAX_PLANS_OF_KEY = 10


@operation("CreateUsagePlanKey")
def create_usage_plan_key(caller: Caller, request: Shape) -> Shape:
    """Put an existing API key into a usage plan."""
    if request["keyType"] != "API_KEY":
        raise BadRequestException(f"Invalid key type specified: {request['keyType']}. Must be API_KEY")
    plan = find_usage_plan(caller, request["usagePlanId"])
    key = caller.find(ApiKey, "Invalid API Key identifier specified", key_id=request["keyId"])
    put_into_plan(plan, key)
    publisher.publish_keys(caller.account_id, caller.region, [key.key_id])
    return usage_plan_key_shape(key)


@operation("GetUsagePlanKey")
def get_usage_plan_key(caller: Caller, request: Shape) -> Shape:
    """One key of a plan."""
    return usage_plan_key_shape(find_membership(caller, request["usagePlanId"], request["keyId"]).api_key)


@operation("GetUsagePlanKeys")
def get_usage_plan_keys(caller: Caller, request: Shape) -> Shape:
    """The keys of a plan, in the order in which they came in, whose name begins with `nameQuery` where that is given."""
    plan = find_usage_plan(caller, request["usagePlanId"])
    rows = UsagePlanKey.objects.filter(plan=plan).select_related("api_key")
    if request.get("nameQuery"):
        query = request["nameQuery"]
        rows = rows.annotate(beginning=Left("api_key__name", len(query))).filter(beginning=Value(query))
    found, position = page(rows, request, "pk")
    return paged([usage_plan_key_shape(row.api_key) for row in found], position)


@operation("DeleteUsagePlanKey")
def delete_usage_plan_key(caller: Caller, request: Shape) -> Shape:
    """Take a key out of a plan."""
    find_membership(caller, request["usagePlanId"], request["keyId"]).delete()
    publisher.publish_keys(caller.account_id, caller.region, [request["keyId"]])
    return {}


def find_usage_plan(caller: Caller, plan_id: str) -> UsagePlan:
    """A plan of the caller; raises NotFoundException in AWS's words."""
    return caller.find(UsagePlan, "Invalid Usage Plan ID specified", plan_id=plan_id)


def find_membership(caller: Caller, plan_id: str, key_id: str) -> UsagePlanKey:
    """A key's place in a plan; raises NotFoundException in AWS's words."""
    plan = find_usage_plan(caller, plan_id)
    row = plan.keys.filter(api_key__key_id=key_id).select_related("api_key", "plan").first()
    if row is None:
        raise NotFoundException("Invalid Usage Plan Key identifier specified")
    return row


def put_into_plan(plan: UsagePlan, key: ApiKey) -> None:
    """Make a key draw on a plan; the caller publishes it. A key has one plan for each stage, and ten in all."""
    hold(key)
    memberships = UsagePlanKey.objects.filter(api_key=key)
    if memberships.filter(plan=plan).exists():
        raise ConflictException(f"API Key {key.key_id} is already associated with Usage Plan {plan.plan_id}")
    if memberships.count() >= MAX_PLANS_OF_KEY:
        raise too_many("Usage Plans", "API Key")
    others = UsagePlanStage.objects.filter(plan__keys__api_key=key)
    for rest_api_id, stage_name in plan.api_stages.values_list("rest_api_id", "stage_name").order_by("pk"):
        if others.filter(rest_api_id=rest_api_id, stage_name=stage_name).exists():
            raise same_stage_conflict(plan, key.key_id, rest_api_id, stage_name)
    UsagePlanKey.objects.create(plan=plan, api_key=key)


def same_stage_conflict(plan: UsagePlan, key_id: str, rest_api_id: str, stage_name: str) -> ConflictException:
    return ConflictException(
        f"Usage Plan {plan.plan_id} cannot be added because API Key {key_id} cannot reference multiple Usage Plans with the "
        f"same API stage: {rest_api_id}:{stage_name}"
    )


def usage_plan_key_shape(key: ApiKey) -> Shape:
    """AWS's UsagePlanKey."""
    shape = {"id": key.key_id, "type": "API_KEY", "value": str(key.value)}
    if key.name:
        shape["name"] = key.name
    return shape
