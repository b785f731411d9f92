"""The gateway's own answers: their table, their defaults, and what an API may change about them."""

from __future__ import annotations

import pytest

from apps.core.documents import DeploymentDocument, GatewayResponse
from gateway_runtime.errors import GATEWAY_RESPONSES, GatewayError
from tests.gateway_runtime.plane.builders import RestApi, get, mock, rest_api, stage
from tests.gateway_runtime.plane.harness import GatewayHarness

STATUSES = {
    "ACCESS_DENIED": 403, "API_CONFIGURATION_ERROR": 500, "AUTHORIZER_CONFIGURATION_ERROR": 500, "AUTHORIZER_FAILURE": 500,
    "BAD_REQUEST_BODY": 400, "BAD_REQUEST_PARAMETERS": 400, "DEFAULT_4XX": 400, "DEFAULT_5XX": 500, "EXPIRED_TOKEN": 403,
    "INTEGRATION_FAILURE": 504, "INTEGRATION_TIMEOUT": 504, "INVALID_API_KEY": 403, "INVALID_SIGNATURE": 403,
    "MISSING_AUTHENTICATION_TOKEN": 403, "QUOTA_EXCEEDED": 429, "REQUEST_TOO_LARGE": 413, "RESOURCE_NOT_FOUND": 404,
    "THROTTLED": 429, "UNAUTHORIZED": 401, "UNSUPPORTED_MEDIA_TYPE": 415, "WAF_FILTERED": 403,
}  # fmt: skip


def test_there_are_twenty_one_types_with_awss_statuses() -> None:
    assert {name: kind.status for name, kind in GATEWAY_RESPONSES.items()} == STATUSES


@pytest.mark.parametrize("name", sorted(STATUSES))
def test_every_type_can_be_raised(name: str) -> None:
    assert GatewayError(name).status == STATUSES[name]


class Configured(RestApi):
    """An API with gateway responses of its own."""

    responses: dict[str, GatewayResponse]

    def documents(self) -> list:  # type: ignore[type-arg]
        first, *rest = super().documents()
        assert isinstance(first, DeploymentDocument)
        members = {name: getattr(first, name) for name in first.__struct_fields__}
        return [DeploymentDocument(**{**members, "gateway_responses": self.responses}), *rest]


def configured(responses: dict[str, GatewayResponse], **options: float) -> RestApi:
    made = rest_api(get("/pets", mock()), stage("prod", variables={"team": "cats"}, **options))
    api = Configured(made.routes, made.stages)
    object.__setattr__(api, "responses", responses)
    return api


async def test_a_configured_type_answers_with_its_own_status_headers_and_body(gateway: GatewayHarness) -> None:
    own = GatewayResponse(
        status_code="404",
        response_parameters={
            "gatewayresponse.header.X-Team": "stageVariables.team",
            "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
            "gatewayresponse.header.X-Asked": "method.request.header.x-ask",
        },
        response_templates={
            "application/json": '{"error":$context.error.messageString,"agent":"$context.identity.userAgent","kind":"$context.error.responseType"}'
        },
    )
    gateway.serve(configured({"MISSING_AUTHENTICATION_TOKEN": own}))

    answer = await gateway.get("/prod/nothing", user_agent='x","admin":"1', x_ask="why")

    assert answer.status == 404
    assert answer.json() == {
        "error": "Missing Authentication Token",
        "agent": 'x","admin":"1',
        "kind": "MISSING_AUTHENTICATION_TOKEN",
    }
    assert (answer.header("x-team"), answer.header("access-control-allow-origin"), answer.header("x-asked")) == (
        "cats",
        "*",
        "why",
    )
    assert answer.header("x-amzn-errortype") == "MissingAuthenticationTokenException"


async def test_a_default_answers_for_the_types_of_its_class(gateway: GatewayHarness) -> None:
    text = GatewayResponse(response_templates={"text/plain": "no: $context.error.message"})
    gateway.serve(configured({"DEFAULT_4XX": text}, rate=0, burst=0))

    refused = await gateway.get("/prod/pets")

    assert (refused.status, refused.body, refused.header("content-type")) == (
        429,
        b"no: Too Many Requests",
        "text/plain",
    )
    assert (await gateway.get("/prod/nothing")).body == b"no: Missing Authentication Token"


async def test_a_header_from_a_variable_that_is_not_there_is_left_out(gateway: GatewayHarness) -> None:
    headers = {"gatewayresponse.header.X": "context.authorizer.colour", "gatewayresponse.header.Y": "'y'"}
    gateway.serve(configured({"DEFAULT_4XX": GatewayResponse(response_parameters=headers)}))

    answer = await gateway.get("/prod/nothing")

    assert (answer.header("x"), answer.header("y")) == (None, "y")


async def test_what_cannot_be_compiled_keeps_the_default(gateway: GatewayHarness) -> None:
    gateway.serve(
        configured(
            {"DEFAULT_4XX": GatewayResponse(response_parameters={"gatewayresponse.header.X": "method.request.body"})}
        )
    )

    assert (await gateway.get("/prod/nothing")).json() == {"message": "Missing Authentication Token"}
