"""Canaries beyond AWS: compared with their stage, guarded, promoted and ended; all numbers came through the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEvent, Membership, User
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AccessDeniedException, BadRequestException, ConflictException, NotFoundException
from apps.control_plane.gatehouse.canary_guards import decide, watch_canaries
from apps.deployments.models import StageCanary
from apps.metering.canaries import Comparison
from apps.metering.reports import Totals
from apps.portals.models import OutgoingMail, WebhookDelivery
from tests.builders import a_rest_api, a_stage, call, ours
from tests.counted import answers, report


@pytest.fixture
def api(caller: Caller) -> str:
    found = a_rest_api(caller)
    a_stage(caller, found)
    return found


def release(caller: Caller, api: str, percent: str = "10.0") -> str:
    """A canary of a new deployment."""
    deployment: str = call(caller, "CreateDeployment", restApiId=api)["id"]
    at = "/canarySettings"
    patches = [
        {"op": "replace", "path": f"{at}/deploymentId", "value": deployment},
        {"op": "replace", "path": f"{at}/percentTraffic", "value": percent},
    ]
    call(caller, "UpdateStage", restApiId=api, stageName="prod", patchOperations=patches)
    return deployment


def served(caller: Caller, api: str, base: dict[str, Any], canary: dict[str, Any]) -> None:
    mine = {"account_id": caller.account_id, "region": caller.region}
    report(
        answers(api, base.pop("count"), **mine, **base),
        answers(api, canary.pop("count"), canary=True, **mine, **canary),
    )


def stage(caller: Caller, api: str) -> dict[str, Any]:
    return call(caller, "GetStage", restApiId=api, stageName="prod")


def test_a_canary_is_compared_with_its_stage_since_its_release(caller: Caller, api: str) -> None:
    mine = {"account_id": caller.account_id, "region": caller.region}
    report(answers(api, 9_999, ago=10, canary=True, errors_5xx=9_999, **mine))
    deployment = release(caller, api)
    served(caller, api, {"count": 4_000, "errors_5xx": 32, "ms": 100}, {"count": 812, "errors_5xx": 20, "ms": 104})

    told = ours(caller, "GetCanary", restApiId=api, stageName="prod")

    assert (told["deploymentId"], told["percentTraffic"]) == (deployment, 10.0)
    assert (told["base"]["count"], told["canary"]["count"], told["canary"]["errors5xx"]) == (4_000, 812, 20)
    assert told["base"]["p95"] == pytest.approx(100, rel=0.06)
    assert told["verdict"] == "The canary answers 5xx 3.1 times as often: 2.5 % against 0.8 %; 812 requests."


@pytest.mark.parametrize(
    ("base", "canary", "verdict"),
    [
        ({"count": 900}, {"count": 12, "errors_5xx": 6}, "Too early to tell: the canary has answered 12 requests"),
        ({"count": 3}, {"count": 900}, "Too early to tell: the stage has answered 3 requests"),
        ({"count": 900, "errors_5xx": 9}, {"count": 100, "errors_5xx": 2}, "No difference that 100 requests"),
        ({"count": 900}, {"count": 100, "errors_5xx": 9}, "answers 5xx where the stage never does: 9 % against 0 %"),
        ({"count": 900, "errors_4xx": 9}, {"count": 300, "errors_4xx": 60}, "answers 4xx 20.0 times as often"),
        ({"count": 900, "errors_5xx": 90}, {"count": 900}, "answers 5xx less often: 0 % against 10 %"),
        ({"count": 900, "ms": 50}, {"count": 900, "ms": 200}, "The canary is slower: p95 is"),
        ({"count": 900, "ms": 200}, {"count": 900, "ms": 50}, "The canary is faster: p95 is"),
    ],
)
def test_the_verdict_is_as_sure_as_the_numbers(
    caller: Caller, api: str, base: dict[str, Any], canary: dict[str, Any], verdict: str
) -> None:
    release(caller, api)
    served(caller, api, dict(base), dict(canary))

    assert verdict in ours(caller, "GetCanary", restApiId=api, stageName="prod")["verdict"]


def test_a_canary_that_fails_more_than_its_stage_is_rolled_back(caller: Caller, api: str, account: Any) -> None:
    person = User.objects.create(username="ann", email="ann@example.com")
    Membership.objects.create(user=person, account=account, role="owner")
    ours(caller, "CreateWebhook", url="http://127.0.0.1:1/", events=["canary.ended"])
    first = stage(caller, api)["deploymentId"]
    release(caller, api)
    ours(caller, "PutCanaryGuard", restApiId=api, stageName="prod", minimumRequests=50, errorRateMargin=5.0)
    served(caller, api, {"count": 1_000, "errors_5xx": 10}, {"count": 49, "errors_5xx": 49})
    watch_canaries()
    assert "canarySettings" in stage(caller, api)

    served(caller, api, {"count": 1}, {"count": 51})
    watch_canaries()
    watch_canaries()

    assert "canarySettings" not in stage(caller, api)
    assert stage(caller, api)["deploymentId"] == first
    row = StageCanary.objects.get()
    assert row.outcome == "ended"
    assert row.reason == "49 % of 100 answers were 5xx, against 1 % of the stage's 1,001: more than 5 points above."
    told = AuditEvent.objects.filter(
        operation__in=["EndCanary", "UpdateStage"], principal__endswith="role/gatehouse/canary-guard"
    )
    assert sorted(told.values_list("operation", "via", "error")) == [
        ("EndCanary", "guard", ""),
        ("UpdateStage", "guard", ""),
    ]
    assert "rolled back by its guard" in OutgoingMail.objects.get().text
    assert '"byGuard": true' in WebhookDelivery.objects.get().payload


def test_a_canary_that_slows_down_is_rolled_back(caller: Caller, api: str) -> None:
    release(caller, api)
    ours(caller, "PutCanaryGuard", restApiId=api, stageName="prod", latencyMargin=50.0)
    served(caller, api, {"count": 1_000, "ms": 100}, {"count": 100, "ms": 180})

    watch_canaries()

    assert "p95 was" in StageCanary.objects.get().reason
    assert "canarySettings" not in stage(caller, api)


def test_a_canary_that_does_well_is_promoted_after_its_time(caller: Caller, api: str) -> None:
    deployment = release(caller, api)
    guard = {"minimumRequests": 100, "errorRateMargin": 1.0, "promoteAfterSeconds": 600}
    ours(caller, "PutCanaryGuard", restApiId=api, stageName="prod", **guard)
    served(caller, api, {"count": 1_000}, {"count": 100})
    watch_canaries()
    assert "canarySettings" in stage(caller, api)

    StageCanary.objects.update(released=timezone.now() - timedelta(seconds=601))
    watch_canaries()

    assert stage(caller, api)["deploymentId"] == deployment
    assert StageCanary.objects.get().outcome == "promoted"


def test_a_canary_without_a_guard_is_left_to_people(caller: Caller, api: str) -> None:
    release(caller, api)
    ours(caller, "PutCanaryGuard", restApiId=api, stageName="prod", errorRateMargin=1.0)
    ours(caller, "DeleteCanaryGuard", restApiId=api, stageName="prod")
    served(caller, api, {"count": 1_000}, {"count": 1_000, "errors_5xx": 1_000})

    watch_canaries()

    assert "canarySettings" in stage(caller, api)


def test_a_finished_canary_is_not_the_next_one_s_fault(caller: Caller, api: str) -> None:
    release(caller, api)
    served(caller, api, {"count": 500}, {"count": 500, "errors_5xx": 500})
    ours(caller, "EndCanary", restApiId=api, stageName="prod", reason="It fails.")
    release(caller, api)
    ours(caller, "PutCanaryGuard", restApiId=api, stageName="prod", errorRateMargin=1.0)

    watch_canaries()

    assert "canarySettings" in stage(caller, api)
    first, second = StageCanary.objects.order_by("pk")
    assert (first.outcome, first.reason) == ("ended", "It fails.")
    assert second.measured_from > first.ended


def test_aws_s_own_clients_promote_and_replace_canaries_too(caller: Caller, api: str) -> None:
    release(caller, api)
    release(caller, api)
    last = call(caller, "CreateDeployment", restApiId=api, stageName="prod", canarySettings={"percentTraffic": 5.0})[
        "id"
    ]
    copies = [{"op": "copy", "path": "/deploymentId", "from": "/canarySettings/deploymentId"}]
    end = [{"op": "remove", "path": "/canarySettings"}]
    call(caller, "UpdateStage", restApiId=api, stageName="prod", patchOperations=copies + end)

    assert list(StageCanary.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "replaced",
        "replaced",
        "promoted",
    ]
    assert stage(caller, api)["deploymentId"] == last


@pytest.mark.parametrize(
    "guard",
    [
        {},
        {"minimumRequests": 10},
        {"errorRateMargin": -1.0},
        {"errorRateMargin": 101.0},
        {"latencyMargin": float("nan")},
        {"promoteAfterSeconds": 59},
        {"errorRateMargin": 1.0, "minimumRequests": 0},
    ],
)
def test_what_is_no_guard_is_refused(caller: Caller, api: str, guard: dict[str, Any]) -> None:
    release(caller, api)

    with pytest.raises(BadRequestException):
        ours(caller, "PutCanaryGuard", restApiId=api, stageName="prod", **guard)


def test_another_canary_than_the_one_that_is_meant_is_not_finished(caller: Caller, api: str) -> None:
    before = release(caller, api)
    release(caller, api)

    with pytest.raises(ConflictException, match="by now"):
        ours(caller, "EndCanary", restApiId=api, stageName="prod", deploymentId=before)


@pytest.mark.parametrize("operation", ["GetCanary", "DeleteCanaryGuard", "PromoteCanary", "EndCanary"])
def test_a_stage_without_a_canary_says_so(caller: Caller, api: str, operation: str) -> None:
    with pytest.raises(NotFoundException, match="has no canary"):
        ours(caller, operation, restApiId=api, stageName="prod")


def test_viewers_guard_and_finish_nothing(caller: Caller, api: str) -> None:
    release(caller, api)
    viewer = Caller(caller.account_id, caller.region, caller.principal, "console", role="viewer")

    assert ours(viewer, "GetCanary", restApiId=api, stageName="prod")["canary"]["count"] == 0
    with pytest.raises(AccessDeniedException):
        ours(viewer, "EndCanary", restApiId=api, stageName="prod")


def test_client_errors_count_where_the_guard_says_so() -> None:
    found = Comparison(Totals(count=1_000), Totals(count=1_000, errors_4xx=500))
    guard = {"minimumRequests": 100, "errorRateMargin": 5.0}

    assert decide(guard, found, timedelta(0)) is None
    decision = decide({**guard, "countClientErrors": True}, found, timedelta(0))
    assert decision is not None
    assert decision.operation == "EndCanary"
