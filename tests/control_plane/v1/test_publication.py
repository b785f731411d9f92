"""What acts without a deployment is published by the operation that changes it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import NotFoundException
from apps.core import documents
from apps.deployments.models import ConfigurationRevision, ConfigurationSection
from tests.builders import a_key, a_plan, a_rest_api, a_stage, call, subscribe


def key_document(caller: Caller, key_id: str) -> documents.KeyDocument | None:
    name = documents.keys_section(caller.account_id, caller.region, documents.key_shard(key_id))
    stored = ConfigurationSection.objects.get(name=name).document
    if stored is None:
        return None
    shard = documents.decode(stored.body)
    assert isinstance(shard, documents.KeysDocument)
    return next((key for key in shard.keys if key.id == key_id), None)


def plan_document(caller: Caller, plan_id: str) -> documents.PlanDocument | None:
    name = documents.plan_section(caller.account_id, caller.region, plan_id)
    stored = ConfigurationSection.objects.get(name=name).document
    if stored is None:
        return None
    document = documents.decode(stored.body)
    assert isinstance(document, documents.PlanDocument)
    return document


def patched(caller: Caller, operation: str, path: str, value: str, **at: Any) -> None:
    call(caller, operation, **at, patchOperations=[{"op": "replace", "path": path, "value": value}])


def test_a_key_is_published_from_its_creation_to_its_end(caller: Caller) -> None:
    key = a_key(caller)
    made = key_document(caller, key["id"])
    assert made is not None
    assert made.enabled is True

    patched(caller, "UpdateApiKey", "/enabled", "false", apiKey=key["id"])
    disabled = key_document(caller, key["id"])
    assert disabled is not None
    assert disabled.enabled is False

    call(caller, "DeleteApiKey", apiKey=key["id"])
    assert key_document(caller, key["id"]) is None


def test_a_keys_plans_are_published_as_it_enters_and_leaves_them(caller: Caller) -> None:
    plan, key = a_plan(caller), a_key(caller)

    subscribe(caller, plan, key)
    inside = key_document(caller, key["id"])
    call(caller, "DeleteUsagePlanKey", usagePlanId=plan, keyId=key["id"])
    outside = key_document(caller, key["id"])

    assert inside is not None
    assert outside is not None
    assert (inside.plan_ids, outside.plan_ids) == ((plan,), ())


def test_a_deleted_plan_leaves_the_keys_that_drew_on_it(caller: Caller) -> None:
    plan, key = a_plan(caller), a_key(caller)
    subscribe(caller, plan, key)

    call(caller, "DeleteUsagePlan", usagePlanId=plan)

    document = key_document(caller, key["id"])
    assert document is not None
    assert document.plan_ids == ()
    assert plan_document(caller, plan) is None


def test_a_plans_limits_are_published_as_they_change(caller: Caller) -> None:
    api = a_rest_api(caller)
    stage = a_stage(caller, api)
    plan = a_plan(caller, (api, stage), throttle={"rateLimit": 1.0, "burstLimit": 2})

    patched(caller, "UpdateUsagePlan", "/throttle/burstLimit", "9", usagePlanId=plan)
    at = f"/apiStages/{api}:{stage}/throttle/~1pets/GET"
    patched(caller, "UpdateUsagePlan", f"{at}/rateLimit", "4", usagePlanId=plan)

    document = plan_document(caller, plan)
    assert document is not None
    assert document.throttle == documents.Throttle(rate=1.0, burst=9)
    [covered] = document.stages
    assert covered.method_throttles == {"/pets/GET": documents.Throttle(rate=4.0, burst=0)}


def test_what_update_usage_grants_is_published_with_the_key(caller: Caller) -> None:
    plan, key = a_plan(caller, quota={"limit": 10, "period": "DAY"}), a_key(caller)
    subscribe(caller, plan, key)

    patched(caller, "UpdateUsage", "/remaining", "15", usagePlanId=plan, keyId=key["id"])

    document = key_document(caller, key["id"])
    assert document is not None
    assert document.quota_extensions[plan].requests == 5


def test_an_operation_that_fails_publishes_nothing(caller: Caller) -> None:
    api = a_rest_api(caller)
    plan = a_plan(caller, (api, a_stage(caller, api)))
    before = ConfigurationRevision.objects.get().number
    operations = [
        {"op": "replace", "path": "/name", "value": "platinum"},
        {"op": "add", "path": "/apiStages", "value": "nosuch:prod"},
    ]

    with pytest.raises(NotFoundException):
        call(caller, "UpdateUsagePlan", usagePlanId=plan, patchOperations=operations)

    assert ConfigurationRevision.objects.get().number == before
    assert call(caller, "GetUsagePlan", usagePlanId=plan)["name"] == "gold"
