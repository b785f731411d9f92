"""REST APIs: what they are made of, copied from, patched to, and what goes with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import Tag
from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    BadRequestException,
    ConflictException,
    LimitExceededException,
    NotFoundException,
    NotImplementedException,
)
from apps.core import documents
from apps.deployments.models import ConfigurationSection
from apps.rest_apis.models import Method, Resource, RestApi
from tests.builders import a_plan, a_resource, a_rest_api, a_stage, call, http, mock

PATHS = {"/": {"ANY": mock()}, "/pets/{petId}": {"GET": http("http://127.0.0.1:1/pets/{petId}", api_key_required=True)}}


def update(caller: Caller, api: str, op: str, path: str, value: str = "") -> dict[str, Any]:
    return call(caller, "UpdateRestApi", restApiId=api, patchOperations=[{"op": op, "path": path, "value": value}])


def published(name: str) -> documents.AnyDocument | None:
    document = ConfigurationSection.objects.get(name=name).document
    return None if document is None else documents.decode(document.body)


def resources(caller: Caller, api: str) -> list[dict[str, Any]]:
    items = call(caller, "GetResources", restApiId=api, embed=["methods"], limit=500)["items"]
    assert isinstance(items, list)
    return items


def test_a_new_api_has_a_root_and_the_two_default_models(caller: Caller) -> None:
    api = call(caller, "CreateRestApi", name="petstore")

    assert [item["id"] for item in resources(caller, api["id"])] == [api["rootResourceId"]]
    assert [item["name"] for item in call(caller, "GetModels", restApiId=api["id"])["items"]] == ["Empty", "Error"]


def test_a_clone_has_all_that_its_source_has_under_ids_of_its_own(caller: Caller) -> None:
    source = a_rest_api(caller, PATHS, description="the first", binaryMediaTypes=["image/png"])

    clone = call(caller, "CreateRestApi", name="copy", cloneFrom=source)

    assert (clone["description"], clone["binaryMediaTypes"]) == ("the first", ["image/png"])
    ours, theirs = resources(caller, source), resources(caller, clone["id"])
    assert [item["path"] for item in ours] == [item["path"] for item in theirs]
    assert not {item["id"] for item in ours} & {item["id"] for item in theirs}
    [method] = [item["resourceMethods"]["GET"] for item in theirs if item["path"] == "/pets/{petId}"]
    assert method["apiKeyRequired"] is True
    assert method["methodIntegration"]["cacheNamespace"] == theirs[-1]["id"]
    call(caller, "DeleteRestApi", restApiId=source)
    assert len(resources(caller, clone["id"])) == len(theirs)


def test_every_change_of_what_a_deployment_freezes_counts(caller: Caller) -> None:
    api = a_rest_api(caller)
    at = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets"), "httpMethod": "GET"}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("UpdateRestApi", {"restApiId": api, "patchOperations": []}),
        ("PutMethodResponse", {**at, "statusCode": "404"}),
        ("DeleteMethodResponse", {**at, "statusCode": "404"}),
        (
            "UpdateIntegration",
            {**at, "patchOperations": [{"op": "replace", "path": "/timeoutInMillis", "value": "50"}]},
        ),
        ("DeleteIntegrationResponse", {**at, "statusCode": "200"}),
        ("DeleteIntegration", at),
        ("DeleteMethod", at),
        ("DeleteResource", {"restApiId": api, "resourceId": at["resourceId"]}),
    ]

    for operation, request in steps:
        before = RestApi.objects.get(id=api).draft_revision
        call(caller, operation, **request)
        assert RestApi.objects.get(id=api).draft_revision == before + 1, operation


def test_disabling_the_default_endpoint_acts_on_stages_at_once(caller: Caller) -> None:
    api = a_rest_api(caller)
    stage = a_stage(caller, api)

    shape = update(caller, api, "replace", "/disableExecuteApiEndpoint", "true")

    document = published(documents.stage_section(api, stage))
    assert shape["disableExecuteApiEndpoint"] is True
    assert isinstance(document, documents.StageDocument)
    assert document.disable_execute_api_endpoint is True


def test_an_api_that_turns_private_is_so_at_once(caller: Caller) -> None:
    policy = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}}'
    api = a_rest_api(caller, {"/pets": {"GET": mock()}}, endpointConfiguration={"types": ["REGIONAL"]}, policy=policy)
    a_stage(caller, api)

    update(caller, api, "replace", "/endpointConfiguration/types/REGIONAL", "PRIVATE")

    document = published(f"stage/{api}/prod")
    assert isinstance(document, documents.StageDocument)
    assert document.private


@pytest.mark.parametrize("policy", ["{", '{"Statement": [{"Effect": "Allow"}]}', '{"Statement": []}' + " " * 8_192])
def test_a_resource_policy_has_to_be_one(caller: Caller, policy: str) -> None:
    api = a_rest_api(caller)

    with pytest.raises(BadRequestException, match="Invalid policy document"):
        update(caller, api, "replace", "/policy", policy)


def test_a_deleted_api_is_retracted_and_forgotten(caller: Caller) -> None:
    api = a_rest_api(caller, tags={"team": "pets"})
    stage = a_stage(caller, api)
    plan = a_plan(caller, (api, stage))

    call(caller, "DeleteRestApi", restApiId=api)

    assert published(documents.stage_section(api, stage)) is None
    document = published(documents.plan_section(caller.account_id, caller.region, plan))
    assert isinstance(document, documents.PlanDocument)
    assert document.stages == ()
    assert not Tag.objects.exists()
    with pytest.raises(NotFoundException, match=f"Invalid API identifier specified {caller.account_id}:{api}"):
        call(caller, "GetRestApi", restApiId=api)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("/nosuch", "x", "Invalid patch path /nosuch"),
        ("/binaryMediaTypes", "x", "Invalid patch path /binaryMediaTypes"),
        ("/minimumCompressionSize", "-1", "Invalid minimum compression size, must be between 0 to 10485760"),
        ("/minimumCompressionSize", "many", "Invalid minimum compression size, must be between 0 to 10485760"),
    ],
)
def test_wrong_patches_are_refused_in_awss_words(caller: Caller, path: str, value: str, message: str) -> None:
    with pytest.raises(BadRequestException) as refused:
        update(caller, a_rest_api(caller, {}), "replace", path, value)

    assert refused.value.message == message


def test_a_dash_is_a_media_type_like_any_other(caller: Caller) -> None:
    assert update(caller, a_rest_api(caller, {}), "add", "/binaryMediaTypes/-", "image/png")["binaryMediaTypes"] == [
        "-"
    ]


def test_an_endpoint_becomes_regional(caller: Caller) -> None:
    shape = update(caller, a_rest_api(caller, {}), "replace", "/endpointConfiguration/types/EDGE", "REGIONAL")

    assert shape["endpointConfiguration"] == {"types": ["REGIONAL"], "ipAddressType": "ipv4"}


def test_moving_a_resource_moves_everything_below_it_and_nothing_beside_it(caller: Caller) -> None:
    api = a_rest_api(caller, {})
    pets = a_resource(caller, api, "/pets")
    for path in ("/pets/{id}/toys", "/petshop/open", "/shop"):
        a_resource(caller, api, path)
    patches = [
        {"op": "replace", "path": "/pathPart", "value": "animals"},
        {"op": "replace", "path": "/parentId", "value": a_resource(caller, api, "/shop")},
    ]

    call(caller, "UpdateResource", restApiId=api, resourceId=pets, patchOperations=patches)

    assert [item["path"] for item in resources(caller, api)] == [
        "/",
        "/petshop",
        "/petshop/open",
        "/shop",
        "/shop/animals",
        "/shop/animals/{id}",
        "/shop/animals/{id}/toys",
    ]


@pytest.mark.parametrize("part", ["", "a b", "{", "{}", "pets+", "{a}b", "a/b", "é"])
def test_a_path_part_that_is_none_is_refused(caller: Caller, part: str) -> None:
    api = call(caller, "CreateRestApi", name="petstore")

    with pytest.raises(BadRequestException, match="Resource's path part only allow"):
        call(caller, "CreateResource", restApiId=api["id"], parentId=api["rootResourceId"], pathPart=part)


def test_the_three_hundredth_resource_is_the_last(caller: Caller) -> None:
    api = call(caller, "CreateRestApi", name="petstore")
    root = Resource.objects.get(rest_api_id=api["id"])
    Resource.objects.bulk_create(
        Resource(rest_api_id=api["id"], parent=root, path_part=f"p{number}", path=f"/p{number}")
        for number in range(299)
    )

    with pytest.raises(LimitExceededException, match="Maximum number of Resources"):
        call(caller, "CreateResource", restApiId=api["id"], parentId=api["rootResourceId"], pathPart="more")


def test_resources_come_in_pages_sorted_by_path(caller: Caller) -> None:
    api = a_rest_api(caller, {})
    for number in range(7):
        a_resource(caller, api, f"/p{number}")
    seen: list[str] = []
    request: dict[str, Any] = {"restApiId": api, "limit": 3}

    while True:
        page = call(caller, "GetResources", **request)
        seen += [item["path"] for item in page["items"]]
        if "position" not in page:
            break
        request["position"] = page["position"]

    assert seen == ["/", *(f"/p{number}" for number in range(7))]


def test_a_large_api_is_shown_in_few_queries(caller: Caller, django_assert_max_num_queries: Callable[..., Any]) -> None:
    api = a_rest_api(caller, {f"/p{number}": {"GET": mock(), "POST": mock()} for number in range(12)})

    with django_assert_max_num_queries(8):
        assert len(resources(caller, api)) == 13


def test_a_method_exists_once(caller: Caller) -> None:
    api = a_rest_api(caller)
    at = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets"), "httpMethod": "GET"}

    with pytest.raises(ConflictException, match="Method already exists for this resource"):
        call(caller, "PutMethod", **at, authorizationType="NONE")
    with pytest.raises(ConflictException, match="Response already exists for this resource"):
        call(caller, "PutMethodResponse", **at, statusCode="200")


STREAMING = {
    "type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://a.example", "responseTransferMode": "STREAM"
}  # fmt: skip


def test_an_integration_that_streams_may_take_fifteen_minutes(caller: Caller) -> None:
    api = a_rest_api(caller)
    at = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets"), "httpMethod": "GET"}

    put = call(caller, "PutIntegration", **at, **STREAMING, timeoutInMillis=900_000)
    buffered = [{"op": "replace", "path": "/responseTransferMode", "value": "BUFFERED"}]
    with pytest.raises(BadRequestException, match="between 50 ms and 29000 ms"):
        call(caller, "UpdateIntegration", **at, patchOperations=buffered)

    assert (put["timeoutInMillis"], put["responseTransferMode"]) == (900_000, "STREAM")


@pytest.mark.parametrize(
    ("uri", "role"),
    [
        ("lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations", None),
        ("${stageVariables.service}:path/1/pets", None),
        ("sqs:path/1/pets", "arn:aws:iam::123456789012:role/pets"),
        ("sqs:path/1/pets", "arn:aws:iam::*:user/*"),
    ],
)
def test_services_but_functions_are_called_in_a_role(caller: Caller, uri: str, role: str | None) -> None:
    api = a_rest_api(caller)
    at = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets"), "httpMethod": "GET"}
    members = {"type": "AWS", "integrationHttpMethod": "POST", "uri": f"arn:aws:apigateway:us-east-1:{uri}"}

    made = call(caller, "PutIntegration", **at, **members, **({"credentials": role} if role else {}))

    assert made.get("credentials") == role


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"type": "HTTP", "uri": "http://a.example"}, "Enumeration value for HttpMethod must be non-empty"),
        ({"type": "HTTP", "integrationHttpMethod": "GET"}, "Invalid HTTP endpoint specified for URI"),
        (
            {"type": "AWS", "integrationHttpMethod": "POST", "uri": "http://a.example"},
            "Invalid ARN specified in the request",
        ),
        (
            {"type": "AWS", "integrationHttpMethod": "POST", "uri": "arn:aws:lambda:us-east-1:123456789012:function:f"},
            "AWS ARN for integration must contain path or action",
        ),
        (
            {"type": "AWS", "integrationHttpMethod": "POST", "uri": "arn:aws:apigateway:us-east-1:sqs:path/1/pets"},
            "Role ARN must be specified for AWS integrations",
        ),
        (
            {"type": "AWS", "integrationHttpMethod": "POST", "uri": "arn:aws:apigateway:us-east-1:sns:action/Publish"},
            "Role ARN must be specified for AWS integrations",
        ),
        (
            {
                "type": "AWS_PROXY",
                "integrationHttpMethod": "POST",
                "uri": "arn:aws:apigateway:us-east-1:sqs:path/1/pets",
            },
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
        ),
        ({"type": "MOCK", "credentials": "NONE"}, "Invalid ARN specified in the request"),
        ({"type": "MOCK", "timeoutInMillis": 49}, "Timeout should be between 50 ms and 29000 ms"),
        ({"type": "MOCK", "timeoutInMillis": 29_001}, "Timeout should be between 50 ms and 29000 ms"),
        (
            {**STREAMING, "timeoutInMillis": 900_001},
            "Timeout should be between 50 ms and 29000 ms",
        ),
        ({"type": "MOCK", "responseTransferMode": "STREAM"}, "STREAM is supported for HTTP_PROXY and AWS_PROXY"),
        (
            {"type": "MOCK", "requestParameters": {"integration.request.header.a": "method.request.header.b"}},
            "Invalid mapping expression parameter specified: method.request.header.b",
        ),
        (
            {"type": "MOCK", "requestParameters": {"integration.header.a": "'b'"}},
            "Invalid mapping expression parameter specified: integration.header.a",
        ),
    ],
)
def test_an_integration_that_cannot_work_is_refused(caller: Caller, members: dict[str, Any], message: str) -> None:
    api = a_rest_api(caller)
    at = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets"), "httpMethod": "GET"}

    with pytest.raises(BadRequestException) as refused:
        call(caller, "PutIntegration", **at, **members)

    assert message in refused.value.message
    assert Method.objects.get(resource__rest_api=api).integration.type == "MOCK"


def test_a_proxy_of_firehose_is_refused_by_name_when_it_is_put(caller: Caller) -> None:
    api = a_rest_api(caller)
    at = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets"), "httpMethod": "GET"}
    firehose = "arn:aws:apigateway:us-east-1:firehose:action/PutRecord"

    with pytest.raises(NotImplementedException, match="AWS_PROXY integrations of firehose"):
        call(caller, "PutIntegration", **at, type="AWS_PROXY", integrationHttpMethod="POST", uri=firehose)
    role = "arn:aws:iam::123456789012:role/any"
    call(caller, "PutIntegration", **at, type="AWS", integrationHttpMethod="POST", uri=firehose, credentials=role)


def test_an_integration_response_needs_the_method_response_that_it_becomes(caller: Caller) -> None:
    api = a_rest_api(caller)
    at = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets"), "httpMethod": "GET"}

    with pytest.raises(BadRequestException, match="Output mapping refers to an invalid method response: 404"):
        call(caller, "PutIntegrationResponse", **at, statusCode="404")
    mapping = {"method.response.header.a": "'b'"}
    with pytest.raises(BadRequestException, match=r"method\.response\.header\.a"):
        call(caller, "PutIntegrationResponse", **at, statusCode="200", responseParameters=mapping)


def test_tags_are_given_read_and_taken_by_arn(caller: Caller) -> None:
    api = a_rest_api(caller, {})
    arn = caller.arn(f"/restapis/{api}")

    call(caller, "TagResource", resourceArn=arn, tags={"b": "2", "a": "1"})
    assert call(caller, "GetTags", resourceArn=arn) == {"tags": {"a": "1", "b": "2"}}
    first = call(caller, "GetTags", resourceArn=arn, limit=1)
    rest = call(caller, "GetTags", resourceArn=arn, limit=1, position=first["position"])
    assert (first["tags"], rest) == ({"a": "1"}, {"tags": {"b": "2"}})

    call(caller, "UntagResource", resourceArn=arn, tagKeys=["a", "c"])
    assert call(caller, "GetRestApi", restApiId=api)["tags"] == {"b": "2"}


def test_flattened_models_hold_the_models_they_refer_to(caller: Caller) -> None:
    api = a_rest_api(caller, {})
    reference = f"https://apigateway.amazonaws.com/restapis/{api}/models/Pet"
    schemas = {
        "Pet": '{"type": "object", "title": "Pet"}',
        "Pets": f'{{"type": "array", "items": {{"$ref": "{reference}"}}}}',
    }
    for name, schema in schemas.items():
        call(caller, "CreateModel", restApiId=api, name=name, contentType="application/json", schema=schema)

    flat = call(caller, "GetModel", restApiId=api, modelName="Pets", flatten=True)["schema"]

    assert flat == (
        '{"type": "array", "items": {"$ref": "#/definitions/Pet"}, '
        '"definitions": {"Pet": {"type": "object", "title": "Pet"}}}'
    )


def test_a_template_without_text_is_null_and_an_empty_map_of_templates_is_shown(
    aws: Callable[..., Any], caller: Caller
) -> None:
    api = a_rest_api(caller)
    at = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets"), "httpMethod": "GET"}
    client = aws()

    client.put_integration(**at, type="MOCK", requestTemplates={"application/json": ""})
    client.put_integration_response(**at, statusCode="200", responseTemplates={})
    shown = client.get_method(**at)["methodIntegration"]
    assert shown["requestTemplates"] == {"application/json": None}
    assert shown["integrationResponses"] == {"200": {"statusCode": "200", "responseTemplates": {}}}

    client.put_integration(**at, type="MOCK")
    call(caller, "PutIntegrationResponse", **at, statusCode="200", responseTemplates={"text/plain": None})
    shown = client.get_method(**at)["methodIntegration"]
    assert "requestTemplates" not in shown
    assert shown["integrationResponses"]["200"]["responseTemplates"] == {"text/plain": None}
