"""The life of API keys: an end that can be set and taken back, and rotation with an overlap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.accounts.models import User
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from apps.control_plane.gatehouse.application_keys import new_key
from apps.portals.models import Application
from apps.usage_plans.models import ApiKey
from tests.builders import a_caller, a_key, a_plan, a_rest_api, a_stage, call, ours, subscribe


def soon(**time: int) -> datetime:
    return datetime.now(UTC) + timedelta(**time)


def test_a_key_is_given_an_end_and_lasts_again(caller: Caller) -> None:
    key, end = a_key(caller)["id"], soon(days=3)

    told = ours(caller, "PutApiKeyExpiry", keyId=key, expiresDate=end)
    lasting = ours(caller, "PutApiKeyExpiry", keyId=key)

    assert told["expiresDate"] == end
    assert "expiresDate" not in lasting


def test_an_end_in_the_past_is_refused(caller: Caller) -> None:
    with pytest.raises(BadRequestException, match="ends in the future"):
        ours(caller, "PutApiKeyExpiry", keyId=a_key(caller)["id"], expiresDate=soon(seconds=-1))


def test_a_rotated_key_has_a_successor_in_the_same_plans_and_works_on_for_a_while(caller: Caller) -> None:
    api = a_rest_api(caller)
    plan, old = a_plan(caller, (api, a_stage(caller, api))), a_key(caller, name="acme", customerId="c1")
    subscribe(caller, plan, old)

    fresh = ours(caller, "RotateApiKey", keyId=old["id"], overlapSeconds=60)

    assert fresh["replacedKeyId"] == old["id"]
    assert fresh["value"] != old.get("value")
    shape = call(caller, "GetApiKey", apiKey=fresh["keyId"])
    assert (shape["name"], shape["customerId"], shape["enabled"]) == ("acme", "c1", True)
    members = call(caller, "GetUsagePlanKeys", usagePlanId=plan)["items"]
    assert {member["id"] for member in members} == {old["id"], fresh["keyId"]}
    ends = ApiKey.objects.get(key_id=old["id"]).expires_at
    assert ends is not None
    assert abs((ends - soon(seconds=60)).total_seconds()) < 30


def test_a_key_that_ends_earlier_anyway_keeps_its_end(caller: Caller) -> None:
    key, end = a_key(caller)["id"], soon(minutes=5)
    ours(caller, "PutApiKeyExpiry", keyId=key, expiresDate=end)

    ours(caller, "RotateApiKey", keyId=key)

    assert ApiKey.objects.get(key_id=key).expires_at == end


def test_a_disabled_key_is_not_rotated(caller: Caller) -> None:
    key = a_key(caller, enabled=False)["id"]

    with pytest.raises(ConflictException, match="is disabled"):
        ours(caller, "RotateApiKey", keyId=key)


@pytest.mark.parametrize("operation", ["RotateApiKey", "PutApiKeyExpiry"])
def test_a_key_of_another_account_is_unknown(caller: Caller, operation: str) -> None:
    key = a_key(a_caller("210987654321"))["id"]

    with pytest.raises(NotFoundException):
        ours(caller, operation, keyId=key)


@pytest.mark.parametrize("operation", ["RotateApiKey", "PutApiKeyExpiry"])
def test_a_key_of_an_application_is_left_to_its_developer(caller: Caller, operation: str) -> None:
    developer = User.objects.create_user("dev", "dev@example.com")
    application = ours(caller, "CreateApplication", name="app", ownerId=str(developer.pk))["applicationId"]
    key = new_key(caller, Application.objects.get(application_id=application)).api_key.key_id

    with pytest.raises(ConflictException, match="belongs to an application"):
        ours(caller, operation, keyId=key)
