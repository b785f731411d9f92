"""Imports and exports against the answers of real AWS, in the documents that those answers came from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.rest_apis.models import RestApi
from tests.builders import call
from tests.control_plane.openapi.definitions import an_operation, body, golden, mock_integration, swagger2

EMPTY = {"Empty": {"type": "object"}}


def resources(caller: Caller, api: str) -> dict[str, Any]:
    items = call(caller, "GetResources", restApiId=api, embed=["methods"])["items"]
    return {item["path"]: item for item in items}


def deployed(caller: Caller, name: str) -> str:
    api: str = call(caller, "ImportRestApi", body=golden(name))["id"]
    call(caller, "CreateDeployment", restApiId=api, stageName="local")
    return api


def export(caller: Caller, api: str, kind: str, **parameters: str) -> tuple[dict[str, Any], dict[str, Any]]:
    answer = call(caller, "GetExport", restApiId=api, stageName="local", exportType=kind, parameters=parameters)
    return json.loads(answer["body"]), answer


def test_an_import_answers_the_api_as_aws_does(caller: Caller) -> None:
    answer = call(caller, "ImportRestApi", body=golden("pets-swagger2.json"))

    api = RestApi.objects.get()
    assert answer == {
        "apiKeySource": "HEADER",
        "binaryMediaTypes": ["image/png", "image/jpg"],
        "createdDate": api.created,
        "disableExecuteApiEndpoint": False,
        "endpointConfiguration": {"ipAddressType": "ipv4", "types": ["EDGE"]},
        "id": api.id,
        "name": "Simple PetStore (Swagger)",
        "rootResourceId": api.resources.get(parent=None).resource_id,
        "version": "1.0.0",
    }


def test_an_imported_api_has_no_default_models(caller: Caller) -> None:
    api = call(caller, "ImportRestApi", body=golden("pets-swagger2.json"))["id"]

    assert call(caller, "GetModels", restApiId=api)["items"] == []


def test_http_and_mock_integrations_get_awss_defaults(caller: Caller) -> None:
    api = call(caller, "ImportRestApi", body=golden("pets-swagger2.json"))["id"]

    pet = resources(caller, api)["/pets/{petId}"]
    assert pet["resourceMethods"]["GET"] == {
        "apiKeyRequired": False,
        "authorizationType": "NONE",
        "httpMethod": "GET",
        "methodIntegration": {
            "cacheKeyParameters": [],
            "cacheNamespace": pet["id"],
            "connectionType": "INTERNET",
            "httpMethod": "GET",
            "integrationResponses": {"200": {"statusCode": "200"}},
            "passthroughBehavior": "WHEN_NO_MATCH",
            "requestParameters": {"integration.request.path.id": "method.request.path.petId"},
            "timeoutInMillis": 29000,
            "type": "HTTP",
            "uri": "http://petstore-demo-endpoint.execute-api.com/petstore/pets/{id}",
        },
        "methodResponses": {"200": {"statusCode": "200"}},
        "requestParameters": {"method.request.path.petId": True},
    }


def test_a_mock_with_cors_headers_has_no_connection_and_no_method(caller: Caller) -> None:
    api = call(caller, "ImportRestApi", body=golden("base-path.json"))["id"]

    test = resources(caller, api)["/test"]
    assert test["resourceMethods"]["GET"] == {
        "apiKeyRequired": False,
        "authorizationType": "NONE",
        "httpMethod": "GET",
        "methodIntegration": {
            "cacheKeyParameters": [],
            "cacheNamespace": test["id"],
            "integrationResponses": {
                "200": {
                    "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
                    "statusCode": "200",
                }
            },
            "passthroughBehavior": "WHEN_NO_MATCH",
            "requestTemplates": {"application/json": '{"statusCode": 200}'},
            "timeoutInMillis": 29000,
            "type": "MOCK",
        },
        "methodResponses": {
            "200": {
                "responseParameters": {"method.response.header.Access-Control-Allow-Origin": False},
                "statusCode": "200",
            }
        },
    }


def test_an_integer_status_code_is_a_status_code(caller: Caller) -> None:
    operation = an_operation(
        responses={
            "200": {
                "description": "ok",
                "schema": {"$ref": "#/definitions/Empty"},
                "headers": {"Access-Control-Allow-Origin": {"type": "string"}},
            }
        },
    )
    operation["x-amazon-apigateway-integration"] = mock_integration(
        requestParameters={"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
        responses={
            "default": {
                "statusCode": 200,
                "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
            }
        },
    )
    api = call(caller, "ImportRestApi", body=body(swagger2({"/test": {"get": operation}}, definitions=EMPTY)))["id"]

    method = resources(caller, api)["/test"]["resourceMethods"]["GET"]
    assert method["methodResponses"]["200"] == {
        "responseModels": {"application/json": "Empty"},
        "responseParameters": {"method.response.header.Access-Control-Allow-Origin": False},
        "statusCode": "200",
    }
    assert method["methodIntegration"]["integrationResponses"] == {
        "200": {
            "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
            "statusCode": "200",
        }
    }


def test_aws_integrations_are_kept_as_they_are(caller: Caller) -> None:
    uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
    operation = an_operation()
    operation["x-amazon-apigateway-integration"] = {
        "type": "aws",
        "httpMethod": "POST",
        "uri": uri,
        "contentHandling": "CONVERT_TO_TEXT",
        "passthroughBehavior": "when_no_templates",
        "requestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
        "responses": {"default": {"statusCode": "200"}},
    }
    api = call(caller, "ImportRestApi", body=body(swagger2({"/": {"get": operation}})))["id"]

    root = resources(caller, api)["/"]
    assert root["resourceMethods"]["GET"]["methodIntegration"] == {
        "cacheKeyParameters": [],
        "cacheNamespace": root["id"],
        "contentHandling": "CONVERT_TO_TEXT",
        "httpMethod": "POST",
        "integrationResponses": {"200": {"statusCode": "200"}},
        "passthroughBehavior": "WHEN_NO_TEMPLATES",
        "requestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
        "timeoutInMillis": 29000,
        "type": "AWS",
        "uri": uri,
    }


@pytest.mark.parametrize(
    ("mode", "paths"),
    [("ignore", ["/", "/test"]), ("prepend", ["/", "/base", "/base/test"]), ("split", ["/", "/test"])],
)
def test_the_base_path_is_ignored_prepended_or_split(caller: Caller, mode: str, paths: list[str]) -> None:
    api = call(caller, "CreateRestApi", name="before")["id"]

    answer = call(
        caller,
        "PutRestApi",
        restApiId=api,
        mode="overwrite",
        body=golden("base-path.json"),
        parameters={"basepath": mode},
    )

    assert answer["tags"] == {}
    assert answer["version"] == "2"
    assert list(resources(caller, api)) == paths


@pytest.mark.parametrize("mode", ["prepend", "split"])
def test_a_document_without_a_base_path_takes_any_mode(caller: Caller, mode: str) -> None:
    api = call(caller, "ImportRestApi", body=golden("pets-swagger2.json"), parameters={"basepath": mode})["id"]

    assert list(resources(caller, api)) == ["/", "/pets", "/pets/{petId}"]


PETS_SERVERS = [
    {
        "url": "https://{id}.execute-api.us-east-1.amazonaws.com/{basePath}",
        "variables": {"basePath": {"default": "local"}},
    }
]
PETS_INTEGRATION = {
    "httpMethod": "GET",
    "passthroughBehavior": "when_no_match",
    "responses": {"default": {"statusCode": "200"}},
    "type": "http",
    "uri": "http://petstore-demo-endpoint.execute-api.com/petstore/pets",
}
PET_INTEGRATION = {
    **PETS_INTEGRATION,
    "requestParameters": {"integration.request.path.id": "method.request.path.petId"},
    "uri": "http://petstore-demo-endpoint.execute-api.com/petstore/pets/{id}",
}


def test_an_export_as_openapi_3_is_awss(caller: Caller) -> None:
    api = deployed(caller, "pets-swagger2.json")

    document, answer = export(caller, api, "oas30")

    ok = {"200": {"content": {}, "description": "200 response"}}
    url = PETS_SERVERS[0]["url"].replace("{id}", api)  # type: ignore[attr-defined]
    assert document == {
        "components": {},
        "info": {"title": "Simple PetStore (Swagger)", "version": "1.0.0"},
        "openapi": "3.0.1",
        "paths": {
            "/pets": {"get": {"responses": ok}},
            "/pets/{petId}": {
                "get": {
                    "parameters": [{"in": "path", "name": "petId", "required": True, "schema": {"type": "string"}}],
                    "responses": ok,
                }
            },
        },
        "servers": [{**PETS_SERVERS[0], "url": url}],
    }
    assert answer["contentDisposition"] == 'attachment; filename="oas30_1.0.0.json"'
    assert answer["contentType"] == "application/octet-stream"


def test_extensions_of_an_export_are_awss(caller: Caller) -> None:
    api = deployed(caller, "pets-swagger2.json")

    document, _ = export(caller, api, "oas30", extensions="apigateway")

    assert document["x-amazon-apigateway-binary-media-types"] == ["image/png", "image/jpg"]
    assert document["paths"]["/pets"]["get"]["x-amazon-apigateway-integration"] == PETS_INTEGRATION
    assert document["paths"]["/pets/{petId}"]["get"]["x-amazon-apigateway-integration"] == PET_INTEGRATION
    assert {key for key in document if key.startswith("x-")} == {"x-amazon-apigateway-binary-media-types"}


def test_an_export_as_swagger_2_is_awss(caller: Caller) -> None:
    api = deployed(caller, "pets-swagger2.json")

    document, answer = export(caller, api, "swagger", extensions="integrations")

    ok = {"200": {"description": "200 response"}}
    assert document == {
        "basePath": "/local",
        "host": f"{api}.execute-api.us-east-1.amazonaws.com",
        "info": {"title": "Simple PetStore (Swagger)", "version": "1.0.0"},
        "paths": {
            "/pets": {"get": {"responses": ok, "x-amazon-apigateway-integration": PETS_INTEGRATION}},
            "/pets/{petId}": {
                "get": {
                    "parameters": [{"in": "path", "name": "petId", "required": True, "type": "string"}],
                    "responses": ok,
                    "x-amazon-apigateway-integration": PET_INTEGRATION,
                }
            },
        },
        "schemes": ["https"],
        "swagger": "2.0",
        "x-amazon-apigateway-binary-media-types": ["image/png", "image/jpg"],
    }
    assert answer["contentDisposition"] == 'attachment; filename="swagger_1.0.0.json"'


CORS_HEADERS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers")
ORIGIN = {"Access-Control-Allow-Origin": {"schema": {"type": "string"}}}


def answers(model: str, headers: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}}
    return {"200": {"content": content, "description": "200 response", "headers": headers}}


def test_awss_pet_store_comes_back_as_aws_exports_it(caller: Caller) -> None:
    api = deployed(caller, "petstore-swagger2.json")

    document, answer = export(caller, api, "oas30")

    created = RestApi.objects.get().created.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert document["info"]["version"] == created
    assert answer["contentDisposition"] == f'attachment; filename="oas30_{created}.json"'
    cors = {name: {"schema": {"type": "string"}} for name in CORS_HEADERS}
    pet_id = {"in": "path", "name": "petId", "required": True, "schema": {"type": "string"}}
    assert document["paths"] == {
        "/": {
            "get": {
                "responses": {
                    "200": {
                        "content": {},
                        "description": "200 response",
                        "headers": {"Content-Type": {"schema": {"type": "string"}}},
                    }
                }
            }
        },
        "/pets": {
            "get": {
                "parameters": [
                    {"in": "query", "name": "type", "schema": {"type": "string"}},
                    {"in": "query", "name": "page", "schema": {"type": "string"}},
                ],
                "responses": answers("Pets", ORIGIN),
            },
            "options": {"responses": answers("Empty", cors)},
            "post": {
                "operationId": "CreatePet",
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewPet"}}},
                    "required": True,
                },
                "responses": answers("NewPetResponse", ORIGIN),
            },
        },
        "/pets/{petId}": {
            "get": {"operationId": "GetPet", "parameters": [pet_id], "responses": answers("Pet", ORIGIN)},
            "options": {"parameters": [pet_id], "responses": answers("Empty", cors)},
        },
    }
    assert document["components"]["schemas"]["Pets"] == {"items": {"$ref": "#/components/schemas/Pet"}, "type": "array"}
    assert list(document["components"]["schemas"]) == ["Empty", "NewPet", "NewPetResponse", "Pet", "PetType", "Pets"]
    assert list(document["components"]) == ["schemas"]


def test_model_references_are_awss_urls(caller: Caller) -> None:
    api = call(caller, "ImportRestApi", body=golden("petstore-swagger2.json"))["id"]

    model = call(caller, "GetModel", restApiId=api, modelName="Pets")

    url = f"https://apigateway.amazonaws.com/restapis/{api}/models/Pet"
    assert json.loads(model["schema"]) == {"items": {"$ref": url}, "type": "array"}
