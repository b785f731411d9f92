"""Constraints of the models, in the words recorded from AWS."""

from __future__ import annotations

from typing import Any

import pytest

from apps.control_plane.errors import AwsError, BadRequestException
from apps.control_plane.wire.errors import ValidationException
from apps.control_plane.wire.service_models import operation_model
from apps.control_plane.wire.validation import check, validate


def refusal(name: str, request: dict[str, Any], service: str = "apigateway") -> AwsError:
    with pytest.raises(AwsError) as refused:
        check(operation_model(service, name), request)
    return refused.value


def patch(*operations: str) -> list[dict[str, str]]:
    return [{"op": op, "path": "/name", "value": "a"} for op in operations]


OPS = "Member must satisfy enum value set: [add, remove, move, test, replace, copy]"

RECORDED = [
    (
        "PutIntegration",
        {"restApiId": "a", "resourceId": "b", "httpMethod": "GET", "type": "HTTPS_PROXY"},
        "1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: "
        "Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]",
    ),
    (
        "UpdateRestApi",
        {"restApiId": "a", "patchOperations": patch("wrong", "wrong")},
        "2 validation errors detected: Value 'wrong' at 'updateRestApiInput.patchOperations.1.member.op' failed to "
        f"satisfy constraint: {OPS}; Value 'wrong' at 'updateRestApiInput.patchOperations.2.member.op' failed to "
        f"satisfy constraint: {OPS}",
    ),
    (
        "UpdateMethodResponse",
        {
            "restApiId": "a", "resourceId": "b", "httpMethod": "GET", "statusCode": "200",
            "patchOperations": patch("wrong_op", "add", "wrong_op"),
        },
        "2 validation errors detected: Value 'wrong_op' at 'updateMethodResponseInput.patchOperations.1.member.op' "
        f"failed to satisfy constraint: {OPS}; Value 'wrong_op' at "
        f"'updateMethodResponseInput.patchOperations.3.member.op' failed to satisfy constraint: {OPS}",
    ),
    (
        "CreateRestApi",
        {"name": "a", "endpointConfiguration": {"types": ["wrong"]}},
        "1 validation error detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to "
        "satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, "
        "REGIONAL]]",
    ),
    (
        "GetIntegrationResponse",
        {"restApiId": "a", "resourceId": "b", "httpMethod": "GET", "statusCode": "wrong"},
        "1 validation error detected: Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: [1-5]\\d\\d",
    ),
    (
        "GetGatewayResponse",
        {"restApiId": "a", "responseType": "FAKE_RESPONSE_TYPE"},
        "1 validation error detected: Value 'FAKE_RESPONSE_TYPE' at 'responseType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, "
        "MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, BAD_REQUEST_PARAMETERS, "
        "AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT, ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, "
        "QUOTA_EXCEEDED, THROTTLED, API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, "
        "EXPIRED_TOKEN]",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "request_", "message"), RECORDED, ids=[each[0] for each in RECORDED])
def test_a_broken_constraint_is_worded_as_recorded(name: str, request_: dict[str, Any], message: str) -> None:
    error = refusal(name, request_)

    assert (error.code, error.status, error.message) == ("ValidationException", 400, message)


def test_a_missing_member_is_null() -> None:
    error = refusal("CreateRestApi", {})

    assert error.message == (
        "1 validation error detected: Value null at 'createRestApiInput.name' failed to satisfy constraint: "
        "Member must not be null"
    )


def test_v2_has_only_bad_request() -> None:
    error = refusal("GetApi", {}, "apigatewayv2")

    assert isinstance(error, BadRequestException)
    assert isinstance(refusal("GetRestApi", {}), ValidationException)


@pytest.mark.parametrize(
    ("name", "member", "value", "constraint"),
    [
        ("CreatePortalProduct", "DisplayName", "", "Member must have length greater than or equal to 1"),
        ("CreatePortalProduct", "DisplayName", "a" * 256, "Member must have length less than or equal to 255"),
        ("CreateApi", "CorsConfiguration", {"MaxAge": -2}, "Member must have value greater than or equal to -1"),
        ("CreateApi", "CorsConfiguration", {"MaxAge": 86_401}, "Member must have value less than or equal to 86400"),
        ("CreateApi", "DisableExecuteApiEndpoint", "yes", "Member must be of type boolean"),
        ("CreateApi", "DisableExecuteApiEndpoint", 1, "Member must be of type boolean"),
        ("CreateApi", "CorsConfiguration", {"MaxAge": 2**31}, "Member must be of type integer"),
        ("CreateApi", "Tags", {"a": 1}, "Map value must satisfy constraint: [Member must be of type string]"),
        ("CreateApi", "Nme", "a", "Member must be known"),
        ("CreateApi", "CorsConfiguration", {"MaxAge": 1, "Age": 1}, "Member must be known"),
    ],
)
def test_lengths_ranges_types_and_names_are_checked(name: str, member: str, value: Any, constraint: str) -> None:
    valid = {"CreateApi": {"Name": "pets", "ProtocolType": "HTTP"}, "CreatePortalProduct": {"DisplayName": "Pets"}}
    request = valid[name] | {member: value}

    problems = validate(operation_model("apigatewayv2", name).input_shape, request)

    assert len(problems) == 1
    assert problems[0].endswith(f"failed to satisfy constraint: {constraint}")


def test_a_hole_in_a_list_is_refused() -> None:
    shape = operation_model("apigateway", "UpdateRestApi").input_shape

    problems = validate(shape, {"restApiId": "a", "patchOperations": [None, *patch("add")]})

    assert len(problems) == 1
    assert problems[0].endswith("Member must satisfy constraint: [Member must not be null]")


def test_a_trailing_newline_does_not_slip_past_a_pattern() -> None:
    shape = operation_model("apigateway", "GetIntegrationResponse").input_shape

    assert validate(shape, {"restApiId": "a", "resourceId": "b", "httpMethod": "GET", "statusCode": "200\n"})
