"""Ansible's own modules for API Gateway (`community.aws`), as a playbook's tasks call them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tools.conftest import Run, changes, installed

pytestmark = [pytest.mark.tools, pytest.mark.stack]

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/one"


def definition(*paths: str) -> str:
    integration = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200"}},
    }
    method = {"responses": {"200": {"description": "fine"}}, "x-amazon-apigateway-integration": integration}
    found = {path: {"get": method} for path in paths}
    return json.dumps({"openapi": "3.0.1", "info": {"title": "pets", "version": "1"}, "paths": found})


def task(run: Run, module: str, check: bool = True, **arguments: Any) -> dict[str, Any]:
    """The result of one task."""
    python = Path(installed("ansible")).with_name("python")
    interpreter = f"ansible_python_interpreter={python if python.exists() else sys.executable}"
    done = run(
        "ansible", "localhost", "--one-line", "-m", f"community.aws.{module}", "-a", json.dumps(arguments),
        "-e", interpreter, check=check,
    )  # fmt: skip
    print(done.stdout[-1500:])
    result: dict[str, Any] = json.loads(done.stdout[done.stdout.index("=> ") + 3 :])
    return result


def test_an_api_is_defined_deployed_and_tagged(run: Run, gateway: Any, tmp_path: Path) -> None:
    source = tmp_path / "pets.json"
    source.write_text(definition("/pets", "/pets/{petId}"))

    made = task(
        run, "api_gateway", swagger_file=str(source), stage="prod", name="pets", endpoint_type="REGIONAL",
        tags={"team": "pets"}, stage_variables={"color": "blue"}, tracing_enabled=False,
    )  # fmt: skip
    api = made["api_id"]
    task(run, "api_gateway", api_id=api, tags={"owner": "zoo"}, lookup="id")
    told = task(run, "api_gateway_info", ids=[api])

    assert changes() == ["CreateRestApi", "PutRestApi", "CreateDeployment", "UntagResource", "TagResource"]
    assert [item["path"] for item in gateway.get_resources(restApiId=api)["items"]] == ["/", "/pets", "/pets/{petId}"]
    assert gateway.get_stage(restApiId=api, stageName="prod")["variables"] == {"color": "blue"}
    assert [(shown["id"], shown["tags"]) for shown in told["rest_apis"]] == [(api, {"owner": "zoo"})]


def test_an_api_is_found_by_its_tags_and_removed(run: Run, gateway: Any) -> None:
    for team in ("pets", "cars"):
        gateway.create_rest_api(name=team, tags={"team": team})

    task(run, "api_gateway", state="absent", tags={"team": "pets"})

    assert [api["name"] for api in gateway.get_rest_apis()["items"]] == ["cars"]


def test_a_domain_name_is_made_and_leads_to_a_stage(run: Run, gateway: Any) -> None:
    api = gateway.import_rest_api(body=definition("/pets"))["id"]
    gateway.create_deployment(restApiId=api, stageName="prod")
    mapping = {"rest_api_id": api, "stage": "prod", "base_path": "v1"}

    name = {"domain_name": "api.example.com", "certificate_arn": CERTIFICATE}
    made = task(run, "api_gateway_domain", **name, domain_mappings=[mapping], security_policy="TLS_1_2")

    assert made["changed"]
    mappings = gateway.get_base_path_mappings(domainName="api.example.com")["items"]
    assert mappings == [{"basePath": "v1", "restApiId": api, "stage": "prod"}]

    task(run, "api_gateway_domain", **name, domain_mappings=[], state="absent")
    assert gateway.get_domain_names()["items"] == []
