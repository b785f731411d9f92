"""Deployments and stages: what a deployment freezes, and where stages point."""

from __future__ import annotations

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.deployments.models import Stage
from tests.builders import a_rest_api, a_stage, call, http, mock


def test_a_deployment_with_a_stage_name_makes_the_stage(caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets/{petId}": {"GET": http("http://127.0.0.1:1/pets/{petId}")}, "/": {"ANY": mock()}})

    a_stage(caller, api, "dev", variables={"color": "blue"}, stageDescription="for work")

    stage = call(caller, "GetStage", restApiId=api, stageName="dev")
    assert stage["variables"] == {"color": "blue"}
    assert stage["description"] == "for work"
    assert [item["id"] for item in call(caller, "GetDeployments", restApiId=api)["items"]] == [stage["deploymentId"]]


def test_a_second_deployment_moves_the_stage_and_leaves_history(caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    first = call(caller, "GetStage", restApiId=api, stageName="prod")["deploymentId"]

    a_stage(caller, api)

    second = call(caller, "GetStage", restApiId=api, stageName="prod")["deploymentId"]
    history = Stage.objects.get(rest_api_id=api).history.order_by("pk")
    assert [entry.deployment.deployment_id for entry in history] == [first, second]


def test_an_api_without_methods_is_not_deployed(caller: Caller) -> None:
    with pytest.raises(BadRequestException, match="The REST API doesn't contain any methods"):
        call(caller, "CreateDeployment", restApiId=a_rest_api(caller, {}))


def test_the_summary_tells_what_was_frozen_rather_than_what_is(caller: Caller) -> None:
    api = a_rest_api(caller)
    deployment = call(caller, "CreateDeployment", restApiId=api)["id"]
    resource = call(caller, "GetResources", restApiId=api)["items"][1]["id"]
    call(caller, "DeleteMethod", restApiId=api, resourceId=resource, httpMethod="GET")

    shape = call(caller, "GetDeployment", restApiId=api, deploymentId=deployment, embed=["apisummary"])

    assert shape["apiSummary"] == {"/pets": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}}


def test_only_a_deployments_description_changes(caller: Caller) -> None:
    api = a_rest_api(caller)
    deployment = call(caller, "CreateDeployment", restApiId=api, description="first")["id"]
    at = {"restApiId": api, "deploymentId": deployment}
    patch = {"op": "replace", "path": "/description", "value": "renamed"}

    assert call(caller, "UpdateDeployment", **at, patchOperations=[patch])["description"] == "renamed"
    with pytest.raises(BadRequestException, match=r"Must be one of: \[/description\]"):
        call(caller, "UpdateDeployment", **at, patchOperations=[{**patch, "path": "/id"}])
