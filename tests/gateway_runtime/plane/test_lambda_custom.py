"""AWS with Lambda functions: templates make the event, and integration responses the answer."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from apps.core.documents import Integration
from gateway_runtime.functions.errors import FunctionThrottled, InvocationTimedOut
from gateway_runtime.ports import FunctionAnswer
from tests.gateway_runtime.plane.builders import get, lambda_custom, post, response, rest_api
from tests.gateway_runtime.plane.harness import GatewayHarness

INVOCATION_TYPE = "integration.request.header.X-Amz-Invocation-Type"


def failed(message: str) -> FunctionAnswer:
    return FunctionAnswer(b'{"errorMessage": "%b", "errorType": "Exception"}' % message.encode(), "Unhandled")


async def test_a_template_makes_the_event(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", {"greeting": "hello"})
    template = '{"name": $input.json("$.name"), "stage": "$context.stage", "id": "$input.params("petId")"}'
    integration = lambda_custom(arn, request_templates={"application/json": template})
    gateway.serve(rest_api(post("/pets/{petId}", integration)))

    answer = await gateway.post("/prod/pets/7", b'{"name": "Rex"}')

    assert gateway.functions.invocations[-1].event == {"name": "Rex", "stage": "prod", "id": "7"}
    assert (answer.status, answer.json()) == (200, {"greeting": "hello"})
    assert answer.header("content-type") == "application/json"


async def test_without_a_template_the_body_is_the_event(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", None)
    gateway.serve(rest_api(post("/fn", lambda_custom(arn)), get("/fn", lambda_custom(arn))))

    await gateway.post("/prod/fn", b"[1, 2]")
    nothing = await gateway.get("/prod/fn")

    assert [invocation.event for invocation in gateway.functions.invocations] == [[1, 2], {}]
    assert nothing.body == b"null"


async def test_a_content_type_without_template_may_be_refused(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", None)
    gateway.serve(rest_api(post("/fn", lambda_custom(arn, passthrough_behavior="NEVER"))))

    answer = await gateway.post("/prod/fn", b"<a/>", content_type="text/xml")

    assert (answer.status, answer.json()) == (415, {"message": "Unsupported Media Type"})


async def test_an_event_that_is_no_json_gets_lambdas_answer(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", None)
    gateway.serve(rest_api(post("/fn", lambda_custom(arn))))

    answer = await gateway.post("/prod/fn", b"no json")

    assert (answer.status, answer.json()["Type"], gateway.functions.invocations) == (200, "User", [])


@pytest.mark.parametrize(
    ("result", "status"),
    [("fine", 200), (failed("bad pet"), 400), (failed("oh, a bad pet"), 500), (FunctionAnswer(b"x", "Handled"), 200)],
)
async def test_the_error_message_selects_the_response(gateway: GatewayHarness, result: Any, status: int) -> None:
    arn = gateway.functions.runs("fn", result)
    responses = (response(200), response(400, pattern="bad .*"), response(500, pattern=".*oh.*"))
    gateway.serve(rest_api(get("/fn", lambda_custom(arn, *responses))))

    assert (await gateway.get("/prod/fn")).status == status


async def test_without_a_response_that_fits_the_call_fails(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", failed("surprise"))
    gateway.serve(rest_api(get("/fn", lambda_custom(arn, response(400, pattern="known")))))

    answer = await gateway.get("/prod/fn")

    assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})


async def test_templates_and_mappings_make_the_answer_of_what_it_returns(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", {"name": "Rex", "kind": "dog"})
    made = response(201, "<pet>$input.path('$.name')</pet>", content_type="application/xml")
    mapped = {"method.response.header.X-Kind": "integration.response.body.kind"}
    gateway.serve(rest_api(get("/fn", lambda_custom(arn, replaced(made, response_parameters=mapped)))))

    answer = await gateway.get("/prod/fn")

    assert (answer.status, answer.body, answer.header("x-kind")) == (201, b"<pet>Rex</pet>", "dog")
    assert answer.header("content-type") == "application/xml"


def replaced(struct: Any, **members: Any) -> Any:
    return type(struct)(**{**{name: getattr(struct, name) for name in struct.__struct_fields__}, **members})


@pytest.mark.parametrize("source", ["'Event'", "method.request.header.InvocationType"])
async def test_a_function_can_be_invoked_as_an_event(gateway: GatewayHarness, source: str) -> None:
    arn = gateway.functions.runs("fn", {"never": "seen"})
    gateway.serve(rest_api(post("/fn", lambda_custom(arn, request_parameters={INVOCATION_TYPE: source}))))

    answer = await gateway.post("/prod/fn", b"{}", InvocationType="Event")

    assert gateway.functions.invocations[-1].as_event
    assert (answer.status, answer.body) == (200, b"")


async def test_a_caller_may_choose_to_wait(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", "done")
    mapping = {INVOCATION_TYPE: "method.request.header.InvocationType"}
    gateway.serve(rest_api(post("/fn", lambda_custom(arn, request_parameters=mapping))))

    answer = await gateway.post("/prod/fn", b"{}", InvocationType="RequestResponse")

    assert (gateway.functions.invocations[-1].as_event, answer.body) == (False, b'"done"')


async def test_a_template_may_choose_the_kind_of_invocation(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", "done")
    template = '#set($h = $context.requestOverride.header)#set($x = $h.put("X-Amz-Invocation-Type", "Event")){}'
    gateway.serve(rest_api(post("/fn", lambda_custom(arn, request_templates={"application/json": template}))))

    await gateway.post("/prod/fn", b"{}")

    assert gateway.functions.invocations[-1].as_event


async def test_what_lambda_reads_of_the_mapped_headers_is_sent_on(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", "done")
    mapping = {
        "integration.request.header.X-Amz-Client-Context": "method.request.header.Context",
        "integration.request.header.X-Amz-Log-Type": "'Tail'",
        "integration.request.header.X-Amz-Tenant-Id": "method.request.body.tenant",
        "integration.request.header.Authorization": "'mine'",
        "integration.request.header.X-Gatehouse-Source-Arn": "'arn:aws:execute-api:of:another:api'",
        "integration.request.header.X-Other": "'no'",
    }
    gateway.serve(rest_api(post("/fn", lambda_custom(arn, request_parameters=mapping))))

    await gateway.post("/prod/fn", b'{"tenant": "blue"}', Context="eyJhIjoxfQ==")

    assert gateway.functions.invocations[-1].headers == {
        "x-amz-client-context": "eyJhIjoxfQ==", "x-amz-log-type": "Tail", "x-amz-tenant-id": "blue",
    }  # fmt: skip


async def test_a_template_may_put_them_too(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", "done")
    template = '#set($h = $context.requestOverride.header)#set($x = $h.put("X-Amz-Log-Type", "Tail")){}'
    gateway.serve(rest_api(post("/fn", lambda_custom(arn, request_templates={"application/json": template}))))

    await gateway.post("/prod/fn", b"{}")

    assert gateway.functions.invocations[-1].headers == {"x-amz-log-type": "Tail"}


async def test_headers_of_lambdas_answer_can_be_mapped(gateway: GatewayHarness) -> None:
    headers = ((b"x-amz-log-result", b"c29tZSBsb2c="), (b"x-amz-executed-version", b"7"))
    arn = gateway.functions.runs("fn", FunctionAnswer(b"{}", headers=headers))
    mapped = {f"method.response.header.{name}": f"integration.response.header.{name}" for name in (
        "X-Amz-Log-Result", "x-amz-executed-version", "X-Not-There")}  # fmt: skip
    gateway.serve(rest_api(get("/fn", lambda_custom(arn, replaced(response(200), response_parameters=mapped)))))

    answer = await gateway.get("/prod/fn")

    assert (answer.header("x-amz-log-result"), answer.header("x-amz-executed-version")) == ("c29tZSBsb2c=", "7")
    assert answer.header("x-not-there") is None


async def test_binary_bodies_become_text_on_the_way_in(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", None)
    integration = lambda_custom(
        arn, content_handling="CONVERT_TO_TEXT", request_templates={"image/png": '{"image": "$input.body"}'}
    )
    gateway.serve(replace(rest_api(post("/fn", integration)), binary_media_types=("image/png",)))

    await gateway.post("/prod/fn", b"\x89PNG", content_type="image/png")

    assert gateway.functions.invocations[-1].event == {"image": base64.b64encode(b"\x89PNG").decode()}


async def test_a_text_that_the_function_returns_becomes_binary(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", FunctionAnswer(base64.b64encode(b"\x89PNG")))
    made = replaced(response(200), content_handling="CONVERT_TO_BINARY")
    gateway.serve(replace(rest_api(get("/fn", lambda_custom(arn, made))), binary_media_types=("image/png",)))

    assert (await gateway.get("/prod/fn")).body == b"\x89PNG"


@pytest.mark.parametrize(("failure", "status"), [(InvocationTimedOut("late"), 504), (FunctionThrottled("busy"), 500)])
async def test_a_call_that_lambda_does_not_take_has_its_gateway_response(
    gateway: GatewayHarness, failure: Exception, status: int
) -> None:
    arn = gateway.functions.runs("fn", failure)
    gateway.serve(rest_api(get("/fn", lambda_custom(arn))))

    assert (await gateway.get("/prod/fn")).status == status


async def test_lambda_is_invoked_by_post_alone(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", None)
    integration = lambda_custom(arn)
    by_get = Integration(type="AWS", uri=integration.uri, http_method="GET", responses=integration.responses)
    gateway.serve(rest_api(get("/fn", by_get)))

    assert (await gateway.get("/prod/fn")).status == 500
