"""Every operation of V1, against the running portal: it succeeds, and it is refused with each error of its model that a client can cause."""

from __future__ import annotations

from collections.abc import Iterator

import botocore.session
import pytest
from botocore.exceptions import ClientError

from apps.deployments.models import Stage
from tests.conformance.every_operation import NOBODY, REFUSED, REQUESTS, STEPS, Shape
from tests.conformance.limits import FILL
from tests.conformance.making import World, perform, take
from tests.conformance.refusals_left_out import LEFT_OUT, NEVER
from tests.conformance.sequences import Client

MODEL = botocore.session.get_session().get_service_model("apigateway")
_IDS = {"restApiId", "resourceId", "usagePlanId", "apiKey", "vpcLinkId", "clientCertificateId"}


def ending(client: Client, operation: str, request: Shape, world: World) -> str:
    try:
        perform(client, operation, request, world)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "succeeded"


def told() -> Iterator[tuple[str, str]]:
    """Every operation with each error that its model names and that a client can cause at all."""
    for operation in sorted(MODEL.operation_names):
        for shape in MODEL.operation_model(operation).error_shapes:
            if shape.name not in NEVER:
                yield operation, shape.name


def refused_request(operation: str, error: str) -> Shape | None:
    """A request that is refused with the error, or None when the tables have none."""
    request = REQUESTS[operation]
    shape = MODEL.operation_model(operation).input_shape
    members = shape.members if shape is not None else {}
    if operation in REFUSED[error]:
        return {**request, **REFUSED[error][operation]}
    if error == "NotFoundException" and request.keys() & _IDS and operation != "CreateRequestValidator":
        return {**request, **dict.fromkeys(request.keys() & _IDS, NOBODY)}
    if error == "BadRequestException" and "patchOperations" in members:
        return {**request, "patchOperations": [{"op": "replace", "path": "/nosuch", "value": "x"}]}
    if error == "BadRequestException" and "limit" in members:
        return {**request, "limit": 0}
    return None


def test_every_operation_and_error_of_the_model_has_a_case_or_a_reason() -> None:
    cases = {(operation, error) for operation, error in told() if refused_request(operation, error) is not None}
    reasons = {(operation, error) for error, why in LEFT_OUT.items() for names in why.values() for operation in names}

    assert set(REQUESTS) == set(MODEL.operation_names)
    assert sorted(set(told()) - cases - reasons) == []
    assert sorted(cases & reasons) == []
    assert sorted(reasons - set(told())) == []


def test_every_operation_succeeds(api_gateway: Client) -> None:
    world: World = {}
    for step in STEPS:
        take(api_gateway, step, world)


def use_everything(client: Client, world: World) -> None:
    """Use what the steps made, so that it stands in the way of its deletion."""
    at = {"restApiId": world["api"], "resourceId": world["root"], "httpMethod": "POST"}
    client.put_method(
        **at,
        authorizationType="COGNITO_USER_POOLS",
        authorizerId=world["authorizer"],
        requestValidatorId=world["validator"],
        requestModels={"application/json": "Pet"},
    )
    client.put_integration(
        **at, type="HTTP_PROXY", integrationHttpMethod="GET", uri="http://a.example", connectionType="VPC_LINK",
        connectionId=world["link"],
    )  # fmt: skip
    client.put_method(**{**at, "httpMethod": "PUT"}, authorizationType="NONE")
    perform(client, "CreateAuthorizer", {**REQUESTS["CreateAuthorizer"], "name": "guests"}, world)
    perform(client, "CreateBasePathMapping", {**REQUESTS["CreateBasePathMapping"], "basePath": "guests"}, world)
    world["other_plan"] = client.create_usage_plan(name="other")["id"]
    client.create_usage_plan_key(usagePlanId=world["other_plan"], keyId=world["key"], keyType="API_KEY")
    Stage.objects.filter(rest_api_id=world["api"]).update(
        documentation_version="v1", client_certificate_id=world["certificate"]
    )


@pytest.mark.parametrize("error", ["NotFoundException", "BadRequestException", "ConflictException"])
def test_every_operation_is_refused_with_each_error_that_a_client_can_cause(
    api_gateway: Client, world: World, error: str
) -> None:
    use_everything(api_gateway, world)
    requests = {operation: refused_request(operation, error) for operation, name in told() if name == error}
    cases = {operation: request for operation, request in requests.items() if request is not None}

    found = {operation: ending(api_gateway, operation, request, world) for operation, request in cases.items()}

    assert {operation: code for operation, code in found.items() if code != error} == {}


def test_every_operation_that_is_limited_says_so(api_gateway: Client, world: World) -> None:
    found = {}
    for operation, members in REFUSED["LimitExceededException"].items():
        FILL[operation](world)
        found[operation] = ending(api_gateway, operation, {**REQUESTS[operation], **members}, world)

    assert {operation: code for operation, code in found.items() if code != "LimitExceededException"} == {}
