"""Integrations with functions and services, as the real service was recorded to take them."""

from __future__ import annotations

from tests.conformance.sequences import Client, Open, a_method, a_rest_api, creator

ROLE = "arn:aws:iam::123456789012:role/pets"
LAMBDA = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions"


def test_a_proxy_of_a_service_that_has_none(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_error_aws_proxy_not_supported")
    api, root = a_rest_api(api_gateway)
    at = a_method(api_gateway, api, root)
    replay.check(
        "create-integration-error",
        api_gateway.put_integration,
        **at,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri="arn:aws:apigateway:us-east-1:dynamodb:action/Query",
    )
    replay.finish()


def test_an_integration_with_a_function(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_lambda_aws_integration")
    api, root = a_rest_api(api_gateway)
    resource = creator(api_gateway, api)(root, "test")["id"]
    at = {"restApiId": api, "resourceId": resource, "httpMethod": "POST"}
    replay.check("put-method", api_gateway.put_method, **at, authorizationType="NONE")
    replay.check("put-method-response", api_gateway.put_method_response, **at, statusCode="200")
    replay.check(
        "put-integration",
        api_gateway.put_integration,
        **at,
        type="AWS",
        integrationHttpMethod="POST",
        uri=f"{LAMBDA}/arn:aws:lambda:us-east-1:123456789012:function:echo/invocations",
        credentials=ROLE,
    )
    replay.check("put-integration-response", api_gateway.put_integration_response, **at, statusCode="200")
    replay.finish()


def test_an_integration_with_a_bucket(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_apigw_s3_binary_support_request")
    api, root = a_rest_api(api_gateway)
    resource = creator(api_gateway, api)(root, "{object_path+}")["id"]
    mapping = {
        "integration.request.header.Content-Type": "method.request.header.Content-Type",
        "integration.request.path.object_path": "method.request.path.object_path",
        "integration.request.querystring.response-content-type": "method.request.header.response-content-type",
    }
    declared = dict.fromkeys(mapping.values(), False)
    at = a_method(api_gateway, api, resource, "ANY", requestParameters=declared)
    replay.check(
        "put-integration",
        api_gateway.put_integration,
        **at,
        type="AWS",
        integrationHttpMethod="ANY",
        uri="arn:aws:apigateway:us-east-1:s3:path/pets/{object_path}",
        credentials=ROLE,
        requestParameters=mapping,
    )
    replay.finish()


def test_a_mock_that_maps_the_path(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_integration_mock_with_path_param")
    api, root = a_rest_api(api_gateway)
    resource = creator(api_gateway, api)(root, "{testPath}")["id"]
    at = a_method(api_gateway, api, resource, requestParameters={"method.request.path.testPath": True})
    replay.check(
        "integration",
        api_gateway.put_integration,
        **at,
        type="MOCK",
        requestParameters={"integration.request.path.integrationPath": "method.request.path.testPath"},
        requestTemplates={"application/json": "{statusCode: 200}"},
    )
    replay.finish()
