"""Stages: settings that act without a new deployment."""

from __future__ import annotations

from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    BadRequestException,
    ConflictException,
    LimitExceededException,
    NotFoundException,
)
from apps.core import documents
from apps.deployments.models import ConfigurationSection
from tests.builders import a_rest_api, a_stage, call

Patches = list[tuple[str, str, str]]


def update(caller: Caller, api: str, *patches: tuple[str, str, str]) -> dict[str, Any]:
    operations = [{"op": op, "path": path, "value": value} for op, path, value in patches]
    return call(caller, "UpdateStage", restApiId=api, stageName="prod", patchOperations=operations)


def published(api: str) -> documents.StageDocument:
    document = ConfigurationSection.objects.get(name=documents.stage_section(api, "prod")).document
    assert document is not None
    decoded = documents.decode(document.body)
    assert isinstance(decoded, documents.StageDocument)
    return decoded


@pytest.fixture
def api(caller: Caller) -> str:
    api = a_rest_api(caller)
    a_stage(caller, api)
    return api


def test_method_settings_are_kept_by_method_and_published(caller: Caller, api: str) -> None:
    shape = update(
        caller,
        api,
        ("replace", "/~1pets~1{petId}/GET/throttling/rateLimit", "2.5"),
        ("replace", "/~1pets~1{petId}/GET/throttling/burstLimit", "3"),
        ("replace", "/*/*/logging/loglevel", "INFO"),
    )

    one, all_methods = shape["methodSettings"]["~1pets~1{petId}/GET"], shape["methodSettings"]["*/*"]
    assert (one["throttlingRateLimit"], one["throttlingBurstLimit"], "loggingLevel" in one) == (2.5, 3, False)
    assert (all_methods["loggingLevel"], all_methods["throttlingRateLimit"]) == ("INFO", 10_000.0)
    assert published(api).method_settings["~1pets~1{petId}/GET"].throttling_burst_limit == 3


@pytest.mark.parametrize("path", ["/pets/{petId}/GET", "/~1pets~1{petId}/GET", "//pets/{petId}/GET"])
def test_a_methods_path_may_come_with_plain_slashes(caller: Caller, api: str, path: str) -> None:
    shape = update(caller, api, ("replace", f"{path}/metrics/enabled", "true"))

    assert list(shape["methodSettings"]) == ["~1pets~1{petId}/GET"]


def test_removing_a_methods_settings_leaves_the_others(caller: Caller, api: str) -> None:
    update(caller, api, ("replace", "/*/*/metrics/enabled", "true"), ("replace", "/~1/GET/metrics/enabled", "true"))

    assert list(update(caller, api, ("remove", "/~1/GET", ""))["methodSettings"]) == ["*/*"]


def test_variables_are_set_and_removed_one_by_one(caller: Caller, api: str) -> None:
    update(caller, api, ("replace", "/variables/url", "a.example:80/x?y=z"), ("replace", "/variables/b", "2"))
    shape = update(caller, api, ("remove", "/variables/b", ""))

    assert shape["variables"] == {"url": "a.example:80/x?y=z"}
    assert published(api).variables == shape["variables"]


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (("replace", "/variables/url", "{x}"), "Invalid stage variable value of key url."),
        (("replace", "/variables/a-b", "x"), "Invalid stage variable name: a-b"),
        (("replace", "/deploymentId", "nosuch"), "Deployment id does not exist"),
        (("replace", "/*/*/throttling/rateLimit", "many"), "Invalid throttling rate limit"),
        (("replace", "/*/*/logging/loglevel", "LOUD"), "Invalid logging level specified"),
        (("replace", "/canarySettings/percentTraffic", "101"), "Invalid percent traffic"),
        (("replace", "/cacheClusterSize", "2"), "Invalid cache cluster size"),
    ],
)
def test_values_that_a_stage_cannot_have_are_refused(
    caller: Caller, api: str, patch: tuple[str, str, str], message: str
) -> None:
    with pytest.raises(BadRequestException) as refused:
        update(caller, api, patch)

    assert message in refused.value.message


@pytest.mark.parametrize("percent", [-0.5, 100.5])
def test_a_canary_takes_no_less_than_nothing_and_no_more_than_all(caller: Caller, api: str, percent: float) -> None:
    canary = {"percentTraffic": percent}

    with pytest.raises(BadRequestException, match="Invalid percent traffic"):
        call(caller, "CreateDeployment", restApiId=api, stageName="prod", canarySettings=canary)


@pytest.mark.parametrize("name", ["a b", "a/b", "{a}", "é"])
def test_a_stage_name_has_letters_digits_and_underscores(caller: Caller, api: str, name: str) -> None:
    with pytest.raises(BadRequestException, match="Stage name only allows a-zA-Z0-9_"):
        a_stage(caller, api, name)


def test_a_stage_exists_once_and_ten_are_enough(caller: Caller, api: str) -> None:
    deployment = call(caller, "GetStage", restApiId=api, stageName="prod")["deploymentId"]
    with pytest.raises(ConflictException, match="Stage already exists"):
        call(caller, "CreateStage", restApiId=api, stageName="prod", deploymentId=deployment)

    for number in range(9):
        call(caller, "CreateStage", restApiId=api, stageName=f"s{number}", deploymentId=deployment)
    with pytest.raises(LimitExceededException, match="Maximum number of Stages"):
        call(caller, "CreateStage", restApiId=api, stageName="more", deploymentId=deployment)


def test_a_deleted_stage_is_retracted(caller: Caller, api: str) -> None:
    call(caller, "DeleteStage", restApiId=api, stageName="prod")

    assert ConfigurationSection.objects.get(name=documents.stage_section(api, "prod")).document is None
    with pytest.raises(NotFoundException, match="Invalid stage identifier specified"):
        call(caller, "GetStage", restApiId=api, stageName="prod")


def test_a_deployment_that_fails_leaves_the_stage_where_it_was(caller: Caller, api: str) -> None:
    before = call(caller, "GetStages", restApiId=api)
    resource = call(caller, "GetResources", restApiId=api)["items"][1]["id"]
    call(caller, "PutMethod", restApiId=api, resourceId=resource, httpMethod="POST", authorizationType="NONE")

    with pytest.raises(BadRequestException, match="No integration defined for method"):
        a_stage(caller, api)

    assert call(caller, "GetStages", restApiId=api) == before
    assert len(call(caller, "GetDeployments", restApiId=api)["items"]) == 1


def test_tracing_acts_at_once(caller: Caller, api: str) -> None:
    update(caller, api, ("replace", "/tracingEnabled", "true"))

    assert published(api).tracing_enabled


@pytest.mark.parametrize(
    ("text", "reason"),
    [("$context.requestId " + "x" * 3072, "at most 3072 bytes"), ('{"id":\n"$context.requestId"}', "single line")],
    ids=["too long", "two lines"],
)
def test_an_access_log_format_is_one_short_line(caller: Caller, api: str, text: str, reason: str) -> None:
    with pytest.raises(BadRequestException, match=reason):
        update(caller, api, ("replace", "/accessLogSettings/format", text))

    update(caller, api, ("replace", "/accessLogSettings/format", "$context.requestId\n"))

    assert published(api).access_log_format == "$context.requestId\n"
