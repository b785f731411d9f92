"""The page of a canary: beside its stage, live, with its guard and what became of those before it."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.deployments.models import StageCanary
from tests.builders import a_resource, a_rest_api, a_stage, call
from tests.counted import answers, report
from tests.portal.console.reading import text, words


def url(view: str, api: str) -> str:
    return reverse(f"console:{view}", args=[api, "prod"])


@pytest.fixture
def api(caller: Caller, owner: Client) -> str:
    """An API of which a canary is released at `prod`."""
    found = a_rest_api(caller)
    a_stage(caller, found)
    second = call(caller, "CreateDeployment", restApiId=found)["id"]
    owner.post(url("canary", found), {"deployment": second, "percent": "20"})
    return found


def served(caller: Caller, api: str) -> None:
    mine = {"account_id": caller.account_id, "region": caller.region}
    report(
        answers(api, 800, errors_5xx=8, ms=100, **mine),
        answers(api, 200, errors_5xx=40, errors_4xx=2, ms=400, canary=True, **mine),
    )


def test_canary_and_stage_stand_side_by_side(owner: Client, caller: Caller, api: str) -> None:
    served(caller, api)

    page = owner.get(url("canary", api))

    assert "The canary answers 5xx 20.0 times as often: 20 % against 1 %; 200 requests." in words(page)
    assert "The canary is slower: p95 is" in words(page)
    assert re.search(r"Requests 800 200 4xx 0% 1% 5xx 1% 20% p50 .* 5xx, difference \+19.00 points", words(page))
    assert "Numbers of p95 latency" in words(page)
    assert 'id="comparison" data-live' in text(page)
    assert 'type="range"' in text(page)


def test_few_requests_are_no_reason_for_anything(owner: Client, api: str) -> None:
    assert "Too early to tell: the canary has answered 0 requests" in words(owner.get(url("canary", api)))


def test_a_canary_is_guarded_and_left_alone_again(owner: Client, api: str) -> None:
    owner.post(url("guard_canary", api), {"guard-minimum": "50", "guard-error_margin": "1.5", "guard-promote": "30"})
    guard = StageCanary.objects.get().guard
    page = owner.get(url("canary", api))
    owner.post(url("guard_canary", api), {"remove": "1"})

    assert guard == {"minimumRequests": 50, "errorRateMargin": 1.5, "promoteAfterSeconds": 1800}
    assert "watching" in words(page)
    assert 'value="1.5"' in text(page)
    assert StageCanary.objects.get().guard is None


@pytest.mark.parametrize(
    "given", [{}, {"guard-minimum": "0", "guard-latency": "5"}, {"guard-minimum": "9", "guard-error_margin": "101"}]
)
def test_what_is_no_guard_comes_back(owner: Client, api: str, given: dict[str, str]) -> None:
    assert owner.post(url("guard_canary", api), given).status_code == 422
    assert StageCanary.objects.get().guard is None


def test_what_became_of_earlier_canaries_is_told(owner: Client, caller: Caller, api: str) -> None:
    owner.post(url("end_canary", api), {"deployment": StageCanary.objects.get().deployment_id})

    page = words(owner.get(url("canary", api)))

    assert "Earlier canaries" in page
    assert "rolled back" in page


def test_a_canary_that_was_replaced_meanwhile_is_not_promoted(owner: Client, caller: Caller, api: str) -> None:
    answer = owner.post(url("promote_canary", api), {"deployment": "older00000"}, follow=True)

    assert "by now" in words(answer)
    assert "canarySettings" in call(caller, "GetStage", restApiId=api, stageName="prod")


def test_viewers_see_it_and_change_nothing(viewer: Client, api: str) -> None:
    page = text(viewer.get(url("canary", api)))

    assert "Too early to tell" in page
    assert "Promote<" not in page
    assert viewer.post(url("guard_canary", api), {"guard-minimum": "5", "guard-latency": "5"}).status_code == 403


@pytest.mark.parametrize("view", ["promote_canary", "end_canary"])
def test_promoting_and_rolling_back_can_be_undone(owner: Client, caller: Caller, api: str, view: str) -> None:
    before = call(caller, "GetStage", restApiId=api, stageName="prod")["canarySettings"]
    page = owner.post(url(view, api), follow=True)
    form = re.search(r'<form class="undo-bar.*?</form>', text(page), re.DOTALL)
    assert form is not None
    ids = re.findall(r'name="undo" value="([^"]+)"', form[0])

    owner.post(reverse("console:undo"), {"undo": ids, "next": "/console/"}, follow=True)

    assert call(caller, "GetStage", restApiId=api, stageName="prod")["canarySettings"] == before
    row = StageCanary.objects.get()
    assert (row.ended, row.outcome) == (None, "")


def test_what_the_api_is_now_is_released_as_a_canary_without_touching_the_stage(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    before = call(caller, "GetStage", restApiId=api, stageName="prod")["deploymentId"]
    a_resource(caller, api, "/orders")

    chosen = owner.get(url("canary", api)).context["form"]["deployment"].value()
    owner.post(url("canary", api), {"deployment": chosen, "percent": "20", "overrides": "backend = green"})

    stage = call(caller, "GetStage", restApiId=api, stageName="prod")
    assert stage["deploymentId"] == before != stage["canarySettings"]["deploymentId"]
    assert stage["canarySettings"]["stageVariableOverrides"] == {"backend": "green"}
