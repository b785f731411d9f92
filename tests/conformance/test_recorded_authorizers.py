"""Request validators and authorizers, as the real service was recorded to answer."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.sequences import UNKNOWN_API, Client, Open, a_rest_api, creator, replace

POOL = "arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_ABC123"
URI = "http://petstore-demo-endpoint.execute-api.com/petstore/pets"


def test_validators_that_are_not_there(api_gateway: Client, recording: Open) -> None:
    api, _ = a_rest_api(api_gateway)
    made = api_gateway.create_request_validator(restApiId=api)["id"]
    places = (
        ("invalid-api-id", {"restApiId": UNKNOWN_API, "requestValidatorId": made}),
        ("invalid-validator-id", {"restApiId": api, "requestValidatorId": "nosuch"}),
    )
    for test, verb, prefix in (
        ("test_invalid_get_request_validator", "get", "get-request-validators"),
        ("test_invalid_delete_request_validator", "delete", "delete-request-validator"),
    ):
        replay = recording(test)
        for name, at in places:
            replay.check(f"{prefix}-{name}", getattr(api_gateway, f"{verb}_request_validator"), **at)
        replay.finish()
    replay = recording("test_create_request_validator_invalid_api_id")
    create = api_gateway.create_request_validator
    replay.check("invalid-create-request-validator", create, restApiId=UNKNOWN_API, name="name")
    replay.finish()


def test_patches_of_validators(api_gateway: Client, recording: Open) -> None:
    replay, create = recording("test_invalid_update_request_validator_operations"), api_gateway.create_rest_api
    api = replay.check("create-rest-api", create, name="an api", description="my api")["id"]
    made = replay.check(
        "create-request-validator", api_gateway.create_request_validator, restApiId=api, name="a validator"
    )
    at = {"restApiId": api, "requestValidatorId": made["id"]}
    valid = replace("/validateRequestBody", "true")
    for name, patch in (
        ("invalid-add-operation", {**valid, "op": "add"}),
        ("invalid-remove-operation", {**valid, "op": "remove"}),
        ("invalid-path", replace("/invalidPath", "true")),
        ("empty-name-value", replace("/name", "")),
    ):
        call = api_gateway.update_request_validator
        replay.check(f"update-request-validator-{name}", call, **at, patchOperations=[patch])
    replay.finish()


def test_models_that_refer_to_each_other(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_api_gateway_request_validator_with_ref_one_ofmodels")
    api, root = a_rest_api(api_gateway)
    status = {
        "type": "object",
        "properties": {"Status": {"type": "string"}, "Order": {"type": "integer"}},
        "required": ["Status", "Order"],
    }
    reference = {"$ref": f"https://apigateway.amazonaws.com/restapis/{api}/models/StatusModel"}
    test = {
        "type": "object",
        "properties": {"status": {"oneOf": [{"type": "null"}, reference]}},
        "required": ["status"],
    }
    for name, schema in (("StatusModel", status), ("TestModel", test)):
        members = {"name": name, "contentType": "application/json", "schema": json.dumps(schema)}
        api_gateway.create_model(restApiId=api, **members)
    replay.check("get-models-with-ref", api_gateway.get_models, restApiId=api)
    validator = api_gateway.create_request_validator(restApiId=api, validateRequestBody=True)["id"]
    at = {"restApiId": api, "resourceId": root, "httpMethod": "POST"}
    checked = {"requestValidatorId": validator, "requestModels": {"application/json": "TestModel"}}
    api_gateway.put_method(**at, authorizationType="NONE", **checked)
    api_gateway.put_method_response(**at, statusCode="200")
    api_gateway.put_integration(**at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    answers = {"application/json": '{"data": "ok"}'}
    api_gateway.put_integration_response(**at, statusCode="200", responseTemplates=answers)

    def post(body: str) -> Any:
        return json.loads(api_gateway.test_invoke_method(**at, body=body)["body"])

    replay.check("successful", post, body='{"status": null}')
    replay.check("successful-with-data", post, body='{"status": {"Status": "test", "Order": 1}}')
    replay.check("failed-validation-no-data", post, body="")
    replay.check("failed-validation-bad-data", post, body='{"status": {"Status": "test", "Order": "test"}}')
    replay.finish()


def test_a_method_with_a_lambda_authorizer(api_gateway: Client, recording: Open) -> None:
    replay, (api, root) = recording("test_apigateway_with_custom_authorization_method"), a_rest_api(api_gateway)
    made = replay.check(
        "authorizer",
        api_gateway.create_authorizer,
        restApiId=api,
        name="lambda_authorizer",
        type="TOKEN",
        authorizerUri="arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
        "arn:aws:lambda:us-east-1:111111111111:function:f/invocations",
        identitySource="method.request.header.Auth",
    )
    replay.check(
        "put-method-response",
        api_gateway.put_method,
        restApiId=api,
        resourceId=root,
        httpMethod="GET",
        authorizationType="CUSTOM",
        authorizerId=made["id"],
        apiKeyRequired=True,
    )
    replay.check_value("api-id", {"api_id": api})
    replay.finish()


def swagger() -> dict[str, Any]:
    """A definition with two authorizers, of which one is required by default."""

    def scheme() -> dict[str, Any]:
        return {
            "type": "apiKey",
            "name": "TestHeaderAuth",
            "in": "header",
            "x-amazon-apigateway-authtype": "cognito_user_pools",
            "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [POOL]},
        }

    def operation(**members: Any) -> dict[str, Any]:
        integration = {"type": "http", "httpMethod": "GET", "uri": URI, "responses": {"default": {"statusCode": "200"}}}
        return {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": integration, **members}

    first, second = "cognito-test-identity-source", "extra-test-identity-source"
    listed = {
        "description": "ok",
        "schema": {"$ref": "#/definitions/Pets"},
        "headers": {"Access-Control-Allow-Origin": {"type": "string"}},
    }
    pets = {
        "operationId": "GET HTTP",
        "parameters": [{"name": name, "in": "query", "type": "string"} for name in ("type", "page")],
        "responses": {"200": listed},
        "x-amazon-apigateway-integration": {
            "type": "http_proxy",
            "httpMethod": "GET",
            "uri": "http://petstore.amazonaws.com/petstore/pets",
        },
    }
    return {
        "swagger": "2.0",
        "info": {"title": "Example Pet Store", "version": "1.0", "description": "A Pet Store API."},
        "security": [{first: ["email"]}],
        "paths": {
            "/pets": {"get": pets},
            "/default-no-scope": {"get": operation(security=[{first: []}])},
            "/default-scope-override": {"get": operation(security=[{first: ["openid"]}])},
            "/non-default-authorizer": {"get": operation(security=[{second: ["email", "openid"]}])},
        },
        "securityDefinitions": {first: scheme(), second: scheme()},
        "definitions": {"Pets": {"type": "array", "items": {"type": "object"}}},
    }


def test_imported_user_pools(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_import_with_cognito_auth_identity_source")
    api = replay.check("import-swagger", api_gateway.import_rest_api, body=json.dumps(swagger()))["id"]
    resources = replay.check("resources", api_gateway.get_resources, restApiId=api)["items"]
    for resource in resources[1:]:
        at = {"restApiId": api, "resourceId": resource["id"], "httpMethod": "GET"}
        path = resource["pathPart"]
        replay.check(f"method-{path}-get", api_gateway.get_method, **at)
        replay.check(f"method-response-{path}-get", api_gateway.get_method_response, **at, statusCode="200")
        replay.check(f"integration-{path}-get", api_gateway.get_integration, **at)
        name = f"integration-response-{path}-get"
        replay.check(name, api_gateway.get_integration_response, **at, statusCode="200")
    authorizers = api_gateway.get_authorizers(restApiId=api)["items"]
    for authorizer, name in zip(authorizers, ("cognito", "extra"), strict=True):
        assert authorizer == {
            "id": authorizer["id"],
            "name": f"{name}-test-identity-source",
            "type": "COGNITO_USER_POOLS",
            "authType": "cognito_user_pools",
            "identitySource": "method.request.header.TestHeaderAuth",
            "providerARNs": [POOL],
        }
    replay.finish("get-authorizers")  # recorded without its envelope: compared above


def test_deleting_an_authorizer_in_use(api_gateway: Client) -> None:
    """The words are those that Terraform's users were told."""
    api, root = a_rest_api(api_gateway)
    resource = creator(api_gateway, api)(root, "test")["id"]
    source = "method.request.header.Auth"
    members = {"type": "COGNITO_USER_POOLS", "providerARNs": [POOL], "identitySource": source}
    made = api_gateway.create_authorizer(restApiId=api, name="xxxx", **members)["id"]
    at = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    api_gateway.put_method(**at, authorizationType="COGNITO_USER_POOLS", authorizerId=made)
    try:
        api_gateway.delete_authorizer(restApiId=api, authorizerId=made)
    except api_gateway.exceptions.ConflictException as refusal:
        message = refusal.response["Error"]["Message"]
    assert message == "Cannot delete authorizer 'xxxx', is referenced in method: GET//test"
