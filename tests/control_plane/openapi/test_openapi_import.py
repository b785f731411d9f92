"""What an import makes of a definition, what it refuses, and what it tells."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError, BadRequestException, LimitExceededException, NotImplementedException
from apps.rest_apis.models import ApiModel, Method, Resource, RestApi
from tests.builders import call
from tests.control_plane.openapi.definitions import (
    an_operation,
    body,
    golden,
    large,
    mock_integration,
    openapi3,
    swagger2,
)

KEY = {"type": "apiKey", "name": "x-api-key", "in": "header"}


def imported(caller: Caller, document: dict[str, Any], **request: Any) -> str:
    api: str = call(caller, "ImportRestApi", body=body(document), **request)["id"]
    return api


def the_method(http_method: str = "GET") -> Method:
    return Method.objects.get(http_method=http_method)


def with_integration(**members: Any) -> dict[str, Any]:
    operation = an_operation()
    operation["x-amazon-apigateway-integration"] = mock_integration(**members)
    return openapi3({"/pets": {"get": operation}})


# Keys ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("root", "own", "required"),
    [
        (None, [{"key": []}], True),
        ([{"key": []}], None, True),
        ([{"key": []}], [], False),
        ([{"key": []}], [{}], False),
        (None, [{}, {"key": []}], True),
        (None, None, False),
    ],
)
def test_a_requirement_of_x_api_key_makes_a_method_need_a_key(
    caller: Caller, root: list[Any] | None, own: list[Any] | None, required: bool
) -> None:
    paths = {"/pets": {"get": an_operation(security=own)}}

    imported(caller, openapi3(paths, security=root, components={"securitySchemes": {"key": KEY}}))

    assert the_method().api_key_required is required


def test_a_key_in_another_header_is_told_and_opens_nothing_silently(caller: Caller) -> None:
    paths = {"/pets": {"get": an_operation(security=[{"key": []}])}}
    document = swagger2(paths, securityDefinitions={"key": {**KEY, "name": "X-Other"}})

    answer = call(caller, "ImportRestApi", body=body(document))

    line = body(document).decode().splitlines().index('    "key": {') + 1
    assert answer["warnings"] == [
        "Security scheme 'key' is neither an API key in x-api-key nor an authorizer. Ignoring. "
        f"(#/securityDefinitions/key, line {line})"
    ]


def test_iam_is_kept_as_the_authorization_type(caller: Caller) -> None:
    sigv4 = {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"}
    paths = {"/pets": {"get": an_operation(security=[{"sigv4": []}])}}

    imported(caller, openapi3(paths, components={"securitySchemes": {"sigv4": sigv4}}))

    assert the_method().authorization_type == "AWS_IAM"


# What is not built --------------------------------------------------------------------------------------------------

UNBUILT = {
    "x-amazon-apigateway-auth of type 'CUSTOM'": (
        openapi3({"/": {"get": an_operation(**{"x-amazon-apigateway-auth": {"type": "custom"}})}}),
        "#/paths/~1/get/x-amazon-apigateway-auth",
    ),
}


@pytest.mark.parametrize("name", UNBUILT)
def test_what_is_not_built_is_refused_by_name_and_place(caller: Caller, name: str) -> None:
    document, pointer = UNBUILT[name]

    with pytest.raises(NotImplementedException) as refusal:
        imported(caller, document)

    assert refusal.value.message.startswith(
        f"{name} is not implemented by this version of Gatehouse. ({pointer}, line "
    )
    assert not RestApi.objects.exists()


# Errors -------------------------------------------------------------------------------------------------------------

HTTP = {"type": "http_proxy", "httpMethod": "GET", "uri": "http://example.com/"}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no version": ({"info": {"title": "x"}, "paths": {}}, "neither 'swagger' nor 'openapi'"),
    "OpenAPI 3.1": (openapi3(openapi="3.1.0"), "OpenAPI 3.1.0 is not supported"),
    "OpenAPI 4": (openapi3(openapi=4), "OpenAPI 4 is not supported"),
    "Swagger 1.2": (swagger2(swagger="1.2"), "Swagger 1.2 is not supported"),
    "no title": (openapi3(info={"version": "1"}), "no info.title"),
    "a version that is too long": (openapi3(info={"title": "x", "version": "1" * 65}), "at most 64 characters"),
    "an integration that is text": (
        openapi3({"/a": {"get": an_operation(**{"x-amazon-apigateway-integration": "mock"})}}),
        "Unable to parse API definition because of a malformed integration at path /a: it is not an object "
        "(#/paths/~1a/get/x-amazon-apigateway-integration, line 15)",
    ),
    "an integration without a type": (with_integration(type=None), "malformed integration at path /pets: type is missing"),
    "an unknown type": (with_integration(type="ftp"), "Invalid type value 'ftp'"),
    "an unknown passthrough behavior": (with_integration(passthroughBehavior="maybe"), "Invalid passthroughBehavior value"),
    "a template that is an object": (
        with_integration(requestTemplates={"application/json": {"statusCode": 200}}),
        "Invalid requestTemplates value for 'application/json', it is not a string",
    ),
    "an integration response without a status": (with_integration(responses={"default": {}}), "Invalid statusCode value"),
    "a timeout beyond AWS's": (with_integration(timeoutInMillis=60_000), "Timeout should be between 50 ms and 29000 ms"),
    "a URI that is none": (
        with_integration(**{**HTTP, "uri": "example.com"}),
        "Errors found during import:\n\tUnable to put integration on 'GET' for resource at path '/pets': "
        "Invalid HTTP endpoint specified for URI",
    ),
    "HTTP without a method": (
        with_integration(**{**HTTP, "httpMethod": None}),
        "Enumeration value for HttpMethod must be non-empty",
    ),
    "a mapping from an unknown parameter": (
        with_integration(**HTTP, requestParameters={"integration.request.path.id": "method.request.path.id"}),
        "Invalid mapping expression parameter specified: method.request.path.id",
    ),
    "an integration response for no method response": (
        with_integration(responses={"default": {"statusCode": "201"}}),
        "Unable to put integration response on 'GET' for resource at path '/pets': "
        "Output mapping refers to an invalid method response: 201",
    ),
    "a part of a part that is a variable": (openapi3({"/a{id}": {}}), "Resource's path part only allow"),
    "an empty part": (openapi3({"/a//b": {}}), "Resource's path part only allow"),
    "two variables beside each other": (
        openapi3({"/pets/{id}": {}, "/pets/{name}/toys": {}}),
        "A sibling ({id}) of this resource already has a variable path part -- only one is allowed (#/paths/~1pets~1{name}~1toys",
    ),
    "something below a greedy variable": (
        openapi3({"/{proxy+}/more": {}}),
        "Cannot create a child of a resource with a greedy path variable: {proxy+}",
    ),
    "one method twice": (
        openapi3({"/pets": {"get": an_operation()}, "/pets/": {"get": an_operation()}}),
        "Unable to put method 'GET' on resource at path '/pets': it is defined twice",
    ),
    "a model name with a dash": (
        swagger2(definitions={"a-b": {"type": "object"}}),
        "Unable to create model 'a-b': Model name must be alphanumeric: a-b (#/definitions/a-b, line",
    ),
    "too many models": (swagger2(definitions={f"M{n}": {} for n in range(251)}), "more than 250 models"),
    "an API key source that is none": (openapi3(**{"x-amazon-apigateway-api-key-source": "COOKIE"}), "Invalid x-amazon-apigateway-api-key-source"),
    "a compression size beyond AWS's": (
        openapi3(**{"x-amazon-apigateway-minimum-compression-size": 99_999_999}),
        "Invalid minimum compression size",
    ),
    "VPC endpoints of an API that is not private": (
        swagger2(**{"x-amazon-apigateway-endpoint-configuration": {"vpcEndpointIds": ["vpce-1"]}}),
        "VPCEndpoints can only be specified with PRIVATE apis.",
    ),
    "an address type that is none": (
        swagger2(**{"x-amazon-apigateway-endpoint-configuration": {"ipAddressType": "ipv9"}}),
        "Value 'ipv9' at 'createRestApiInput.endpointConfiguration.ipAddressType'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_definition_that_cannot_be_is_refused_and_leaves_no_row(caller: Caller, name: str) -> None:
    document, words = REFUSED[name]

    with pytest.raises(AwsError) as refusal:
        imported(caller, document)

    assert refusal.value.status == 400
    assert words in refusal.value.message
    assert not RestApi.objects.exists()
    assert not Resource.objects.exists()


def test_more_resources_than_an_api_may_have_are_refused_and_leave_no_row(caller: Caller) -> None:
    with pytest.raises(LimitExceededException, match="Maximum number of Resources for this API has been reached"):
        imported(caller, openapi3({f"/r{n}": {} for n in range(300)}))

    assert not RestApi.objects.exists()


def test_every_error_is_told_at_once(caller: Caller) -> None:
    bad = an_operation(**{"x-amazon-apigateway-integration": {"type": "x"}})

    with pytest.raises(BadRequestException) as refusal:
        imported(caller, openapi3({"/a": {"get": bad}, "/b": {"get": bad}}))

    assert [line[:30] for line in refusal.value.message.split("\n\t")] == [
        "Errors found during import:",
        "Unable to parse API definition",
        "Unable to parse API definition",
    ]


@pytest.mark.parametrize("parameters", [{"basepath": "append"}, {"endpointConfigurationTypes": "MOON"}])
def test_a_parameter_without_a_meaning_is_refused(caller: Caller, parameters: dict[str, str]) -> None:
    with pytest.raises(AwsError) as refusal:
        imported(caller, openapi3(), parameters=parameters)

    assert refusal.value.status == 400


# Warnings -----------------------------------------------------------------------------------------------------------


WARNED = {
    "an unknown model": (
        an_operation(requestBody={"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Nope"}}}}),
        "Reference to model 'Nope' not found. Ignoring.",
    ),
    "a reference to another file": (
        an_operation(responses={"200": {"description": "ok"}, "400": {"$ref": "other.yaml#/x"}}),
        "Reference to 'other.yaml#/x' not found. Ignoring.",
    ),
    "responses that are a list": (
        an_operation(parameters="none"),
        "Parse issue: attribute paths.'/pets'(get).parameters is not of type `array`",
    ),
    "an unknown extension": (
        an_operation(**{"x-amazon-apigateway-magic": True}),
        "Unknown extension 'x-amazon-apigateway-magic'. Ignoring.",
    ),
    "an unknown member of an integration": (
        an_operation(**{"x-amazon-apigateway-integration": mock_integration(colour="red")}),
        "Unknown member 'colour' of an integration. Ignoring.",
    ),
}


@pytest.mark.parametrize("name", WARNED)
def test_a_warning_is_told_and_kept(caller: Caller, name: str) -> None:
    operation, words = WARNED[name]

    answer = call(caller, "ImportRestApi", body=body(openapi3({"/pets": {"get": operation}})))

    assert [warning[: len(words)] for warning in answer["warnings"]] == [words]
    assert call(caller, "GetRestApi", restApiId=answer["id"])["warnings"] == answer["warnings"]


@pytest.mark.parametrize("name", WARNED)
def test_a_warning_refuses_the_definition_when_asked_to(caller: Caller, name: str) -> None:
    operation, words = WARNED[name]

    with pytest.raises(BadRequestException) as refusal:
        imported(caller, openapi3({"/pets": {"get": operation}}), failOnWarnings=True)

    assert refusal.value.message.startswith(f"Warnings found during import:\n\t{words}")
    assert not RestApi.objects.exists()


def test_a_definition_without_warnings_has_none(caller: Caller) -> None:
    answer = call(caller, "ImportRestApi", body=body(openapi3()), failOnWarnings=True)

    assert "warnings" not in answer


def test_references_in_a_circle_end(caller: Caller) -> None:
    circle = {"a": {"$ref": "#/components/responses/b"}, "b": {"$ref": "#/components/responses/a"}}
    operation = an_operation(responses={"200": {"description": "ok"}, "400": {"$ref": "#/components/responses/a"}})

    answer = call(
        caller, "ImportRestApi", body=body(openapi3({"/": {"get": operation}}, components={"responses": circle}))
    )

    assert "leads in a circle" in answer["warnings"][0]


# Content ------------------------------------------------------------------------------------------------------------


def test_equal_inline_schemas_are_one_model_with_a_made_up_name(caller: Caller) -> None:
    content = {"application/json": {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}
    operation = an_operation(
        requestBody={"content": content}, responses={"200": {"description": "ok", "content": content}}
    )

    imported(caller, openapi3({"/pets": {"post": operation}}))

    model = ApiModel.objects.get()
    assert model.name.startswith("MODEL")
    assert the_method("POST").request_models == {"application/json": model.name}


def test_swagger_2_spreads_models_over_what_it_consumes_and_produces(caller: Caller) -> None:
    operation = an_operation(
        produces=["application/json", "text/xml"],
        parameters=[{"in": "body", "name": "b", "schema": {"$ref": "#/definitions/Pet"}}],
        responses={"200": {"description": "ok", "schema": {"$ref": "#/definitions/Pet"}}},
    )

    imported(
        caller, swagger2({"/pets": {"post": operation}}, consumes=["a/b"], definitions={"Pet": {"type": "object"}})
    )

    method = the_method("POST")
    assert method.request_models == {"a/b": "Pet"}
    assert method.responses.get().response_models == {"application/json": "Pet", "text/xml": "Pet"}


def documentation(caller: Caller) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """Place and properties of every documentation part."""
    items = call(caller, "GetDocumentationParts", restApiId=RestApi.objects.get().id, limit=500)["items"]
    return [(item["location"], json.loads(item["properties"])) for item in items]


def test_what_people_wrote_becomes_documentation_parts(caller: Caller) -> None:
    call(caller, "ImportRestApi", body=golden("api-key-and-cors.yaml"))

    at = {"path": "/things/{thingId}", "method": "GET"}
    assert documentation(caller)[:3] == [
        (
            {"type": "METHOD", **at},
            {"summary": "One thing", "description": "As it is now.", "tags": ["things"], "deprecated": True},
        ),
        ({"type": "PATH_PARAMETER", **at, "name": "thingId"}, {"description": "Which thing"}),
        ({"type": "QUERY_PARAMETER", **at, "name": "verbose"}, {"description": "More"}),
    ]
    assert the_method().documentation == {
        "parameters": {
            "method.request.path.thingId": {"schema": {"type": "integer"}},
            "method.request.querystring.verbose": {"schema": {"type": "boolean", "default": False}, "example": True},
            "method.request.querystring.theme": {"schema": {"$ref": "#/components/schemas/Theme"}},
        }
    }
    assert RestApi.objects.get().openapi_info["info"]["contact"]["name"] == "The team"


def test_documentation_is_left_out_when_asked_to(caller: Caller) -> None:
    call(caller, "ImportRestApi", body=golden("api-key-and-cors.yaml"), parameters={"ignore": "documentation"})

    assert the_method().documentation == {}
    assert documentation(caller) == []
    assert RestApi.objects.get().openapi_info == {}


def test_the_endpoint_type_is_a_parameter_and_endpoint_members_stand_with_a_server(caller: Caller) -> None:
    parameters = {"endpointConfigurationTypes": "REGIONAL"}

    answer = call(caller, "ImportRestApi", body=golden("api-key-and-cors.yaml"), parameters=parameters)

    assert answer["endpointConfiguration"] == {"types": ["REGIONAL"], "ipAddressType": "ipv4"}
    assert answer["disableExecuteApiEndpoint"] is True
    assert answer["minimumCompressionSize"] == 1024


@pytest.mark.parametrize(("mode", "prefix"), [("ignore", ""), ("prepend", "/v1/shop"), ("split", "/shop")])
def test_a_server_variable_is_the_base_path_of_openapi_3(caller: Caller, mode: str, prefix: str) -> None:
    call(caller, "ImportRestApi", body=golden("api-key-and-cors.yaml"), parameters={"basepath": mode})

    assert the_method().resource.path == f"{prefix}/things/{{thingId}}"


def test_the_path_of_a_server_is_the_base_path_without_a_variable(caller: Caller) -> None:
    document = openapi3(servers=[{"url": "https://example.com/a/b/c"}, {"url": "/other"}])

    imported(caller, document, parameters={"basepath": "split"})

    assert the_method().resource.path == "/b/c/pets"


def test_a_policy_is_kept(caller: Caller) -> None:
    policy = {"Version": "2012-10-17", "Statement": []}

    answer = call(caller, "ImportRestApi", body=body(openapi3(**{"x-amazon-apigateway-policy": policy})))

    assert json.loads(answer["policy"]) == policy


def test_awss_variables_are_the_callers(caller: Caller) -> None:
    function = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:f"
    uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/%s/invocations"
    operation = an_operation()
    operation["x-amazon-apigateway-integration"] = {"type": "aws_proxy", "httpMethod": "POST", "uri": uri % function}

    imported(caller, openapi3({"/": {"get": operation}}))

    assert the_method().integration.uri == (
        "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
        "arn:aws:lambda:us-east-1:123456789012:function:f/invocations"
    )


# Size ---------------------------------------------------------------------------------------------------------------


def queries_of_import(caller: Caller, document: dict[str, Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        imported(caller, document)
    return len(queries)


def test_the_statements_of_an_import_do_not_grow_with_its_operations(caller: Caller) -> None:
    few = queries_of_import(caller, large(paths=4))

    many = queries_of_import(caller, large(paths=140))

    rows = 280 + 420 + 840 + 420 + 420 + 140
    # The database takes a thousand parameters a statement, so a bulk of rows is a few statements.
    assert many <= few + rows / 40
    assert many < 120
