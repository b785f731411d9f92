"""Errors of the real service as people have quoted them in public: each with where it is quoted, word for word.

What was recorded (`recordings/`) goes before it; where nothing is recorded, these are what AWS says.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from tests.conformance.every_operation import CERTIFICATE
from tests.conformance.making import World

Call = Callable[[Caller, World], object]


def call(caller: Caller, operation: str, **request: Any) -> object:
    return registry.call(caller, "apigateway", operation, request)


def definition(resources: int) -> bytes:
    integration = {"type": "mock", "responses": {"default": {"statusCode": "200"}}}
    paths = {
        f"/r{n}": {"get": {"responses": {}, "x-amazon-apigateway-integration": integration}} for n in range(resources)
    }
    return json.dumps({"openapi": "3.0.1", "info": {"title": "large", "version": "1"}, "paths": paths}).encode()


def cover(value: str) -> Call:
    patch = {"op": "add", "path": "/apiStages", "value": value}
    return lambda caller, world: call(caller, "UpdateUsagePlan", usagePlanId=world["plan"], patchOperations=[patch])


def update_stage(path: str, value: str) -> Call:
    patch = {"op": "replace", "path": path, "value": value}
    return lambda caller, world: call(
        caller, "UpdateStage", restApiId=world["api"], stageName="prod", patchOperations=[patch]
    )


QUOTED: dict[str, tuple[Call, str, str]] = {
    "https://github.com/boto/boto3/issues/1296": (
        lambda caller, world: call(caller, "ImportRestApi", body=definition(301)),
        "LimitExceededException",
        "Maximum number of Resources for this API has been reached.  Please contact AWS if you need additional Resources.",
    ),
    "https://github.com/boto/boto3/issues/825": (
        cover('{"apiId": "kx2asm6go3", "stage": "dev"}'),
        "NotFoundException",
        'API Stage not found: {"apiId": "kx2asm6go3", "stage"',
    ),
    "https://github.com/aws/aws-sdk-java/issues/1823": (
        update_stage("/*/*/accessLogSettings/format", "test"),
        "BadRequestException",
        "Invalid method setting path: /*/*/accessLogSettings/format. Must be one of: [",
    ),
    "troubleshooting lists of Zappa: CreateDomainName": (
        lambda caller, world: call(
            caller, "CreateDomainName", domainName="api.example.com", certificateArn=CERTIFICATE
        ),
        "BadRequestException",
        "The domain name you provided already exists.",
    ),
    "troubleshooting lists of Zappa: CreateBasePathMapping": (
        lambda caller, world: call(caller, "CreateBasePathMapping", domainName="api.example.com", restApiId="nosuch"),
        "BadRequestException",
        "Invalid REST API identifier specified",
    ),
    "https://github.com/aws/aws-sdk/issues/354 (the values stand where the real one shows %s)": (
        lambda caller, world: call(caller, "CreateUsagePlan", name="p", apiStages=[{"apiId": "", "stage": "dev"}]),
        "BadRequestException",
        "Invalid API Stage {api: , stage: dev} specified for usageplan p",
    ),
    "a walk-through of policies that ask for tags: aws apigateway create-stage --tags": (
        lambda caller, world: call(
            replace(caller, role="viewer"), "CreateStage", restApiId="{api}", stageName="s", deploymentId="d"
        ),
        "AccessDeniedException",
        "User: arn:aws:iam::123456789012:user/owner is not authorized to perform: apigateway:POST on resource: "
        "arn:aws:apigateway:us-east-1::/restapis/{api}/stages with an explicit deny",
    ),
}


@pytest.mark.parametrize("source", QUOTED)
def test_an_error_says_what_the_real_one_was_quoted_to_say(caller: Caller, world: World, source: str) -> None:
    perform, code, words = QUOTED[source]

    with pytest.raises(AwsError) as refused:
        perform(caller, world)

    assert (refused.value.code, refused.value.message[: len(words)]) == (code, words)
