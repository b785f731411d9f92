"""Usage plans, the keys in them, and what those have used."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError, BadRequestException, ConflictException, NotFoundException
from apps.core.quota_periods import period_start
from apps.metering.models import DailyUsage
from tests.builders import a_key, a_plan, a_rest_api, a_stage, call, subscribe


def patch(caller: Caller, plan: str, op: str, path: str, value: str | None = None) -> dict[str, Any]:
    operation = {"op": op, "path": path, **({"value": value} if value is not None else {})}
    return call(caller, "UpdateUsagePlan", usagePlanId=plan, patchOperations=[operation])


def deployed(caller: Caller) -> tuple[str, str]:
    api = a_rest_api(caller)
    return api, a_stage(caller, api)


def refusal(caller: Caller, plan: str, op: str, path: str, value: str | None = None) -> str:
    with pytest.raises(AwsError) as refused:
        patch(caller, plan, op, path, value)
    return refused.value.message


def test_a_plan_shows_what_it_was_made_with(caller: Caller) -> None:
    api, stage = deployed(caller)
    limits = {"rateLimit": 5.0, "burstLimit": 9}

    plan = call(
        caller,
        "CreateUsagePlan",
        name="gold",
        description="for friends",
        apiStages=[{"apiId": api, "stage": stage, "throttle": {"/pets/GET": limits}}],
        throttle={"rateLimit": 10.0, "burstLimit": 20},
        quota={"limit": 100, "offset": 2, "period": "WEEK"},
        tags={"team": "pets"},
    )

    assert plan == {
        "id": plan["id"],
        "name": "gold",
        "description": "for friends",
        "apiStages": [{"apiId": api, "stage": stage, "throttle": {"/pets/GET": limits}}],
        "throttle": {"rateLimit": 10.0, "burstLimit": 20},
        "quota": {"limit": 100, "offset": 2, "period": "WEEK"},
        "tags": {"team": "pets"},
    }
    assert call(caller, "GetUsagePlan", usagePlanId=plan["id"]) == plan
    assert call(caller, "GetUsagePlans")["items"] == [plan]


@pytest.mark.parametrize(
    ("quota", "message"),
    [
        ({"limit": 1, "period": "DAY", "offset": 1}, "Usage Plan quota offset must be zero in the DAY period"),
        (
            {"limit": 1, "period": "WEEK", "offset": 7},
            "Usage Plan quota offset must be between zero and six inclusive in the WEEK period",
        ),
        (
            {"limit": 1, "period": "MONTH", "offset": 28},
            "Usage Plan quota offset must be between zero and 27 inclusive in the MONTH period",
        ),
    ],
)
def test_an_offset_outside_its_period_is_refused(caller: Caller, quota: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequestException, match=message):
        a_plan(caller, quota=quota)


def test_patches_add_and_remove_stages_throttles_and_quotas(caller: Caller) -> None:
    api, stage = deployed(caller)
    plan = a_plan(caller)

    patch(caller, plan, "add", "/apiStages", f"{api}:{stage}")
    patch(caller, plan, "replace", f"/apiStages/{api}:{stage}/throttle/~1pets~1{{petId}}/GET/rateLimit", "3")
    patch(caller, plan, "add", "/throttle/rateLimit", "7")
    patch(caller, plan, "add", "/throttle/burstLimit", "8")
    operations = [
        {"op": "replace", "path": "/quota/limit", "value": "5"},
        {"op": "replace", "path": "/quota/period", "value": "DAY"},
    ]
    shape = call(caller, "UpdateUsagePlan", usagePlanId=plan, patchOperations=operations)

    assert shape["apiStages"] == [
        {"apiId": api, "stage": stage, "throttle": {"/pets/{petId}/GET": {"rateLimit": 3.0, "burstLimit": 0}}}
    ]
    assert shape["throttle"] == {"rateLimit": 7.0, "burstLimit": 8}
    assert shape["quota"] == {"limit": 5, "offset": 0, "period": "DAY"}
    for path, value in (("/apiStages", f"{api}:{stage}"), ("/throttle", None), ("/quota", None)):
        shape = patch(caller, plan, "remove", path, value)
    assert shape == {"id": plan, "name": "gold", "apiStages": []}


def test_wrong_patches_are_refused_in_awss_words(caller: Caller) -> None:
    plan = a_plan(caller)

    assert refusal(caller, plan, "add", "/apiStages", "nosuch:dev") == "API Stage not found: nosuch:dev"
    assert refusal(caller, plan, "remove", "/apiStages") == "Invalid API Stage specified"
    assert refusal(caller, plan, "remove", "/apiStages/abc:dev") == (
        "Invalid patch path  '/apiStages/abc:dev' specified for op 'remove'. Must be one of: [/apiStages, /quota, /throttle, "
        "/productCode, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, "
        "/apiStages/<apidId:stageName>/throttle]"
    )


def test_a_plan_that_covers_a_stage_is_not_deleted(caller: Caller) -> None:
    api, stage = deployed(caller)
    plan = a_plan(caller, (api, stage))

    with pytest.raises(BadRequestException) as refused:
        call(caller, "DeleteUsagePlan", usagePlanId=plan)

    assert refused.value.message == (
        f"Cannot delete Usage Plan {plan} because there are API Stages associated with it, including {api}:{stage}"
    )
    call(caller, "DeleteStage", restApiId=api, stageName=stage)
    call(caller, "DeleteUsagePlan", usagePlanId=plan)
    with pytest.raises(NotFoundException, match="Invalid Usage Plan ID specified"):
        call(caller, "GetUsagePlan", usagePlanId=plan)


def test_a_key_draws_on_one_plan_for_a_stage(caller: Caller) -> None:
    api, stage = deployed(caller)
    gold, silver, empty = a_plan(caller, (api, stage)), a_plan(caller, (api, stage)), a_plan(caller)
    key = a_key(caller)
    subscribe(caller, gold, key)
    subscribe(caller, empty, key)

    words = f"cannot reference multiple Usage Plans with the same API stage: {api}:{stage}"
    with pytest.raises(ConflictException, match=words):
        subscribe(caller, silver, key)
    assert words in refusal(caller, empty, "add", "/apiStages", f"{api}:{stage}")
    with pytest.raises(ConflictException):
        subscribe(caller, gold, key)


def test_the_keys_of_a_plan_and_the_plans_of_a_key(caller: Caller) -> None:
    plan, key = a_plan(caller), a_key(caller)
    subscribe(caller, plan, key)
    a_plan(caller, name="other")

    assert call(caller, "GetUsagePlanKey", usagePlanId=plan, keyId=key["id"])["name"] == "a key"
    assert [item["id"] for item in call(caller, "GetUsagePlanKeys", usagePlanId=plan)["items"]] == [key["id"]]
    assert [item["id"] for item in call(caller, "GetUsagePlans", keyId=key["id"])["items"]] == [plan]

    call(caller, "DeleteUsagePlanKey", usagePlanId=plan, keyId=key["id"])
    assert call(caller, "GetUsagePlanKeys", usagePlanId=plan)["items"] == []


def used(caller: Caller, plan: str, key: dict[str, Any], day: date, count: int) -> None:
    DailyUsage.objects.create(
        account_id=caller.account_id, region=caller.region, plan_id=plan, key_id=key["id"], day=day, used=count
    )


def test_usage_counts_down_within_a_period_and_starts_again_in_the_next(caller: Caller) -> None:
    plan, key = a_plan(caller, quota={"limit": 100, "period": "WEEK"}), a_key(caller)
    subscribe(caller, plan, key)
    sunday = date(2026, 11, 15)
    for offset, count in ((0, 10), (2, 5), (7, 1)):
        used(caller, plan, key, sunday + timedelta(days=offset), count)

    usage = call(caller, "GetUsage", usagePlanId=plan, startDate="2026-11-16", endDate="2026-11-22")

    assert usage == {
        "usagePlanId": plan,
        "startDate": "2026-11-16",
        "endDate": "2026-11-22",
        "items": {key["id"]: [[0, 90], [5, 85], [0, 85], [0, 85], [0, 85], [0, 85], [1, 99]]},
    }


def test_granting_more_changes_what_remains_of_the_running_period(caller: Caller) -> None:
    plan, key = a_plan(caller, quota={"limit": 10, "period": "MONTH"}), a_key(caller)
    subscribe(caller, plan, key)
    today = datetime.now(UTC).date()
    used(caller, plan, key, period_start("MONTH", today), 10)

    answer = call(
        caller,
        "UpdateUsage",
        usagePlanId=plan,
        keyId=key["id"],
        patchOperations=[{"op": "replace", "path": "/remaining", "value": "25"}],
    )

    assert answer["items"][key["id"]][-1][1] == 25


@pytest.mark.parametrize(("start", "end"), [("yesterday", "2026-11-22"), ("2026-11-22", "2026-11-01")])
def test_dates_that_make_no_range_are_refused(caller: Caller, start: str, end: str) -> None:
    with pytest.raises(BadRequestException):
        call(caller, "GetUsage", usagePlanId=a_plan(caller), startDate=start, endDate=end)
