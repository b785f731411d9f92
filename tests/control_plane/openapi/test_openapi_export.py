"""GetExport: formats, extensions, and what is left out; and the wire it travels on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openapi_spec_validator import validate

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.openapi.exporter import EXTENSIONS, export_rest_api
from apps.deployments.models import Deployment
from apps.rest_apis.models import RestApi
from tests.builders import a_rest_api, call
from tests.control_plane.openapi.definitions import DEMO, an_operation, body, golden, openapi3


@pytest.fixture
def api(caller: Caller) -> str:
    """The demo's API, deployed to `prod`."""
    identifier: str = call(caller, "ImportRestApi", body=DEMO.read_bytes())["id"]
    call(caller, "CreateDeployment", restApiId=identifier, stageName="prod")
    return identifier


def export(caller: Caller, api: str, extensions: str = "", kind: str = "oas30", **request: Any) -> dict[str, Any]:
    answer = call(
        caller, "GetExport", restApiId=api, stageName="prod", exportType=kind,
        parameters={"extensions": extensions} if extensions else {}, **request,
    )  # fmt: skip
    document: dict[str, Any] = json.loads(answer["body"])
    return document


def test_a_key_is_a_security_scheme_of_every_export(caller: Caller, api: str) -> None:
    document = export(caller, api)

    assert document["components"]["securitySchemes"] == {
        "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}
    }
    assert document["paths"]["/pets"]["get"]["security"] == [{"api_key": []}]
    assert "security" not in document["paths"]["/health"]["get"]


def test_an_export_holds_no_back_end_unless_integrations_are_asked_for(caller: Caller, api: str) -> None:
    assert "stageVariables" not in json.dumps(export(caller, api, "documentation"))
    assert "stageVariables" in json.dumps(export(caller, api, "integrations"))


def test_what_people_wrote_is_exported_when_it_is_asked_for(caller: Caller, api: str) -> None:
    bare = export(caller, api)["paths"]["/pets"]["get"]
    said = export(caller, api, "documentation")["paths"]["/pets"]["get"]

    assert bare["parameters"][0] == {"name": "type", "in": "query", "schema": {"type": "string"}}
    assert "summary" not in bare
    assert said["summary"] == "List the pets"
    assert said["parameters"][0]["example"] == "dog"
    assert said["responses"]["200"]["description"] == "The pets, perhaps none."


def test_a_deployment_keeps_the_documentation_for_the_developer_portal(caller: Caller, api: str) -> None:
    kept = Deployment.objects.get(rest_api=api).openapi

    assert kept == export_rest_api(RestApi.objects.get(id=api), documentation=True)
    assert "servers" not in kept


@pytest.mark.parametrize(("kind", "section"), [("oas30", "components"), ("swagger", "definitions")])
def test_the_models_that_every_api_begins_with_are_exported_as_aws_does(
    caller: Caller, kind: str, section: str
) -> None:
    """The developer guide's exports of them have no `$schema`, which OpenAPI does not know."""
    ways = {"/pets": {"GET": {"integration": {"type": "MOCK"}, "responses": {"200": {}}}}}
    api = a_rest_api(caller, ways)
    (resource,) = [
        item["id"] for item in call(caller, "GetResources", restApiId=api)["items"] if item["path"] == "/pets"
    ]
    at = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    call(caller, "PutMethodResponse", **at, statusCode="201", responseModels={"application/json": "Empty"})
    call(caller, "CreateDeployment", restApiId=api, stageName="prod")

    document = export(caller, api, kind=kind)

    models = document[section].get("schemas", document[section])
    assert models["Empty"] == {"title": "Empty Schema", "type": "object"}
    validate(document)
    assert "$schema" in call(caller, "GetModel", restApiId=api, modelName="Empty")["schema"]


