"""Cloud Custodian (`c7n`): policies that find parts of an account and change them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools.conftest import Run, changes

pytestmark = [pytest.mark.tools, pytest.mark.stack]


def replace(path: str, value: str) -> list[dict[str, str]]:
    return [{"op": "replace", "path": path, "value": value}]


@pytest.fixture
def api(gateway: Any) -> str:
    """An API with a GET below /pets, deployed to two stages."""
    made = gateway.create_rest_api(name="pets")
    resource = gateway.create_resource(restApiId=made["id"], parentId=made["rootResourceId"], pathPart="pets")["id"]
    at = {"restApiId": made["id"], "resourceId": resource, "httpMethod": "GET"}
    gateway.put_method(**at, authorizationType="NONE")
    gateway.put_integration(**at, type="MOCK")
    for stage in ("prod", "test"):
        gateway.create_deployment(restApiId=made["id"], stageName=stage)
    gateway.create_rest_api(name="cars")
    return str(made["id"])


def enforced(run: Run, folder: Path, resource: str, actions: Any, filters: Any = (), check: bool = True) -> str:
    """What the tool says while it enforces a policy."""
    policy = {"name": "one", "resource": f"aws.{resource}", "filters": list(filters), "actions": list(actions)}
    file = folder / "policies.yml"
    file.write_text(json.dumps({"policies": [policy]}))
    options = ("--region", "us-east-1", "--cache-period", "0", "-s", str(folder))
    return run("custodian", "run", *options, str(file), check=check).stderr


def enforce(run: Run, folder: Path, resource: str, *actions: Any, filters: Any = ()) -> list[Any]:
    """What a policy finds, after it has done its actions."""
    enforced(run, folder, resource, actions, filters)
    found: list[Any] = json.loads((folder / "one" / "resources.json").read_text())
    return found


def test_policies_find_and_change_each_part_of_an_api(run: Run, gateway: Any, api: str, tmp_path: Path) -> None:
    before = len(changes())
    named, production = [{"name": "pets"}], [{"stageName": "prod"}]
    mocks = [{"type": "rest-integration", "key": "type", "value": "MOCK"}]
    gets = [{"type": "rest-method", "key": "httpMethod", "value": "GET"}]

    def policy(resource: str, action: str, path: str, value: str, filters: Any) -> int:
        patch = replace(path, value)
        return len(enforce(run, tmp_path, resource, {"type": action, "patch": patch}, filters=filters))

    assert policy("rest-api", "update", "/description", "governed", named) == 1
    assert policy("rest-stage", "update", "/tracingEnabled", "false", production) == 1
    assert policy("rest-resource", "update-integration", "/timeoutInMillis", "1000", mocks) == 1
    assert policy("rest-resource", "update-method", "/operationName", "listPets", gets) == 1
    role = "arn:aws:iam::123456789012:role/logs"
    assert policy("rest-account", "update", "/cloudwatchRoleArn", role, ()) == 1

    assert changes()[before:] == ["UpdateRestApi", "UpdateStage", "UpdateIntegration", "UpdateMethod", "UpdateAccount"]
    resource = gateway.get_resources(restApiId=api, embed=["methods"])["items"][1]["resourceMethods"]["GET"]
    assert gateway.get_rest_api(restApiId=api)["description"] == "governed"
    assert resource["operationName"] == "listPets"
    assert resource["methodIntegration"]["timeoutInMillis"] == 1000


def test_policies_list_what_an_account_has(run: Run, gateway: Any, tmp_path: Path) -> None:
    gateway.generate_client_certificate(description="ours")
    gateway.create_domain_name(
        domainName="api.example.com", certificateArn="arn:aws:acm:us-east-1:123456789012:certificate/one"
    )

    for resource, count in (("rest-client-certificate", 1), ("rest-vpclink", 0), ("apigw-domain-name", 1)):
        assert len(enforce(run, tmp_path, resource)) == count


def test_policies_delete_stages_and_apis(run: Run, gateway: Any, api: str, tmp_path: Path) -> None:
    enforce(run, tmp_path, "rest-stage", {"type": "delete"}, filters=[{"stageName": "test"}])
    assert [stage["stageName"] for stage in gateway.get_stages(restApiId=api)["item"]] == ["prod"]

    enforce(run, tmp_path, "rest-api", {"type": "delete"}, filters=[{"name": "pets"}])
    assert [left["name"] for left in gateway.get_rest_apis()["items"]] == ["cars"]


def test_tags_stop_at_the_tagging_service(run: Run, api: str, tmp_path: Path) -> None:
    before = len(changes())
    tag = {"type": "tag", "key": "team", "value": "pets"}

    said = enforced(run, tmp_path, "rest-api", [tag], [{"name": "pets"}], check=False)

    assert "when calling the TagResources operation" in said
    assert changes()[before:] == []
