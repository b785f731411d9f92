"""A stage's cache and its canary, as the console sets them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from tests.builders import a_rest_api, a_stage, call
from tests.portal.console.reading import words

CACHE = {"cluster": "on", "size": "1.6", "caching": "on", "ttl": "60", "strategy": "FAIL_WITH_403"}


@pytest.fixture
def api(caller: Caller) -> str:
    api = a_rest_api(caller)
    a_stage(caller, api, variables={"colour": "blue"})
    return api


def url(view: str, api: str) -> str:
    return reverse(f"console:{view}", args=[api, "prod"])


def stage(caller: Caller, api: str) -> dict[str, Any]:
    return call(caller, "GetStage", restApiId=api, stageName="prod")


def deploy(caller: Caller, api: str, **members: Any) -> str:
    deployment: str = call(caller, "CreateDeployment", restApiId=api, **members)["id"]
    return deployment


def test_the_cache_of_a_stage_is_set_and_turned_off(owner: Client, caller: Caller, api: str) -> None:
    owner.post(url("stage_cache", api), CACHE)
    on = stage(caller, api)
    page = words(owner.get(url("stage_cache", api)))
    owner.post(url("stage_cache", api), {**CACHE, "cluster": "", "caching": ""})
    off = stage(caller, api)

    assert (on["cacheClusterEnabled"], on["cacheClusterSize"], on["cacheClusterStatus"]) == (True, "1.6", "AVAILABLE")
    setting = on["methodSettings"]["*/*"]
    assert (setting["cachingEnabled"], setting["cacheTtlInSeconds"]) == (True, 60)
    assert setting["unauthorizedCacheControlHeaderStrategy"] == "FAIL_WITH_403"
    assert setting["requireAuthorizationForCacheControl"] is False
    assert "Flush stage cache" in page
    assert (off["cacheClusterEnabled"], off["methodSettings"]["*/*"]["cachingEnabled"]) == (False, False)


def test_a_cache_that_is_kept_as_it_is_patches_nothing(owner: Client, caller: Caller, api: str) -> None:
    owner.post(url("stage_cache", api), CACHE)
    before = stage(caller, api)

    owner.post(url("stage_cache", api), CACHE)

    assert stage(caller, api)["lastUpdatedDate"] == before["lastUpdatedDate"]


def test_flushing_raises_the_number_that_is_part_of_every_key(owner: Client, caller: Caller, api: str) -> None:
    from apps.deployments.models import Stage

    answer = owner.post(url("flush_cache", api), follow=True)

    assert "prod has forgotten all answers." in words(answer)
    assert Stage.objects.get(rest_api_id=api).cache_flushes == 1


def test_a_time_to_live_beyond_an_hour_is_refused(owner: Client, caller: Caller, api: str) -> None:
    answer = owner.post(url("stage_cache", api), {**CACHE, "ttl": "3601"})

    assert answer.status_code == 422
    assert stage(caller, api)["cacheClusterEnabled"] is False


def test_a_canary_is_released_changed_and_promoted(owner: Client, caller: Caller, api: str) -> None:
    second = deploy(caller, api, description="green")
    form = {"deployment": second, "percent": "12.5", "overrides": "colour = green\r\nsize = 2"}

    owner.post(url("canary", api), form)
    released = stage(caller, api)["canarySettings"]
    owner.post(url("canary", api), {**form, "percent": "50", "overrides": "colour = red", "use_stage_cache": "on"})
    changed = stage(caller, api)["canarySettings"]
    page = words(owner.get(url("canary", api)))
    answer = owner.post(url("promote_canary", api), follow=True)

    assert released == {
        "deploymentId": second,
        "percentTraffic": 12.5,
        "useStageCache": False,
        "stageVariableOverrides": {"colour": "green", "size": "2"},
    }
    assert changed == {
        "deploymentId": second,
        "percentTraffic": 50.0,
        "useStageCache": True,
        "stageVariableOverrides": {"colour": "red"},
    }
    assert "released" in page
    assert f"{second} green" in page
    promoted = stage(caller, api)
    assert "prod is what its canary was." in words(answer)
    assert (promoted["deploymentId"], promoted["variables"]) == (second, {"colour": "red"})
    assert "canarySettings" not in promoted


def test_a_canary_without_variables_can_be_promoted(owner: Client, caller: Caller, api: str) -> None:
    second = deploy(caller, api)
    owner.post(url("canary", api), {"deployment": second, "percent": "5"})

    owner.post(url("promote_canary", api))

    assert (stage(caller, api)["deploymentId"], stage(caller, api)["variables"]) == (second, {"colour": "blue"})


def test_a_canary_is_ended(owner: Client, caller: Caller, api: str) -> None:
    first = stage(caller, api)["deploymentId"]
    owner.post(url("canary", api), {"deployment": deploy(caller, api), "percent": "5"})

    owner.post(url("end_canary", api))

    assert stage(caller, api)["deploymentId"] == first
    assert "canarySettings" not in stage(caller, api)


@pytest.mark.parametrize(
    "given", [{"percent": "101"}, {"percent": "many"}, {"deployment": "nosuch"}, {"overrides": "x"}]
)
def test_what_is_no_canary_is_refused(owner: Client, caller: Caller, api: str, given: dict[str, str]) -> None:
    form = {"deployment": stage(caller, api)["deploymentId"], "percent": "5", **given}

    assert owner.post(url("canary", api), form).status_code == 422
    assert "canarySettings" not in stage(caller, api)


def test_nothing_is_promoted_where_there_is_no_canary(owner: Client, api: str) -> None:
    answer = owner.post(url("promote_canary", api), follow=True)

    assert "Stage prod has no canary" in words(answer)
