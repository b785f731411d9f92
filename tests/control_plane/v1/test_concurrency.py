"""Several clients at once, each an unmodified boto3: no answer is a failure of ours, and what is left behind is whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import redis

from apps.accounts.models import AuditEvent
from apps.core import documents, manifest
from apps.deployments import publisher
from apps.deployments.models import ConfigurationRevision, ConfigurationSection, Deployment, Stage
from apps.rest_apis.models import RestApi
from tests.at_once import Call, at_once, flat

CLIENTS = 4


@pytest.fixture
def gateway(aws: Callable[..., Any], valkey: redis.Redis) -> Any:
    client = aws("apigateway")
    publisher.republish_everything()  # the access key was made without an operation
    return client


def assert_published_is_what_the_rows_say(valkey: redis.Redis) -> None:
    """Making every section again from the rows changes nothing, and Redis has been told all of them."""
    before = ConfigurationRevision.objects.get(pk=1).number
    publisher.republish_everything()
    assert ConfigurationRevision.objects.get(pk=1).number == before
    sections = ConfigurationSection.objects.filter(document__isnull=False).values_list("name", "document_id")
    told = valkey.hgetall(manifest.MANIFEST)
    assert {name.decode(): digest.decode() for name, digest in told.items()} == dict(sections)


def assert_audited(operation: str, endings: list[str]) -> None:
    """The audit has one event for each call, with the error it ended with."""
    events = AuditEvent.objects.filter(operation=operation).values_list("error", flat=True)
    assert sorted(code or "ok" for code in events) == sorted(endings)


def an_api(gateway: Any) -> tuple[str, str]:
    api = gateway.create_rest_api(name="shared")
    return api["id"], api["rootResourceId"]


def a_mock(gateway: Any, api: str, resource: str, http_method: str = "GET") -> dict[str, str]:
    at = {"restApiId": api, "resourceId": resource, "httpMethod": http_method}
    gateway.put_method(**at, authorizationType="NONE")
    gateway.put_integration(**at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    return at


def add(path: str, value: str = "") -> dict[str, str]:
    return {"op": "add", "path": path, "value": value}


def test_of_equal_resources_one_is_made(gateway: Any, valkey: redis.Redis) -> None:
    api, root = an_api(gateway)
    names = ["cats", "dogs", "birds"]

    def make(name: str) -> Call:
        return lambda: gateway.create_resource(restApiId=api, parentId=root, pathPart=name)

    endings = at_once(*([make(name) for name in names] for _ in range(CLIENTS)))

    assert flat(endings) == ["ConflictException"] * len(names) * (CLIENTS - 1) + ["ok"] * len(names)
    paths = [item["path"] for item in gateway.get_resources(restApiId=api)["items"]]
    assert paths == ["/", "/birds", "/cats", "/dogs"]
    assert_audited("CreateResource", flat(endings))


def test_patches_of_the_same_row_lose_none_of_each_other(gateway: Any, valkey: redis.Redis) -> None:
    api, root = an_api(gateway)
    at = a_mock(gateway, api, root)
    gateway.put_method_response(**at, statusCode="200")
    gateway.create_deployment(restApiId=api, stageName="prod")
    rounds, clients = range(3), range(CLIENTS)

    def patches(client: int) -> Iterable[Call]:
        for number in rounds:
            name = f"p{client}{number}"
            yield lambda name=name: gateway.update_method(
                **at, patchOperations=[add(f"/requestParameters/method.request.header.{name}", "true")]
            )
            yield lambda name=name: gateway.update_integration(
                **at, patchOperations=[add(f"/requestTemplates/text~1{name}", "{}")]
            )
            yield lambda name=name: gateway.update_method_response(
                **at,
                statusCode="200",
                patchOperations=[add(f"/responseParameters/method.response.header.{name}", "true")],
            )
            yield lambda name=name: gateway.update_rest_api(
                restApiId=api, patchOperations=[add(f"/binaryMediaTypes/image~1{name}")]
            )
            yield lambda name=name: gateway.update_stage(
                restApiId=api, stageName="prod", patchOperations=[{**add(f"/variables/{name}", name), "op": "replace"}]
            )

    assert set(flat(at_once(*map(patches, clients)))) == {"ok"}

    names = {f"p{client}{number}" for client in clients for number in rounds}
    method = gateway.get_method(**at)
    shown = method["methodResponses"]["200"]["responseParameters"]
    assert {name.rpartition(".")[2] for name in method["requestParameters"]} == names
    assert {name.partition("/")[2] for name in method["methodIntegration"]["requestTemplates"]} >= names
    assert {name.rpartition(".")[2] for name in shown} == names
    assert {kind.partition("/")[2] for kind in gateway.get_rest_api(restApiId=api)["binaryMediaTypes"]} == names
    assert set(gateway.get_stage(restApiId=api, stageName="prod")["variables"]) == names
    assert_published_is_what_the_rows_say(valkey)


def test_deployments_to_one_new_stage_are_all_kept(gateway: Any, valkey: redis.Redis) -> None:
    api, root = an_api(gateway)
    a_mock(gateway, api, root)

    def deploy() -> None:
        gateway.create_deployment(restApiId=api, stageName="prod")

    endings = at_once(*([deploy, deploy] for _ in range(CLIENTS)))

    stage = Stage.objects.get(rest_api_id=api)
    assert set(flat(endings)) == {"ok"}
    assert Deployment.objects.filter(rest_api_id=api).count() == 2 * CLIENTS
    assert stage.history.count() == 2 * CLIENTS
    assert stage.history.latest("pk").deployment_id == stage.deployment_id
    assert_published_is_what_the_rows_say(valkey)
    assert_audited("CreateDeployment", flat(endings))


def definition(word: str) -> bytes:
    """An API of which every part says `word`."""
    template = {"application/json": json.dumps({"statusCode": 200, "said": word})}
    integration = {"type": "mock", "requestTemplates": template}
    method = {"responses": {}, "x-amazon-apigateway-integration": integration}
    paths = {f"/{word}/{number}": {"get": method, "post": method} for number in range(12)}
    return json.dumps({"openapi": "3.0.1", "info": {"title": word, "version": "1"}, "paths": paths}).encode()


def test_a_deployment_freezes_a_whole_definition_while_others_are_put(gateway: Any, valkey: redis.Redis) -> None:
    api = gateway.import_rest_api(body=definition("first"))["id"]
    words = ("left", "right")

    def put(word: str) -> Call:
        return lambda: gateway.put_rest_api(restApiId=api, mode="overwrite", body=definition(word))

    def deploy(stage: str) -> Call:
        return lambda: gateway.create_deployment(restApiId=api, stageName=stage)

    endings = at_once(
        *([put(word) for _ in range(4)] for word in words), *([deploy(stage)] * 5 for stage in ("prod", "test"))
    )

    assert set(flat(endings)) == {"ok"}
    deployments = Deployment.objects.filter(rest_api_id=api)
    assert deployments.count() == 10
    for row in deployments:
        frozen = documents.decode(row.document)
        assert isinstance(frozen, documents.DeploymentDocument)
        methods = [method for resource in frozen.resources for method in resource.methods]
        said = {json.loads(method.integration.request_templates["application/json"])["said"] for method in methods}
        assert len(methods) == 24
        assert said == {frozen.api_name} == {path.split("/")[1] for path in row.openapi["paths"]}
        assert row.openapi["info"]["title"] == frozen.api_name
    assert_published_is_what_the_rows_say(valkey)


def test_what_is_deleted_stays_deleted_while_it_is_patched(gateway: Any, valkey: redis.Redis) -> None:
    api, root = an_api(gateway)
    places = [a_mock(gateway, api, root, verb) for verb in ("GET", "PUT", "POST", "DELETE", "PATCH")]
    patch = [{"op": "replace", "path": "/operationName", "value": "changed"}]
    timeout = [{"op": "replace", "path": "/timeoutInMillis", "value": "1000"}]

    def removed() -> Iterable[Call]:
        for at in places:
            yield lambda at=at: gateway.delete_method(**at)

    def patched() -> Iterable[Call]:
        for at in places * 2:
            yield lambda at=at: gateway.update_method(**at, patchOperations=patch)
            yield lambda at=at: gateway.update_integration(**at, patchOperations=timeout)
            yield lambda: gateway.get_resources(restApiId=api, embed=["methods"])

    endings = at_once(removed(), patched(), patched(), removed())

    assert set(flat(endings)) <= {"ok", "NotFoundException"}
    assert flat([endings[0], endings[3]]) == ["NotFoundException"] * len(places) + ["ok"] * len(places)
    assert "resourceMethods" not in gateway.get_resource(restApiId=api, resourceId=root)


def test_a_key_enters_a_plan_once_and_one_plan_for_each_stage(gateway: Any, valkey: redis.Redis) -> None:
    api, root = an_api(gateway)
    a_mock(gateway, api, root)
    gateway.create_deployment(restApiId=api, stageName="prod")
    covered = [{"apiId": api, "stage": "prod"}]
    plans = [gateway.create_usage_plan(name=f"plan {number}", apiStages=covered)["id"] for number in range(2)]
    key = gateway.create_api_key(name="shared", enabled=True)["id"]

    def enter(plan: str) -> Call:
        return lambda: gateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")

    endings = at_once(*([enter(plan)] for plan in plans * 2))

    assert flat(endings) == ["ConflictException"] * 3 + ["ok"]
    assert len(gateway.get_usage_plans(keyId=key)["items"]) == 1
    assert_published_is_what_the_rows_say(valkey)
    assert_audited("CreateUsagePlanKey", flat(endings))


def test_apis_plans_and_keys_go_while_others_change_and_list_them(gateway: Any, valkey: redis.Redis) -> None:
    apis = []
    for _ in range(4):
        api, root = an_api(gateway)
        a_mock(gateway, api, root)
        gateway.create_deployment(restApiId=api, stageName="prod")
        apis.append(api)
    covered = [{"apiId": api, "stage": "prod"} for api in apis]
    plan = gateway.create_usage_plan(name="gold", apiStages=covered)["id"]
    key = gateway.create_api_key(name="shared", enabled=True)["id"]
    gateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    rename = [{"op": "replace", "path": "/name", "value": "renamed"}]

    def removals() -> Iterable[Call]:
        for api in apis:
            yield lambda api=api: gateway.delete_rest_api(restApiId=api)
        yield lambda: gateway.delete_usage_plan(usagePlanId=plan)
        yield lambda: gateway.delete_api_key(apiKey=key)

    def changes() -> Iterable[Call]:
        for number, api in enumerate(apis):
            throttle = {"op": "replace", "path": f"/apiStages/{api}:prod/throttle/~1/GET/rateLimit", "value": "5"}
            rate = {"op": "replace", "path": "/throttle/rateLimit", "value": str(number + 1)}
            burst = {"op": "replace", "path": "/throttle/burstLimit", "value": "9"}
            yield lambda api=api: gateway.create_deployment(restApiId=api, stageName="prod")
            yield lambda patches=[rate, burst]: gateway.update_usage_plan(usagePlanId=plan, patchOperations=patches)
            yield lambda patches=[throttle]: gateway.update_usage_plan(usagePlanId=plan, patchOperations=patches)
            yield lambda: gateway.update_api_key(apiKey=key, patchOperations=rename)

    def reads() -> Iterable[Call]:
        for api in apis * 2:
            yield gateway.get_rest_apis
            yield gateway.get_usage_plans
            yield lambda api=api: gateway.get_rest_api(restApiId=api)
            yield lambda api=api: gateway.get_stages(restApiId=api)

    endings = at_once(removals(), changes(), reads())

    assert endings[0][: len(apis)] == ["ok"] * len(apis)
    assert set(flat(endings)) <= {"ok", "NotFoundException", "BadRequestException", "ConflictException"}
    assert not RestApi.objects.exists()
    assert_published_is_what_the_rows_say(valkey)
