"""The keys of applications: made when a subscription needs one, and put into its plan."""

from __future__ import annotations

from django.utils import timezone

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import ConflictException, LimitExceededException
from apps.control_plane.gatehouse.notices import application_data, tell_programs
from apps.control_plane.registry import Shape
from apps.control_plane.v1.usage_plan_keys import MAX_PLANS_OF_KEY
from apps.portals.models import Application, ApplicationKey
from apps.usage_plans.models import ApiKey, UsagePlan, UsagePlanStage

MAX_KEYS = 10
"""Keys of one application, those that have been rotated and still work among them."""


def equip(caller: Caller, application: Application, plan: UsagePlan) -> ApplicationKey:
    """Make sure that a lasting key of the application draws on the plan; answers which one does.

    A key that may not draw on it, because it draws on another plan for one of its stages, is left alone and a new one made.
    """
    refuse_while_disabled(caller, application)
    keys = application.keys.select_related("api_key").order_by("-pk")
    # A key that is to expire serves until then, but nothing new.
    lasting = [key for key in keys if key.api_key.enabled and key.api_key.expires_at is None]
    for key in lasting:
        if key.api_key.plans.filter(plan=plan).exists():
            return key
    chosen = next((key for key in lasting if _fits(key.api_key, plan)), None) or new_key(caller, application)
    members = {"usagePlanId": plan.plan_id, "keyId": chosen.api_key.key_id, "keyType": "API_KEY"}
    registry.call(caller, "apigateway", "CreateUsagePlanKey", members)
    return chosen


def new_key(caller: Caller, application: Application, label: str = "") -> ApplicationKey:
    """A fresh key of an application, in no plan yet. Keys that have expired make room for it."""
    for key in application.keys.filter(api_key__expires_at__lte=timezone.now()).select_related("api_key"):
        registry.call(caller, "apigateway", "DeleteApiKey", {"apiKey": key.api_key.key_id})
    if application.keys.count() >= MAX_KEYS:
        raise LimitExceededException(f"An application can have at most {MAX_KEYS} keys. Revoke one first.")
    members = {
        "name": f"{application.name} {application.keys.count() + 1}",
        "enabled": True,
        "customerId": application.application_id,
    }
    created = registry.call(caller, "apigateway", "CreateApiKey", members)
    api_key = ApiKey.objects.get(account_id=caller.account_id, region=caller.region, key_id=created["id"])
    tell_programs(caller, "key.created", {**application_data(application), "keyId": api_key.key_id})
    return ApplicationKey.objects.create(application=application, api_key=api_key, label=label)


def put_into(caller: Caller, key: ApplicationKey, plan: UsagePlan) -> None:
    """Have a key draw on a plan, unless it may not, because it draws on another one for a stage of it, or does already."""
    if _fits(key.api_key, plan) and not key.api_key.plans.filter(plan=plan).exists():
        members = {"usagePlanId": plan.plan_id, "keyId": key.api_key.key_id, "keyType": "API_KEY"}
        registry.call(caller, "apigateway", "CreateUsagePlanKey", members)


def refuse_while_disabled(caller: Caller, application: Application) -> None:
    """A key that staff have disabled stays so: its developer does not replace it, nor take it away to get another."""
    disabled = application.keys.filter(api_key__enabled=False).select_related("api_key").first()
    if caller.via == "portal" and disabled is not None:
        raise ConflictException(f"API Key {disabled.api_key.key_id} has been disabled by the provider of the API")


def application_key_shape(key: ApplicationKey, *, value: bool = False) -> Shape:
    """The ApplicationKey of `service-2.json`; `value` includes the secret."""
    api_key = key.api_key
    memberships = sorted(api_key.plans.all(), key=lambda row: row.pk)
    shape: Shape = {
        "keyId": api_key.key_id,
        "name": api_key.name or "",
        "label": key.label,
        "enabled": api_key.enabled,
        "usagePlanIds": [membership.plan.plan_id for membership in memberships],
        "createdDate": api_key.created,
        "sourceNetworks": api_key.source_networks,
        "websites": api_key.websites,
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
