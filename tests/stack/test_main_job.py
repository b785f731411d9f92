"""The main job, by unmodified clients against the whole running product."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from tests.installation import Installation, wait_for
from tests.stack.backend import CountingBackend

pytestmark = pytest.mark.stack


@pytest.fixture
def backend() -> Iterator[CountingBackend]:
    backend = CountingBackend()
    yield backend
    backend.stop()


def petstore(port: int) -> dict[str, Any]:
    """A PetStore whose methods need a key and are proxied to a back end."""

    def proxied(verb: str, path: str, **parameters: str) -> dict[str, Any]:
        return {
            "security": [{"api_key": []}],
            "responses": {"200": {"description": "Done"}},
            "x-amazon-apigateway-integration": {
                "type": "http_proxy",
                "httpMethod": verb,
                "uri": f"http://127.0.0.1:{port}{path}",
                "requestParameters": parameters,
            },
        }

    one_pet = proxied("GET", "/pets/{petId}", **{"integration.request.path.petId": "method.request.path.petId"})
    one_pet["parameters"] = [{"name": "petId", "in": "path", "required": True, "schema": {"type": "string"}}]
    return {
        "openapi": "3.0.1",
        "info": {"title": "PetStore", "version": "1.0"},
        "paths": {"/pets": {"get": proxied("GET", "/pets")}, "/pets/{petId}": {"get": one_pet}},
        "components": {"securitySchemes": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}},
    }


def test_boto3_publishes_an_api_that_a_key_opens_and_a_plan_limits(product: Installation, backend: CountingBackend):
    client = boto3.client("apigateway", **product.boto3_arguments())
    api = client.import_rest_api(body=json.dumps(petstore(backend.port)).encode())["id"]
    client.create_deployment(restApiId=api, stageName="prod")
    key = client.create_api_key(name="caller", enabled=True)
    plan = client.create_usage_plan(
        name="five a day", apiStages=[{"apiId": api, "stage": "prod"}], quota={"limit": 5, "period": "DAY"}
    )["id"]
    client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    url = f"{product.endpoints['gateway']}/_aws/execute-api/{api}/prod/pets/7"
    with_key = {"x-api-key": key["value"]}

    refused = product.eventually(lambda: requests.get(url, timeout=5), lambda answer: "Forbidden" in answer.text)
    first = product.eventually(
        lambda: requests.get(url, headers=with_key, timeout=5), lambda answer: answer.status_code == 200
    )
    rest = [requests.get(url, headers=with_key, timeout=5) for _ in range(6)]

    assert refused.status_code == 403
    assert first.json() == {"method": "GET", "path": "/pets/7"}
    assert [answer.status_code for answer in rest] == [200] * 4 + [429] * 2
    assert rest[-1].json() == {"message": "Limit Exceeded"}
    assert backend.seen == {"GET /pets/7": 5}
    today = datetime.now(UTC).date().isoformat()

    def usage() -> Any:
        return client.get_usage(usagePlanId=plan, startDate=today, endDate=today)["items"]

    wait_for(lambda: usage() == {key["id"]: [[5, 0]]}, 5)


def test_awscli_does_the_same(product: Installation, backend: CountingBackend, tmp_path: Path):
    document = tmp_path / "petstore.json"
    document.write_text(json.dumps(petstore(backend.port)))
    environment = {**os.environ, **product.aws_variables()}

    def aws(*arguments: str) -> Any:
        command = [str(Path(sys.executable).parent / "aws"), "apigateway", *arguments, "--output", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    api = aws("import-rest-api", "--body", f"fileb://{document}")["id"]
    aws("create-deployment", "--rest-api-id", api, "--stage-name", "prod")
    key = aws("create-api-key", "--name", "cli", "--enabled")
    plan = aws(
        "create-usage-plan", "--name", "three a week", "--api-stages", f"apiId={api},stage=prod",
        "--quota", "limit=3,period=WEEK",
    )["id"]  # fmt: skip
    aws("create-usage-plan-key", "--usage-plan-id", plan, "--key-id", key["id"], "--key-type", "API_KEY")
    url = f"{product.endpoints['gateway']}/_aws/execute-api/{api}/prod/pets"
    with_key = {"x-api-key": key["value"]}

    product.eventually(lambda: requests.get(url, headers=with_key, timeout=5), lambda answer: answer.status_code == 200)
    statuses = [requests.get(url, headers=with_key, timeout=5).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert backend.seen == {"GET /pets": 3}
    today = datetime.now(UTC).date().isoformat()

    def usage() -> Any:
        dates = ("--start-date", today, "--end-date", today)
        return aws("get-usage", "--usage-plan-id", plan, *dates)["items"]

    wait_for(lambda: usage() == {key["id"]: [[3, 0]]}, 8)


def test_a_burst_beyond_the_plan_answers_429_and_tells_when_to_come_back(
    product: Installation, backend: CountingBackend
):
    client = boto3.client("apigateway", **product.boto3_arguments())
    api = client.import_rest_api(body=json.dumps(petstore(backend.port)).encode())["id"]
    client.create_deployment(restApiId=api, stageName="prod")
    key = client.create_api_key(name="fast caller", enabled=True)
    plan = client.create_usage_plan(
        name="slow", apiStages=[{"apiId": api, "stage": "prod"}], throttle={"rateLimit": 0.01, "burstLimit": 3}
    )["id"]
    client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    url = f"{product.endpoints['gateway']}/_aws/execute-api/{api}/prod/pets"
    with_key = {"x-api-key": key["value"]}

    product.eventually(lambda: requests.get(url, headers=with_key, timeout=5), lambda answer: answer.status_code == 200)
    answers = [requests.get(url, headers=with_key, timeout=5) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert answers[-1].json() == {"message": "Too Many Requests"}
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert answers[-1].headers["x-amzn-errortype"] == "TooManyRequestsException"


def validated_petstore() -> dict[str, Any]:
    """A PetStore whose pets must fit their schema and whose answers are packed."""
    leg = {"type": "object", "required": ["length"], "properties": {"length": {"type": "number", "minimum": 0}}}
    pet = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "legs": {"type": "array", "items": {"$ref": "#/components/schemas/Leg"}},
        },
    }
    answer = {"application/json": json.dumps({"stored": "yes " * 100})}
    post = {
        "parameters": [{"name": "shop", "in": "query", "required": True, "schema": {"type": "string"}}],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
        "responses": {"200": {"description": "Stored"}},
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "requestTemplates": {"application/json": '{"statusCode": 200}'},
            "responses": {"default": {"statusCode": "200", "responseTemplates": answer}},
        },
    }
    return {
        "openapi": "3.0.1",
        "info": {"title": "PetStore", "version": "1.0"},
        "x-amazon-apigateway-minimum-compression-size": 100,
        "x-amazon-apigateway-request-validators": {
            "all": {"validateRequestBody": True, "validateRequestParameters": True}
        },
        "x-amazon-apigateway-request-validator": "all",
        "paths": {"/pets": {"post": post}},
        "components": {"schemas": {"Pet": pet, "Leg": leg}},
    }


def test_an_imported_api_validates_what_it_is_sent_and_packs_what_it_answers(product: Installation):
    client = boto3.client("apigateway", **product.boto3_arguments())
    api = client.import_rest_api(body=json.dumps(validated_petstore()).encode())["id"]
    client.create_deployment(restApiId=api, stageName="prod")
    url = f"{product.endpoints['gateway']}/_aws/execute-api/{api}/prod/pets"

    def post(body: Any, query: str = "?shop=1", **headers: str) -> requests.Response:
        packed = headers.get("Content-Encoding") == "gzip"
        text = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
        return requests.post(url + query, gzip.compress(text) if packed else text, headers=headers, timeout=5)

    rex = {"name": "Rex", "legs": [{"length": 30}]}
    good = product.eventually(lambda: post(rex), lambda answer: answer.status_code == 200)
    refused = [post(rex, ""), post({"legs": []}), post({**rex, "legs": [{"length": -1}]})]
    packed = post(rex, **{"Content-Encoding": "gzip"})
    late = post({"name": "x" * 2_000_000}, "")

    assert good.headers["content-encoding"] == "gzip"
    assert good.json() == packed.json() == {"stored": "yes " * 100}
    assert [answer.status_code for answer in refused] == [400] * 3
    assert [answer.json()["message"] for answer in refused] == [
        "Missing required request parameters: [shop]", "Invalid request body", "Invalid request body",
    ]  # fmt: skip
    assert late.status_code == 400
