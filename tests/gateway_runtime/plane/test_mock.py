"""MOCK integrations, and what every answer carries."""

from __future__ import annotations

import re

import pytest

from tests.gateway_runtime.plane.builders import get, mock, post, response, rest_api, stage
from tests.gateway_runtime.plane.harness import GatewayHarness


async def test_a_mock_answers_its_static_template(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", mock(200, '{"id": 42}')), stage("prod")))

    answer = await gateway.get("/prod/pets")

    assert (answer.status, answer.json()) == (200, {"id": 42})
    assert answer.header("content-type") == "application/json"


async def test_every_answer_carries_its_identifiers_and_its_deployment(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", mock())))

    answer = await gateway.get("/prod/pets")

    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", answer.header("x-amzn-requestid") or ""
    )
    assert re.fullmatch(r"[A-Za-z0-9+/]{15}=", answer.header("x-amz-apigw-id") or "")
    assert answer.header("x-gatehouse-deployment") == "dep001"
    assert answer.header("x-amzn-trace-id") is None


@pytest.mark.parametrize(
    "template",
    [
        '{"statusCode": 418}',
        "{statusCode: 418}",
        '{"statusCode": 418,\n}',
        "{'statusCode':'418'}",
        '{ "a": {}, "statusCode" : 418 }',
    ],
)
async def test_the_status_in_a_request_template_is_read_leniently(gateway: GatewayHarness, template: str) -> None:
    responses = (response(200), response(418, "short and stout", pattern="418"))
    gateway.serve(rest_api(get("/tea", mock(request_templates={"application/json": template}, responses=responses))))

    answer = await gateway.get("/prod/tea")

    assert (answer.status, answer.body) == (418, b"short and stout")


async def test_a_status_that_no_pattern_matches_gets_the_default_response(gateway: GatewayHarness) -> None:
    responses = (response(201, "default"), response(404, "no", pattern=r"4\d\d"))
    gateway.serve(rest_api(get("/a", mock(200, responses=responses)), get("/b", mock(409, responses=responses))))

    assert (await gateway.get("/prod/a")).status == 201
    assert (await gateway.get("/prod/b")).status == 404


async def test_without_a_template_the_status_is_looked_for_in_the_body(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(post("/pets", mock(request_templates={}, responses=(response(202),)))))

    assert (await gateway.post("/prod/pets", b'{"statusCode": 200}')).status == 202
    missing = await gateway.post("/prod/pets", b"{}")
    assert (missing.status, missing.json()) == (500, {"message": "Internal server error"})


@pytest.mark.parametrize(("behavior", "status"), [("WHEN_NO_MATCH", 200), ("WHEN_NO_TEMPLATES", 415), ("NEVER", 415)])
async def test_a_content_type_without_template_passes_or_is_refused(
    gateway: GatewayHarness, behavior: str, status: int
) -> None:
    gateway.serve(rest_api(post("/pets", mock(200, passthrough_behavior=behavior))))

    answer = await gateway.post("/prod/pets", b'{"statusCode": 200}', content_type="text/plain")

    assert answer.status == status
    if status == 415:
        assert answer.json() == {"message": "Unsupported Media Type"}


async def test_response_headers_are_mapped_from_literals_variables_and_context(gateway: GatewayHarness) -> None:
    mapped = response(
        200, "{}", X_Kind="'cat'", x_stage="stageVariables.colour", x_id="context.requestId", Content_Type="'text/csv'"
    )
    gateway.serve(rest_api(get("/pets", mock(responses=(mapped,))), stage("prod", variables={"colour": "red"})))

    answer = await gateway.get("/prod/pets")

    assert (answer.header("x-kind"), answer.header("x-stage"), answer.header("content-type")) == (
        "cat",
        "red",
        "text/csv",
    )
    assert answer.header("x-id") == answer.header("x-amzn-requestid")


async def test_a_template_that_does_not_parse_breaks_its_own_method_only(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", mock(200, "$input.json('$'")), get("/fine", mock())))

    answer = await gateway.get("/prod/pets")

    assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})
    assert (await gateway.get("/prod/fine")).status == 200


async def test_an_integration_type_that_is_not_there_is_refused_by_name(gateway: GatewayHarness) -> None:
    from apps.core.documents import Integration

    gateway.serve(rest_api(get("/fn", Integration(type="GRAPHQL", uri="http://example.com"))))

    answer = await gateway.get("/prod/fn")

    assert (answer.status, answer.json()) == (501, {"message": "GRAPHQL integrations are not implemented"})


async def test_a_method_that_asks_for_authorization_is_never_open(gateway: GatewayHarness) -> None:
    gateway.serve(
        rest_api(get("/a", mock(), authorization_type="AWS_IAM"), get("/b", mock(), authorization_type="ODD"))
    )

    assert (await gateway.get("/prod/a")).header("x-amzn-errortype") == "MissingAuthenticationTokenException"
    assert (await gateway.get("/prod/b")).status == 501