def test_yaml_is_given_to_who_accepts_it(caller: Caller, api: str) -> None:
    answer = call(
        caller, "GetExport", restApiId=api, stageName="prod", exportType="swagger", accepts="application/yaml"
    )

    assert answer["contentDisposition"] == 'attachment; filename="swagger_1.0.yaml"'
    assert yaml.safe_load(answer["body"]) == export(caller, api, kind="swagger")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"exportType": "raml"}, "Invalid export type specified: raml"),
        (
            {"exportType": "oas30", "parameters": {"extensions": "integrations,magic"}},
            "Invalid extensions specified: magic",
        ),
        ({"exportType": "oas30", "accepts": "text/html"}, "Invalid Accept header specified"),
    ],
)
def test_an_export_of_another_kind_is_refused(caller: Caller, api: str, request_: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRequestException) as refusal:
        call(caller, "GetExport", restApiId=api, stageName="prod", **request_)

    assert words in refusal.value.message


def test_an_unknown_stage_has_no_export(caller: Caller, api: str) -> None:
    with pytest.raises(NotFoundException):
        call(caller, "GetExport", restApiId=api, stageName="nope", exportType="oas30")


def test_the_version_in_the_file_name_cannot_end_the_header(caller: Caller) -> None:
    document = openapi3(info={"title": "x", "version": '1"\r\nSet-Cookie: a=b'})
    api = call(caller, "ImportRestApi", body=body(document))["id"]
    call(caller, "CreateDeployment", restApiId=api, stageName="prod")

    answer = call(caller, "GetExport", restApiId=api, stageName="prod", exportType="oas30")

    assert answer["contentDisposition"] == 'attachment; filename="oas30_1___Set-Cookie:_a_b.json"'


def test_a_method_without_responses_has_a_default_one(caller: Caller) -> None:
    operation = an_operation(responses={}, **{"x-amazon-apigateway-integration": {"type": "mock"}})
    api = call(caller, "ImportRestApi", body=body(openapi3({"/": {"x-amazon-apigateway-any-method": operation}})))["id"]

    document = export_rest_api(RestApi.objects.get(id=api))

    assert document["paths"]["/"]["x-amazon-apigateway-any-method"] == {
        "responses": {"default": {"description": "Default response for ANY /"}}
    }


@pytest.mark.parametrize("name", ["pets-swagger2.json", "api-key-and-cors.yaml"])
def test_the_statements_of_an_export_do_not_grow_with_the_api(caller: Caller, name: str) -> None:
    api = RestApi.objects.get(id=call(caller, "ImportRestApi", body=golden(name))["id"])

    with CaptureQueriesContext(connection) as queries:
        export_rest_api(api, extensions=EXTENSIONS)
    with CaptureQueriesContext(connection) as again:
        export_rest_api(api, extensions=EXTENSIONS)

    assert len(queries) == 10
    assert len(again) == 0


def test_boto3_imports_puts_and_exports(aws: Callable[..., Any]) -> None:
    client = aws("apigateway")

    api = client.import_rest_api(body=DEMO.read_bytes(), parameters={"endpointConfigurationTypes": "REGIONAL"})
    assert api["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert api["endpointConfiguration"]["types"] == ["REGIONAL"]
    client.put_rest_api(
        restApiId=api["id"], mode="merge", body=golden("base-path.json"), parameters={"basepath": "prepend"}
    )
    client.create_deployment(restApiId=api["id"], stageName="prod")

    answer = client.get_export(
        restApiId=api["id"], stageName="prod", exportType="oas30", parameters={"extensions": "integrations"},
        accepts="application/yaml",
    )  # fmt: skip
    document = yaml.safe_load(answer["body"].read())
    assert answer["contentType"] == "application/octet-stream"
    assert answer["contentDisposition"] == 'attachment; filename="oas30_2.yaml"'
    assert list(document["paths"]) == ["/base/test", "/health", "/pets", "/pets/{petId}"]


def test_boto3_is_told_what_is_wrong(aws: Callable[..., Any]) -> None:
    client = aws("apigateway")

    with pytest.raises(client.exceptions.BadRequestException) as refusal:
        client.import_rest_api(body=body(openapi3({"/a{b}": {}})), failOnWarnings=True)

    assert "Errors found during import:\n\tUnable to create resource at path '/a{b}'" in str(refusal.value)
