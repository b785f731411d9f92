"""The life of API keys: when they end, and how one takes the place of another without a gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException
from apps.control_plane.locking import hold
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.api_keys import find_api_key
from apps.deployments import publisher
from apps.portals.models import ApplicationKey
from apps.usage_plans.models import ApiKey

DEFAULT_OVERLAP_SECONDS = 86_400


@operation("PutApiKeyExpiry", "gatehouse")
def put_api_key_expiry(caller: Caller, request: Shape) -> Shape:
    """Let a key end at a time; without one, let it last."""
    row = held_key(caller, request)
    ends = request.get("expiresDate")
    if ends is not None and ends.tzinfo is None:
        ends = ends.replace(tzinfo=UTC)
    if ends is not None and ends <= timezone.now():
        raise BadRequestException("A key ends in the future. Disable it to refuse it now.")
    _end_at(row, ends)
    return _shape(row)


@operation("RotateApiKey", "gatehouse")
def rotate_api_key(caller: Caller, request: Shape) -> Shape:
    """A new key with the name and in the plans of an old one, which keeps working for `overlapSeconds` and then refuses."""
    old = held_key(caller, request)
    if not old.enabled:
        raise ConflictException(f"API Key {old.key_id} is disabled")
    if old.expires_at is not None and old.expires_at <= timezone.now():
        raise ConflictException(f"API Key {old.key_id} has expired")
    members = {"name": old.name, "description": old.description, "customerId": old.customer_id, "enabled": True}
    given = {name: value for name, value in members.items() if value is not None}
    created = registry.call(caller, "apigateway", "CreateApiKey", given)
    for plan_id in old.plans.order_by("pk").values_list("plan__plan_id", flat=True):
        join = {"usagePlanId": plan_id, "keyId": created["id"], "keyType": "API_KEY"}
        registry.call(caller, "apigateway", "CreateUsagePlanKey", join)
    ends = timezone.now() + timedelta(seconds=request.get("overlapSeconds", DEFAULT_OVERLAP_SECONDS))
    _end_at(old, min(ends, old.expires_at) if old.expires_at else ends)
    fresh = find_api_key(caller, created["id"])
    hand_limits_on(old, fresh)
    publisher.publish_keys(fresh.account_id, fresh.region, [fresh.key_id])
    return {**_shape(fresh), "value": str(fresh.value), "replacedKeyId": old.key_id}


def held_key(caller: Caller, request: Shape) -> ApiKey:
    """The key that a request names, held against others who change it. One of an application has a life that its developer sees."""
    row = find_api_key(caller, request["keyId"])
    if ApplicationKey.objects.filter(api_key=row).exists():
        raise ConflictException(f"API Key {row.key_id} belongs to an application: rotate or revoke it there")
    hold(row)
    return row


def hand_limits_on(old: ApiKey, fresh: ApiKey) -> None:
    """Have a key work from where the one that it replaces does; the caller publishes it."""
    fresh.source_networks, fresh.websites = old.source_networks, old.websites
    fresh.save(update_fields=["source_networks", "websites"])


def _end_at(row: ApiKey, ends: datetime | None) -> None:
    row.expires_at = ends
    row.save(update_fields=["expires_at", "last_updated"])
    publisher.publish_keys(row.account_id, row.region, [row.key_id])


def _shape(row: ApiKey) -> Shape:
    members = {"keyId": row.key_id, "name": row.name, "enabled": row.enabled, "expiresDate": row.expires_at}
    return {name: value for name, value in members.items() if value is not None}
