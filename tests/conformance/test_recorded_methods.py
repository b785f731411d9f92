"""Methods, models and integrations, as the real service was recorded to answer. Where a recorded answer is left out, its test says why."""

from __future__ import annotations

import json

from tests.conformance.sequences import UNKNOWN_API, Client, Open, a_method, a_mock, a_rest_api, creator, replace

HTTP_URI = "http://example.com/v1"


def test_integrations_by_vpc_link(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_create_integration_with_vpc_link")
    api, root = a_rest_api(api_gateway)
    at = a_method(api_gateway, api, root)
    replay.check(
        "put-integration-vpc-link",
        api_gateway.put_integration,
        **at,
        type="HTTP_PROXY",
        integrationHttpMethod="GET",
        uri="http://my-vpclink-test-nlb-1234567890abcdef.us-east-1.amazonaws.com",
        connectionType="VPC_LINK",
        connectionId="${stageVariables.vpcLinkId}",
    )
    replay.check("get-integration-vpc-link", api_gateway.get_integration, **at)
    operations = [replace("/connectionId", "${stageVariables.vpcLinkIdBeta}")]
    replay.check("update-integration-vpc-link", api_gateway.update_integration, **at, patchOperations=operations)
    replay.check("get-integration-update-vpc-link", api_gateway.get_integration, **at)
    replay.finish()


def test_integrations_of_methods_that_are_not_there(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_put_integration_response_validation")
    api, root = a_rest_api(api_gateway)
    at = a_mock(api_gateway, api, root)
    put, put_response = api_gateway.put_integration, api_gateway.put_integration_response
    for name, change in (("method", {"httpMethod": "POST"}), ("resource", {"resourceId": "nosuch"})):
        replay.check(f"put-integration-wrong-{name}", put, **{**at, **change}, type="MOCK")
        replay.check(f"put-integration-response-wrong-{name}", put_response, **{**at, **change}, statusCode="200")
    replay.finish()


def test_an_integration_type_that_is_none(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_put_integration_wrong_type")
    api, root = a_rest_api(api_gateway)
    at = a_method(api_gateway, api, root)
    replay.check("put-integration-wrong-type", api_gateway.put_integration, **at, type="HTTPS_PROXY")
    replay.finish()


def test_integration_responses(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_put_integration_responses")
    api, root = a_rest_api(api_gateway)
    http = {"type": "HTTP", "uri": HTTP_URI, "integrationHttpMethod": "POST"}
    get = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    put = {**get, "httpMethod": "PUT"}
    for name, at in (("get", get), ("put", put)):
        replay.check(f"put-method-{name}", api_gateway.put_method, **at, authorizationType="NONE")
        replay.check(f"put-method-response-{name}", api_gateway.put_method_response, **at, statusCode="200")
        replay.check(f"put-integration-{name}", api_gateway.put_integration, **at, **http)
    members = {"statusCode": "200", "selectionPattern": r"2\d{2}"}
    replay.check(
        "put-integration-response-get", api_gateway.put_integration_response, **get, **members, responseTemplates={}
    )
    replay.check("get-integration-response-get", api_gateway.get_integration_response, **get, statusCode="200")
    replay.check("get-method-get", api_gateway.get_method, **get)
    replay.check(
        "put-integration-response-put",
        api_gateway.put_integration_response,
        **put,
        **members,
        contentHandling="CONVERT_TO_BINARY",
    )
    replay.check("get-integration-response-put", api_gateway.get_integration_response, **put, statusCode="200")
    replay.check("deploy", api_gateway.create_deployment, restApiId=api, stageName="dev")
    replay.check("delete-integration-response-get", api_gateway.delete_integration_response, **get, statusCode="200")
    replay.check("get-method-get-after-int-resp-delete", api_gateway.get_method, **get)
    replay.finish()


def test_an_integration_response_with_a_template(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_put_integration_response_with_response_template")
    api, root = a_rest_api(api_gateway)
    at = {**a_mock(api_gateway, api, root), "statusCode": "200"}
    template = {"application/json": json.dumps({"data": "test"})}
    api_gateway.put_integration_response(**at, selectionPattern="foobar", responseTemplates=template)
    replay.check("get-integration-response", api_gateway.get_integration_response, **at)
    replay.finish()


def test_deleting_integration_responses(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_delete_integration_response_errors")
    api, root = a_rest_api(api_gateway)
    at = {**a_mock(api_gateway, api, root), "statusCode": "200"}
    replay.check(
        "put-integration-response",
        api_gateway.put_integration_response,
        **at,
        selectionPattern="",
        responseTemplates={"application/json": '"created"'},
    )
    for name, change in (
        ("non-existent-api-id", {"restApiId": UNKNOWN_API}),
        ("non-existent-resource", {"resourceId": "nosuch"}),
        ("non-existent-method", {"httpMethod": "POST"}),
        ("bad-method", {"httpMethod": "NO-METHOD"}),
        ("non-existent-status-code", {"statusCode": "201"}),
    ):
        replay.check(name, api_gateway.delete_integration_response, **{**at, **change})
    replay.finish()


def test_integration_responses_that_are_not_there(api_gateway: Client, recording: Open) -> None:
    api, root = a_rest_api(api_gateway)
    at = {**a_mock(api_gateway, api, root), "statusCode": "200"}
    for test, name, change in (
        ("invalid_statuscode", "invalid-statusCode", {"statusCode": "wrong"}),
        ("wrong_api", "wrong-api", {"restApiId": UNKNOWN_API}),
        ("wrong_resource", "wrong-resource", {"resourceId": "nosuch"}),
    ):
        replay = recording(f"test_integration_response_{test}")
        for verb in ("get", "put"):
            call = getattr(api_gateway, f"{verb}_integration_response")
            replay.check(f"{verb}-integration-response-{name}", call, **{**at, **change})
        replay.finish()
    replay = recording("test_integration_response_wrong_status_code")
    replay.check(
        "get-integration-response-wrong-status-code",
        api_gateway.get_integration_response,
        **{**at, "statusCode": "404"},
    )
    replay.finish()


def test_models_that_are_refused(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_model_validation")
    api, _ = a_rest_api(api_gateway)
    create, schema = api_gateway.create_model, json.dumps({"title": "MySchema", "type": "object"})
    members = {"name": "MySchema", "contentType": "application/json", "schema": schema}
    replay.check("create-model-wrong-id", create, restApiId=UNKNOWN_API, **members)
    replay.check("get-models-wrong-id", api_gateway.get_models, restApiId=UNKNOWN_API)
    replay.check("get-model-wrong-id", api_gateway.get_model, restApiId=UNKNOWN_API, modelName="MySchema")
    replay.check("del-model-wrong-id", api_gateway.delete_model, restApiId=UNKNOWN_API, modelName="MySchema")
    replay.check("create-model-empty-name", create, restApiId=api, **{**members, "name": ""})
    replay.check("create-model-empty-schema", create, restApiId=api, **{**members, "schema": ""})
    for kind in ("json", "xml"):
        replay.check(
            f"create-model-no-schema-{kind}", create, restApiId=api, name="Other", contentType=f"application/{kind}"
        )
    create(restApiId=api, **members)
    replay.check("create-model-already-exists", create, restApiId=api, **members)
    replay.finish()


def test_models_of_methods(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_put_method_model")
    api, root = a_rest_api(api_gateway)
    json_type = {"contentType": "application/json"}
    for name, model in (("create-model", "MySchema"), ("create-model-2", "MySchemaTwo")):
        schema = json.dumps({"title": model, "type": "object"})
        replay.check(name, api_gateway.create_model, restApiId=api, name=model, schema=schema, **json_type)
    at = {"restApiId": api, "resourceId": root, "httpMethod": "ANY"}
    put, update, delete = api_gateway.put_method, api_gateway.update_method, api_gateway.delete_model
    none = {"authorizationType": "NONE"}
    replay.check("put-method-request-models", put, **at, **none, requestModels={"application/json": "MySchema"})
    replay.check("delete-model-used", delete, restApiId=api, modelName="MySchema")
    path = "/requestModels/application~1json"
    replay.check("update-method-model", update, **at, patchOperations=[replace(path, "MySchemaTwo")])
    replay.check("delete-model-unused", delete, restApiId=api, modelName="MySchema")
    replay.check("delete-model-used-2", delete, restApiId=api, modelName="MySchemaTwo")
    resource = creator(api_gateway, api)(root, "test")["id"]
    at_2 = {**at, "resourceId": resource}
    replay.check("put-method-2-request-models", put, **at_2, **none, requestModels={"application/json": "MySchemaTwo"})
    replay.check("delete-model-used-by-method-1", delete, restApiId=api, modelName="MySchemaTwo")
    replay.check("update-method-model-2", update, **at, patchOperations=[{"op": "remove", "path": path}])
    replay.check("delete-model-used-by-2-method", delete, restApiId=api, modelName="MySchemaTwo")
    replay.check("delete-method-using-model-2", api_gateway.delete_method, **at_2)
    replay.check("delete-model-unused-2", delete, restApiId=api, modelName="MySchemaTwo")
    replay.finish()


def test_patches_of_methods_that_are_refused(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_update_method_validation")
    api, root = a_rest_api(api_gateway)
    at = {"restApiId": api, "resourceId": root, "httpMethod": "ANY"}

    def update(name: str, *operations: dict[str, str], **elsewhere: str) -> None:
        request = {**at, **elsewhere, "patchOperations": list(operations)}
        replay.check(name, api_gateway.update_method, **request)

    update("wrong-rest-api", replace("/apiKeyRequired", "true"), restApiId=UNKNOWN_API)
    update("wrong-resource-id", replace("/apiKeyRequired", "true"), resourceId="nosuch")
    update("method-does-not-exist", replace("/apiKeyRequired", "true"))
    replay.check("put-method-response", api_gateway.put_method, **at, authorizationType="NONE", apiKeyRequired=True)
    update("unsupported-operation", {"op": "add", "path": "/authorizationType", "value": "NONE"})
    update("unsupported-operation-2", {"op": "remove", "path": "/apiKeyRequired"})
    update("unsupported-path", replace("/httpMethod", "GET"))
    update("wrong-path-request-parameters", {"op": "add", "path": "/requestParameters", "value": "true"})
    update("wrong-path-request-models", {"op": "add", "path": "/requestModels/application/json", "value": "Error"})
    update("wrong-value-type", replace("/apiKeyRequired", "whatever"))
    update("wrong-auth-type", replace("/authorizationType", "CUSTOM"))
    update("wrong-auth-id", replace("/authorizationType", "CUSTOM"), replace("/authorizerId", "abc123"))
    update("skip-auth-id-with-wrong-type", replace("/authorizerId", "abc123"))
    update("wrong-req-validator-id", replace("/requestValidatorId", "abc123"))
    replay.finish()


def test_wrong_operations_on_method_responses(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_update_method_response_wrong_operations")
    api, root = a_rest_api(api_gateway)
    at = a_method(api_gateway, api, root)
    api_gateway.put_method_response(**at, statusCode="200")
    wrong = {"op": "wrong_op", "path": "/responseParameters/method.response.header.a", "value": "true"}
    right = {**wrong, "op": "add"}
    sequences = ([wrong], [wrong], [wrong, wrong], [wrong] * 4, [wrong, right, wrong])
    for number, operations in enumerate(sequences, start=1):
        replay.check(
            f"update-method-response-wrong-operation-{number}",
            api_gateway.update_method_response,
            **at,
            statusCode="200",
            patchOperations=operations,
        )
    replay.finish()
