"""The control plane answers an unmodified boto3 as the real service was recorded to.

Each test makes the calls of one recorded sequence, in its order. Where a recorded answer is left out, its test says why.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from replay import Replay

from apps.accounts.models import Account

UNKNOWN_API = "abcde0"
HTTP_URI = "http://example.com/v1"

Client = Any
Open = Callable[[str], Replay]


@pytest.fixture
def api_gateway(aws: Callable[..., Client]) -> Client:
    return aws("apigateway")


@pytest.fixture
def recording(account: Account) -> Iterator[Open]:
    yield lambda name: Replay(name, account.id)


def a_rest_api(client: Client, **members: Any) -> tuple[str, str]:
    """The ids of a new API and of its root resource."""
    created = client.create_rest_api(**{"name": "an api", **members})
    return created["id"], created["rootResourceId"]


def replace(path: str, value: str) -> dict[str, str]:
    return {"op": "replace", "path": path, "value": value}


def a_method(client: Client, api: str, resource: str, http_method: str = "GET", **members: Any) -> dict[str, str]:
    """A method, by the members that name it."""
    at = {"restApiId": api, "resourceId": resource, "httpMethod": http_method}
    client.put_method(**at, **{"authorizationType": "NONE", **members})
    return at


def a_mock(client: Client, api: str, resource: str) -> dict[str, str]:
    at = a_method(client, api, resource)
    client.put_method_response(**at, statusCode="200")
    client.put_integration(**at, type="MOCK")
    return at


# REST APIs ----------------------------------------------------------------------------------------------------------


def test_defaults_of_rest_apis(api_gateway: Client, recording: Open) -> None:
    replay, create = recording("test_create_rest_api_verify_defaults"), api_gateway.create_rest_api
    replay.check("create-with-edge-default", create, name="a", endpointConfiguration={"types": ["EDGE"]})
    replay.check("create-with-regional-default", create, name="b", endpointConfiguration={"types": ["REGIONAL"]})
    replay.check("create-with-private-default", create, name="c", endpointConfiguration={"types": ["PRIVATE"]})
    replay.check("create-with-empty-default", create, name="d")
    replay.check(
        "create-with-empty-ip-address-type-and-wrong-type", create, name="e", endpointConfiguration={"types": ["wrong"]}
    )
    replay.finish()


def test_binary_media_types(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_create_rest_api_with_binary_media_types")
    replay.check("create-with-binary-media", api_gateway.create_rest_api, name="a", binaryMediaTypes=["image/png"])
    replay.finish()


def test_tags_of_rest_apis(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_create_rest_api_with_tags")
    created = replay.check(
        "create-rest-api-w-tags",
        api_gateway.create_rest_api,
        name="a",
        description="this is my api",
        tags={"MY_TAG1": "MY_VALUE1"},
    )
    replay.check("get-rest-api-w-tags", api_gateway.get_rest_api, restApiId=created["id"])
    replay.check("get-rest-apis-w-tags", api_gateway.get_rest_apis)
    replay.finish()


def test_ids_are_case_sensitive(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_get_api_case_insensitive")
    api, _ = a_rest_api(api_gateway)
    replay.check("get-api-upper-case", api_gateway.get_rest_api, restApiId=f"{api[:-1]}A")
    replay.finish("create-rest-api")  # recorded before APIs had an ipAddressType


def test_lists_of_rest_apis(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_list_and_delete_apis")
    create = api_gateway.create_rest_api
    first = replay.check("create-rest-api-1", create, name="a", description="this is my api")
    replay.check("create-rest-api-2", create, name="b", description="this is my api2")
    replay.check("get-rest-api-before-delete", api_gateway.get_rest_apis)
    replay.check("delete-rest-api", api_gateway.delete_rest_api, restApiId=first["id"])
    replay.check("get-rest-api-after-delete", api_gateway.get_rest_apis)
    replay.finish()


def test_errors_are_joined(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_update_rest_api_concatenation_of_errors")
    api, _ = a_rest_api(api_gateway)
    address = {"op": "wrong", "path": "/endpointConfiguration/ipAddressType", "value": "dualstack"}
    kind = {"op": "wrong", "path": "/endpointConfiguration/types/0", "value": "EDGE"}
    for name, operations in (
        ("on-ipAddressType", [address, address]),
        ("on-type", [kind, kind]),
        ("on-type-and-on-ip-address-type", [kind, address, address]),
    ):
        replay.check(
            f"update-rest-api-wrong-operations-{name}",
            api_gateway.update_rest_api,
            restApiId=api,
            patchOperations=operations,
        )
    replay.finish()


def test_patches_of_rest_apis(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_update_rest_api_operation_add_remove")
    api, _ = a_rest_api(api_gateway, description="this is my api")
    steps = {
        "add": [
            {"op": "add", "path": "/binaryMediaTypes/image~1png"},
            {"op": "add", "path": "/binaryMediaTypes/image~1jpeg"},
        ],
        "replace": [replace("/binaryMediaTypes/image~1png", "image/gif")],
        "remove": [{"op": "remove", "path": "/binaryMediaTypes/image~1gif"}, {"op": "remove", "path": "/description"}],
    }
    for step, operations in steps.items():
        replay.check(
            f"update-rest-api-{step}", api_gateway.update_rest_api, restApiId=api, patchOperations=operations
        )
    replay.finish()


# Resources ----------------------------------------------------------------------------------------------------------


def creator(client: Client, api: str) -> Callable[[str, str], dict[str, Any]]:
    return lambda parent, part: client.create_resource(restApiId=api, parentId=parent, pathPart=part)


def test_greedy_resources(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_create_proxy_resource")
    api, root = a_rest_api(api_gateway)
    create = creator(api_gateway, api)
    replay.check("create-base-proxy-resource", create, parent=root, part="{proxy+}")
    parent = create(root, "parent")["id"]
    replay.check("create-proxy-sibling-proxy-child-resource", create, parent=parent, part="{proxy+}")
    child = replay.check("create-proxy-sibling-static-child-resource", create, parent=parent, part="child")
    replay.check("create-static-child-proxy-resource", create, parent=child["id"], part="{proxy+}")
    listed = replay.check("all-resources", api_gateway.get_resources, restApiId=api)
    greedy = next(item["id"] for item in listed["items"] if item["path"] == "/parent/{proxy+}")
    api_gateway.delete_resource(restApiId=api, resourceId=greedy)
    child = replay.check("create-proxy-sibling-dynamic-child-resource", create, parent=parent, part="{child}")
    replay.check("create-dynamic-child-proxy-resource", create, parent=child["id"], part="{proxy+}")
    replay.finish(
        "create-proxy-sibling-resource",  # an id rather than an answer
        "all-resources-2",  # its ids name resources of the first list otherwise than that does
    )


def test_where_greedy_resources_cannot_be(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_create_proxy_resource_validation")
    api, root = a_rest_api(api_gateway)
    create = creator(api_gateway, api)
    greedy = replay.check("create-base-proxy-resource", create, parent=root, part="{proxy+}")["id"]
    replay.check("create-proxy-dynamic-sibling-resource", create, parent=root, part="{dynamic}")
    replay.check("create-proxy-static-child-resource", create, parent=greedy, part="static")
    replay.check("create-proxy-dynamic-child-resource", create, parent=greedy, part="{dynamic}")
    parent = create(root, "parent")["id"]
    replay.check("create-greedy-child-resource", create, parent=parent, part="{child+}")
    replay.finish()


def test_a_parent_that_is_not_there(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_create_resource_parent_invalid")
    api, _ = a_rest_api(api_gateway)
    replay.check("wrong-resource-parent-id", creator(api_gateway, api), parent="nosuch", part="pets")
    replay.finish()


def test_deleting_a_subtree(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_delete_resource")
    api, root = a_rest_api(api_gateway)
    create, delete = creator(api_gateway, api), api_gateway.delete_resource
    parent = create(root, "pets")["id"]
    child = create(parent, "food")["id"]
    replay.check("delete-resource", delete, restApiId=api, resourceId=parent)
    replay.check("delete-subresource", delete, restApiId=api, resourceId=child)
    replay.check("get-resources", api_gateway.get_resources, restApiId=api)
    replay.finish()


def test_the_life_of_a_resource(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_resource_lifecycle")
    api, root = a_rest_api(api_gateway)
    create, listed = creator(api_gateway, api), api_gateway.get_resources
    replay.check("rest-api-root-resource", listed, restApiId=api)
    pets = replay.check("create-resource", create, parent=root, part="pets")["id"]
    replay.check("rest-api-resources-after-create", listed, restApiId=api)
    replay.check(
        "update-path-part",
        api_gateway.update_resource,
        restApiId=api,
        resourceId=pets,
        patchOperations=[replace("/pathPart", "dogs")],
    )
    replay.check("get-resp-after-update-path-part", api_gateway.get_resource, restApiId=api, resourceId=pets)
    api_gateway.update_resource(restApiId=api, resourceId=pets, patchOperations=[replace("/pathPart", "pets")])
    replay.check("create-subresource", create, parent=pets, part="subpets")
    replay.check("rest-api-resources-after-create-sub", listed, restApiId=api)
    replay.check("del-resource", api_gateway.delete_resource, restApiId=api, resourceId=pets)
    replay.check("rest-api-resources-after-delete", listed, restApiId=api)
    replay.finish()


def test_moving_resources(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_update_resource_behaviour")
    api, root = a_rest_api(api_gateway)
    create = creator(api_gateway, api)
    pets = create(root, "pets")["id"]
    sub = replay.check("create-subresource", create, parent=pets, part="subpets")["id"]
    child = replay.check("create-subresource-child", create, parent=sub, part="pets")["id"]

    def update(name: str, resource: str, operation: dict[str, str]) -> None:
        replay.check(
            name, api_gateway.update_resource, restApiId=api, resourceId=resource, patchOperations=[operation]
        )

    update("nonexistent-resource", "nosuch", replace("/pathPart", "dogs"))
    update("invalid-path-part", pets, replace("/invalid", "dogs"))
    update("add-unsupported", pets, {"op": "add", "path": "/pathPart", "value": "dogs"})
    update("remove-unsupported", pets, {"op": "remove", "path": "/pathPart"})
    update("invalid-parent-id", pets, replace("/parentId", "nosuch"))
    update("update-parent-id-to-subresource-id", pets, replace("/parentId", sub))
    update("existing-future-sibling-path", child, replace("/parentId", root))
    update("update-parent-id-to-root-id", sub, replace("/parentId", root))
    update("update-path-already-exists", sub, replace("/pathPart", "pets"))
    api_gateway.delete_resource(restApiId=api, resourceId=pets)
    api_gateway.delete_resource(restApiId=api, resourceId=child)
    replay.check("resources-after-deletion", api_gateway.get_resources, restApiId=api)
    replay.finish()


def test_the_root_stays_where_it_is(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_update_resource_on_root")
    api, root = a_rest_api(api_gateway)
    for name, path in (("update-root-path-part", "/pathPart"), ("update-root-parent", "/parentId")):
        replay.check(
            name, api_gateway.update_resource, restApiId=api, resourceId=root, patchOperations=[replace(path, "x")]
        )
    replay.finish()


# Models and methods -------------------------------------------------------------------------------------------------


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
    replay.check(
        "put-method-response", api_gateway.put_method, **at, authorizationType="NONE", apiKeyRequired=True
    )
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


# Integrations -------------------------------------------------------------------------------------------------------


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
    api_gateway.put_integration_response(**get, **members, responseTemplates={})
    replay.check(
        "put-integration-response-put",
        api_gateway.put_integration_response,
        **put,
        **members,
        contentHandling="CONVERT_TO_BINARY",
    )
    replay.check("get-integration-response-put", api_gateway.get_integration_response, **put, statusCode="200")
    replay.check("deploy", api_gateway.create_deployment, restApiId=api, stageName="dev")
    replay.check(
        "delete-integration-response-get", api_gateway.delete_integration_response, **get, statusCode="200"
    )
    replay.check("get-method-get-after-int-resp-delete", api_gateway.get_method, **get)
    # They show a map of templates that was put empty; here that is the same as none.
    replay.finish("put-integration-response-get", "get-integration-response-get", "get-method-get")


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


# Deployments and stages ---------------------------------------------------------------------------------------------


def deployable(client: Client) -> str:
    api, root = a_rest_api(client)
    a_mock(client, api, root)
    return api


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
    members = {"deploymentId": deployment, "description": "my stage", "documentationVersion": "v123"}
    replay.check("create-stage", api_gateway.create_stage, **at, **members)
    replay.check("get-stage", api_gateway.get_stage, **at)
    update, reset = api_gateway.update_stage, [{"op": "remove", "path": "/*/*"}]
    replay.check("delete-error", update, **at, patchOperations=reset)
    replay.check("update-stage", update, **at, patchOperations=[replace("/*/*/caching/enabled", "true")])
    replay.check("update-stage-reset", update, **at, patchOperations=reset)
    replay.check("get-stage-after-reset", api_gateway.get_stage, **at)
    replay.finish()


# Canaries -----------------------------------------------------------------------------------------------------------
# A canary that takes traffic cannot be served yet and is refused: what was recorded of 50 percent is left out.


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
    update(**at, patchOperations=[replace("/canarySettings/percentTraffic", "0.0")])
    replay.check("remove-stage-canary", update, **at, patchOperations=[{"op": "remove", "path": "/canarySettings"}])
    second = replay.check("create-deployment-2", api_gateway.create_deployment, restApiId=api)["id"]
    operations = [replace("/canarySettings/deploymentId", second)]
    replay.check("update-stage-with-deployment", update, **at, patchOperations=operations)
    replay.finish("update-stage-with-percent", "get-stage")


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
    canary = {"percentTraffic": 0.0, "stageVariableOverrides": {"testVar": "override"}}
    replay.check("deployment-canary", create, **at, canarySettings=canary)
    replay.check("update-stage-with-copy-2", update, **at, patchOperations=promotion)
    replay.finish("get-stage")


# API keys and usage plans -------------------------------------------------------------------------------------------


def test_names_of_keys(api_gateway: Client, recording: Open) -> None:
    replay, create = recording("test_create_api_key_with_invalid_name"), api_gateway.create_api_key
    replay.check("create-api-key-empty-name", create, name="")
    replay.check("create-api-key-no-name", create)
    replay.check("create-api-key-name-too-long", create, name="n" * 1025)
    replay.finish()


def test_values_of_keys(api_gateway: Client, recording: Open) -> None:
    replay, create = recording("test_create_api_key_with_invalid_value"), api_gateway.create_api_key
    replay.check("create-api-key-empty-value", create, value="")
    replay.check("create-api-key-short-value", create, value="v" * 19)
    replay.check("create-api-key-invalid-value-too-long", create, value="v" * 129)
    replay.finish()


def test_descriptions_of_keys(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_update_api_key_invalid_description_length")
    too_long = "d" * 125_001
    replay.check("create-api-key-description-too-long", api_gateway.create_api_key, description=too_long)
    key = api_gateway.create_api_key()["id"]
    operations = [replace("/description", too_long)]
    replay.check(
        "update-api-key-description-too-long", api_gateway.update_api_key, apiKey=key, patchOperations=operations
    )
    replay.finish()


def test_a_burst_above_the_rate(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_create_usage_plan_with_throttle")
    throttle = {"burstLimit": 20, "rateLimit": 10.0}
    replay.check("create-usage-plan-burst-gt-rate", api_gateway.create_usage_plan, name="a", throttle=throttle)
    replay.finish()


def test_lists_of_keys(api_gateway: Client, recording: Open) -> None:
    replay, listed = recording("test_get_api_keys"), api_gateway.get_api_keys
    replay.check("get-api-keys", listed)
    replay.check("create-api-key", api_gateway.create_api_key, name="test-key-first")
    replay.check("get-api-keys-after-create-1", listed)
    replay.check("create-api-key-2", api_gateway.create_api_key, name="test-key-second")
    replay.check("get-api-keys-after-create-2", listed)
    for name, query in (
        ("name-query", "test-key-second"),
        ("prefix-name-query", "test-key-f"),
        ("prefix-name-query-2", "test-key"),
        ("prefix-name-query-cased", "TEST-KEY"),
        ("postfix-name-query", "second"),
        ("infix-name-query", "key"),
        ("wrong-name-query", "nosuch"),
    ):
        replay.check(f"get-api-keys-{name}", listed, nameQuery=query)
    page = replay.check("get-apis-keys-pagination", listed, limit=1)
    replay.check("get-apis-keys-pagination-2", listed, limit=1, position=page["position"])
    replay.finish()
