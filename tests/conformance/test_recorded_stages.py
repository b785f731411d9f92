"""Deployments, stages and canaries, as the real service was recorded to answer. Where a recorded answer is left out, its test says why."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.builders import published
from tests.conformance.sequences import Client, Open, a_method, a_rest_api, deployable, replace
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness


@pytest.mark.parametrize("with_stage", [False, True])
def test_deployments_that_stages_use_are_kept(api_gateway: Client, recording: Open, with_stage: bool) -> None:
    replay, api = recording(f"test_create_delete_deployments[{with_stage}]"), deployable(api_gateway)
    create = api_gateway.create_deployment
    deployment = create(restApiId=api, **({"stageName": "s1"} if with_stage else {}))["id"]
    if not with_stage:
        api_gateway.create_stage(restApiId=api, stageName="s1", deploymentId=deployment)
    replay.check("get-deployment", api_gateway.get_deployment, restApiId=api, deploymentId=deployment)
    replay.check("get-stages", api_gateway.get_stages, restApiId=api)
    for turn in range(3):
        delete = {"restApiId": api, "deploymentId": deployment}
        replay.check(f"delete-deployment-error-{turn}", api_gateway.delete_deployment, **delete)
        deployment = create(restApiId=api, stageName="s1")["id"]
        api_gateway.delete_deployment(**delete)
        replay.check(f"get-deployments-{turn}", api_gateway.get_deployments, restApiId=api)
        replay.check(f"get-stages-{turn}", api_gateway.get_stages, restApiId=api)
    replay.finish()


def test_moving_a_stage_to_another_deployment(api_gateway: Client, recording: Open) -> None:
    replay, api = recording("test_create_update_deployments"), deployable(api_gateway)
    get, delete = api_gateway.get_deployment, api_gateway.delete_deployment
    first = {"restApiId": api, "deploymentId": api_gateway.create_deployment(restApiId=api, stageName="s1")["id"]}
    replay.check("get-deployment-1", get, **first)
    replay.check("get-stages", api_gateway.get_stages, restApiId=api)
    replay.check("delete-deployment-error", delete, **first)
    second = {"restApiId": api, "deploymentId": api_gateway.create_deployment(restApiId=api)["id"]}
    replay.check("get-deployment-2", get, **second)
    operations = [replace("/deploymentId", second["deploymentId"])]
    api_gateway.update_stage(restApiId=api, stageName="s1", patchOperations=operations)
    replay.check("get-stages-after-update", api_gateway.get_stages, restApiId=api)
    replay.check("get-deployment-1-after-update", get, **first)
    replay.check("delete-deployment-1", delete, **first)
    replay.check("delete-deployment-2-error", delete, **second)
    replay.finish()


def test_a_deployment_is_described_anew(api_gateway: Client, recording: Open) -> None:
    replay, api = recording("test_update_rest_api_deployment"), deployable(api_gateway)
    deployment = api_gateway.create_deployment(restApiId=api, description="my deployment")["id"]
    update, operations = api_gateway.update_deployment, [replace("/description", "new-description")]
    replay.check("after-update", update, restApiId=api, deploymentId=deployment, patchOperations=operations)
    replay.finish()


def test_access_log_settings(api_gateway: Client, recording: Open) -> None:
    replay, api = recording("test_stage_access_log_settings"), deployable(api_gateway)
    deployment = replay.check("create-deployment", api_gateway.create_deployment, restApiId=api)["id"]
    at = {"restApiId": api, "stageName": "dev"}
    members = {"deploymentId": deployment, "description": "dev stage"}
    replay.check("create-stage", api_gateway.create_stage, **at, **members)
    destination, group = "/accessLogSettings/destinationArn", "arn:aws:logs:us-east-1:123456789012:log-group:calls"
    text = "$context.requestId $context.identity.sourceIp"
    for step, operation in (
        ("dest-add", {"op": "add", "path": destination, "value": group}),
        ("dest-replace", replace(destination, f"{group}a")),
        ("format-add", {"op": "add", "path": "/accessLogSettings/format", "value": text}),
        ("remove-all", {"op": "remove", "path": "/accessLogSettings"}),
    ):
        name = f"update-stage-access-log-{step}"
        replay.check(name, api_gateway.update_stage, **at, patchOperations=[operation])
    replay.finish()


def test_resetting_method_settings(api_gateway: Client, recording: Open) -> None:
    replay, api = recording("test_update_stage_remove_wildcard"), deployable(api_gateway)
    deployment = api_gateway.create_deployment(restApiId=api)["id"]
    at = {"restApiId": api, "stageName": "s1"}
    api_gateway.create_documentation_version(restApiId=api, documentationVersion="v123")
    members = {"deploymentId": deployment, "description": "my stage", "documentationVersion": "v123"}
    replay.check("create-stage", api_gateway.create_stage, **at, **members)
    replay.check("get-stage", api_gateway.get_stage, **at)
    update, reset = api_gateway.update_stage, [{"op": "remove", "path": "/*/*"}]
    replay.check("delete-error", update, **at, patchOperations=reset)
    replay.check("update-stage", update, **at, patchOperations=[replace("/*/*/caching/enabled", "true")])
    replay.check("update-stage-reset", update, **at, patchOperations=reset)
    replay.check("get-stage-after-reset", api_gateway.get_stage, **at)
    replay.finish()


def test_canaries_that_are_refused(api_gateway: Client, recording: Open) -> None:
    replay, api = recording("test_create_canary_deployment_validation"), deployable(api_gateway)
    create = api_gateway.create_deployment
    canary = {"restApiId": api, "canarySettings": {"percentTraffic": 50.0}}
    replay.check("create-canary-deployment-no-stage", create, **canary)
    replay.check("create-canary-deployment-empty-stage", create, **canary, stageName="")
    replay.check("create-canary-deployment-non-existing-stage", create, **canary, stageName="non-existing")
    replay.finish()


def test_canaries_by_updates_of_the_stage(api_gateway: Client, recording: Open) -> None:
    replay, api = recording("test_create_canary_deployment_by_stage_update"), deployable(api_gateway)
    first = replay.check("create-deployment", api_gateway.create_deployment, restApiId=api)["id"]
    at = {"restApiId": api, "stageName": "dev"}
    members = {"deploymentId": first, "description": "dev stage", "variables": {"testVar": "default"}}
    replay.check("create-stage", api_gateway.create_stage, **at, **members)
    update = api_gateway.update_stage
    operations = [replace("/canarySettings/percentTraffic", "50")]
    replay.check("update-stage-with-percent", update, **at, patchOperations=operations)
    replay.check("get-stage", api_gateway.get_stage, **at)
    replay.check("remove-stage-canary", update, **at, patchOperations=[{"op": "remove", "path": "/canarySettings"}])
    second = replay.check("create-deployment-2", api_gateway.create_deployment, restApiId=api)["id"]
    operations = [replace("/canarySettings/deploymentId", second)]
    replay.check("update-stage-with-deployment", update, **at, patchOperations=operations)
    replay.finish()


def test_canaries_beside_their_stage(api_gateway: Client, recording: Open) -> None:
    replay, api = recording("test_create_canary_deployment_with_stage"), deployable(api_gateway)
    first = replay.check("create-deployment", api_gateway.create_deployment, restApiId=api)["id"]
    members = {"deploymentId": first, "description": "dev stage", "variables": {"testVar": "default"}}
    at = {"restApiId": api, "stageName": "dev"}
    replay.check("create-stage", api_gateway.create_stage, **at, **members)
    canary = {"percentTraffic": 50.0, "stageVariableOverrides": {"testVar": "canary"}}
    replay.check("create-canary-deployment", api_gateway.create_deployment, **at, canarySettings=canary)
    replay.check("get-stage", api_gateway.get_stage, **at)
    replay.finish()


def test_patches_of_canaries_that_are_refused(api_gateway: Client, recording: Open) -> None:
    replay, api = recording("test_update_stage_canary_deployment_validation"), deployable(api_gateway)
    api_gateway.create_deployment(restApiId=api, stageName="dev")
    at = {"restApiId": api, "stageName": "dev"}
    replay.check("get-stage", api_gateway.get_stage, **at)
    settings = "/canarySettings"
    for name, operation in (
        ("no-deployment", replace(f"{settings}/deploymentId", "nosuch")),
        ("add-deployment", {"op": "add", "path": f"{settings}/deploymentId", "value": "nosuch"}),
        ("canary-settings-bad-path", {"op": "remove", "path": f"{settings}/badPath"}),
        ("canary-settings-bad-path-2", replace(settings, "bad")),
        ("canary-settings-replace-bad-path", replace(f"{settings}/badPath", "bad")),
        ("canary-settings-remove-overrides", {"op": "remove", "path": f"{settings}/stageVariableOverrides"}),
    ):
        replay.check(f"update-stage-{name}", api_gateway.update_stage, **at, patchOperations=[operation])
    replay.finish()


def test_promoting_a_canary(api_gateway: Client, recording: Open) -> None:
    replay, api = recording("test_update_stage_with_copy_ops"), deployable(api_gateway)
    at = {"restApiId": api, "stageName": "dev"}
    create, update = api_gateway.create_deployment, api_gateway.update_stage
    replay.check("deployment-1", create, **at, variables={"testVar": "test", "testVar2": "test2"})
    source = "/canarySettings/stageVariableOverrides"
    copies = [
        {"op": "copy", "path": "/deploymentId", "from": "/canarySettings/deploymentId"},
        {"op": "copy", "path": "/variables", "from": source},
    ]
    replay.check("copy-with-no-replace", update, **at, patchOperations=copies)
    backwards = {"op": "copy", "path": source, "from": "/variables"}
    replay.check("copy-with-bad-statement", update, **at, patchOperations=[backwards])
    promotion = [replace("/canarySettings/percentTraffic", "0.0"), *copies]
    replay.check("update-stage-with-copy", update, **at, patchOperations=promotion)
    canary = {"percentTraffic": 50.0, "stageVariableOverrides": {"testVar": "override"}}
    replay.check("deployment-canary", create, **at, canarySettings=canary)
    replay.check("get-stage", api_gateway.get_stage, **at)
    replay.check("update-stage-with-copy-2", update, **at, patchOperations=promotion)
    replay.finish()


_TEMPLATE = """{
    "statusCode": 200,
    "message": "%s",
    "variable": "$stageVariables.testVar",
    "nonExistingDefault": "$stageVariables.noStageVar",
    "nonOverridden": "$stageVariables.defaultVar",
    "isCanary": "$context.isCanaryRequest"
}"""


def _answering(client: Client, method: dict[str, str], message: str) -> None:
    templates = {"application/json": _TEMPLATE % message}
    client.put_integration_response(**method, statusCode="200", selectionPattern="", responseTemplates=templates)


def _served(api: str) -> dict[str, Any]:
    """What the data plane answers to `GET /dev`, from what is published."""
    sections = published()

    async def served() -> dict[str, Any]:
        async with GatewayHarness(FakeClock()) as gateway:
            gateway.serve_sections(*sections)
            return (await gateway.get("/dev", host=f"{api}.execute-api.localhost")).json()

    return asyncio.run(served())


def test_invoking_a_canary(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_invoking_canary_deployment")
    api, root = a_rest_api(api_gateway)
    method = a_method(api_gateway, api, root)
    api_gateway.put_method_response(**method, statusCode="200")
    template = {"application/json": '{"statusCode": 200}'}
    api_gateway.put_integration(**method, type="MOCK", requestTemplates=template)
    _answering(api_gateway, method, "default deployment")
    at = {"restApiId": api, "stageName": "dev"}
    variables = {"testVar": "default", "defaultVar": "default"}
    replay.check("create-deployment-1", api_gateway.create_deployment, **at, variables=variables)
    _answering(api_gateway, method, "canary deployment")
    canary = {"percentTraffic": 50, "stageVariableOverrides": {"testVar": "canary", "noStageVar": "canary"}}
    replay.check("create-deployment-2", api_gateway.create_deployment, **at, canarySettings=canary)
    update, percent = api_gateway.update_stage, "/canarySettings/percentTraffic"
    update(**at, patchOperations=[replace(percent, "0")])
    replay.check("response-deployment-1", lambda: _served(api))
    replay.check("update-stage", update, **at, patchOperations=[replace(percent, "100")])
    replay.check("response-canary-deployment", lambda: _served(api))
    replay.finish()
