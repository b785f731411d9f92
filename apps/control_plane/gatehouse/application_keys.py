"""The keys of applications: made when a subscription needs one, and put into its plan."""

from __future__ import annotations

from django.utils import timezone

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.registry import Shape
from apps.control_plane.v1.usage_plan_keys import MAX_PLANS_OF_KEY
from apps.portals.models import Application, ApplicationKey
from apps.usage_plans.models import ApiKey, UsagePlan, UsagePlanStage


def equip(caller: Caller, application: Application, plan: UsagePlan) -> ApplicationKey:
    """Make sure that a working key of the application draws on the plan; answers which one does.

    A key that may not draw on it, because it draws on another plan for one of its stages, is left alone and a new one made.
    """
    working = [
        key
        for key in application.keys.select_related("api_key").order_by("-pk")
        if is_working(key) and not key.replaced_by_id
    ]
    for key in working:
        if key.api_key.plans.filter(plan=plan).exists():
            return key
    chosen = next((key for key in working if _fits(key.api_key, plan)), None) or new_key(caller, application)
    members = {"usagePlanId": plan.plan_id, "keyId": chosen.api_key.key_id, "keyType": "API_KEY"}
    registry.call(caller, "apigateway", "CreateUsagePlanKey", members)
    return chosen


def new_key(caller: Caller, application: Application) -> ApplicationKey:
    """A fresh key of an application, in no plan yet."""
    members = {
        "name": f"{application.name} {application.keys.count() + 1}",
        "enabled": True,
        "customerId": application.application_id,
    }
    created = registry.call(caller, "apigateway", "CreateApiKey", members)
    api_key = ApiKey.objects.get(account_id=caller.account_id, region=caller.region, key_id=created["id"])
    return ApplicationKey.objects.create(application=application, api_key=api_key)


def is_working(key: ApplicationKey) -> bool:
    expires = key.api_key.expires_at
    return key.api_key.enabled and (expires is None or expires > timezone.now())


def application_key_shape(key: ApplicationKey, *, value: bool = False) -> Shape:
    """The ApplicationKey of `service-2.json`; `value` includes the secret."""
    api_key = key.api_key
    memberships = sorted(api_key.plans.all(), key=lambda row: row.pk)
    shape: Shape = {
        "keyId": api_key.key_id,
        "name": api_key.name or "",
        "enabled": api_key.enabled,
        "usagePlanIds": [membership.plan.plan_id for membership in memberships],
        "createdDate": api_key.created,
    }
    if value:
        shape["value"] = str(api_key.value)
    if api_key.expires_at is not None:
        shape["expiresDate"] = api_key.expires_at
    if key.replaced_by is not None:
        shape["replacedByKeyId"] = key.replaced_by.api_key.key_id
    return shape


def _fits(api_key: ApiKey, plan: UsagePlan) -> bool:
    if api_key.plans.count() >= MAX_PLANS_OF_KEY:
        return False
    taken = set(UsagePlanStage.objects.filter(plan__keys__api_key=api_key).values_list("rest_api_id", "stage_name"))
    return taken.isdisjoint(plan.api_stages.values_list("rest_api_id", "stage_name"))
