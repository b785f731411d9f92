"""AWS_PROXY with Lambda functions: what they are told, what becomes of their results, and how they fail."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_runtime.functions.errors import (
    FunctionsUnreachable,
    FunctionThrottled,
    InvocationDenied,
    InvocationTimedOut,
    PayloadTooLarge,
)
from gateway_runtime.integrations.invoking import NO_ROLE
from gateway_runtime.integrations.proxy_result import MalformedResult, read_metadata, read_result
from gateway_runtime.ports import FunctionAnswer
from tests.gateway_runtime.plane.builders import (
    ACCOUNT,
    API,
    REGION,
    any_method,
    function_uri,
    get,
    key,
    keys,
    lambda_proxy,
    plan,
    post,
    rest_api,
    stage,
)
from tests.gateway_runtime.plane.harness import Answer, GatewayHarness

OTHER = "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pets"
OK = {"statusCode": 200, "body": "ok"}


def the_event(gateway: GatewayHarness) -> Any:
    return gateway.functions.invocations[-1].event


async def answer_to(gateway: GatewayHarness, result: Any, binary: tuple[str, ...] = (), **options: Any) -> Answer:
    """What a caller gets when a function returns this."""
    arn = gateway.functions.runs("fn", result)
    gateway.serve(replace(rest_api(get("/fn", lambda_proxy(arn))), binary_media_types=binary))
    return await gateway.get("/prod/fn", **options)


async def test_a_function_is_told_the_whole_request(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", OK)
    route = post("/pets/{petId}", lambda_proxy(arn), operation_name="RenamePet")
    gateway.serve(rest_api(route, stage("prod", variables={"colour": "red"})))

    answer = await gateway.post("/prod/pets/7?a=1&a=2", b'{"name": "Rex"}', headers={"X-One": "1", "x-TWO": "2"})

    event = the_event(gateway)
    context = event.pop("requestContext")
    trace = event["headers"].pop("X-Amzn-Trace-Id")
    assert event.pop("multiValueHeaders") == {
        **{name: [value] for name, value in event["headers"].items()},
        "X-Amzn-Trace-Id": [trace],
    }
    assert answer.header("x-amzn-trace-id") == trace
    assert event == {
        "resource": "/pets/{petId}",
        "path": "/pets/7",
        "httpMethod": "POST",
        "headers": {
            "host": f"{API}.execute-api.localhost",
            "X-One": "1",
            "x-TWO": "2",
            "X-Forwarded-For": "192.0.2.7",
            "X-Forwarded-Proto": "http",
            "X-Forwarded-Port": "8080",
        },
        "queryStringParameters": {"a": "2"},
        "multiValueQueryStringParameters": {"a": ["1", "2"]},
        "pathParameters": {"petId": "7"},
        "stageVariables": {"colour": "red"},
        "body": '{"name": "Rex"}',
        "isBase64Encoded": False,
    }
    assert context["operationName"] == "RenamePet"
    assert (context["requestTime"], context["requestTimeEpoch"]) == ("14/Nov/2023:22:13:20 +0000", 1_700_000_000_000)
    assert context["requestId"] == answer.header("x-amzn-requestid")
    assert context["extendedRequestId"] == answer.header("x-amz-apigw-id")


async def test_a_function_is_told_on_whose_behalf_it_runs(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", OK)
    gateway.serve(rest_api(any_method("/pets/{petId}", lambda_proxy(arn))))

    await gateway.get("/prod/pets/7")

    invocation = gateway.functions.invocations[-1]
    assert invocation.source_arn == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/prod/GET/pets/{{petId}}"
    assert not invocation.as_event


@pytest.mark.parametrize(
    ("function_of", "role_of", "asked_about"),
    [(ACCOUNT, ACCOUNT, ""), (ACCOUNT, OTHER, ""), (OTHER, ACCOUNT, ROLE), (OTHER, OTHER, NO_ROLE)],
)
async def test_with_a_role_the_policy_is_asked_about_it_where_the_function_is_another_accounts(
    gateway: GatewayHarness, function_of: str, role_of: str, asked_about: str
) -> None:
    """Who writes an API of one account cannot name a role of another to have its functions."""
    arn = gateway.functions.runs("fn", OK).replace(ACCOUNT, function_of)
    gateway.serve(rest_api(get("/fn", lambda_proxy(arn, credentials=ROLE.replace(ACCOUNT, role_of)))))

    await gateway.get("/prod/fn")

    invocation = gateway.functions.invocations[-1]
    assert (invocation.source_arn, invocation.role_arn) == ("", asked_about)


async def test_a_function_is_told_the_api_key(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", OK)
    gateway.serve(rest_api(get("/fn", lambda_proxy(arn)).with_key()), plan(), keys(key("k" * 20)))

    await gateway.get("/prod/fn", x_api_key="k" * 20)

    identity = the_event(gateway)["requestContext"]["identity"]
    assert (identity["apiKey"], identity["apiKeyId"]) == ("k" * 20, "key0000001")


async def test_a_binary_body_goes_to_the_function_as_base64(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", OK)
    gateway.serve(replace(rest_api(post("/fn", lambda_proxy(arn))), binary_media_types=("image/png",)))

    await gateway.post("/prod/fn", b"\x89PNG", content_type="image/png")
    binary = the_event(gateway)
    await gateway.post("/prod/fn", b"\x89PNG", content_type="text/plain")
    text = the_event(gateway)

    assert (binary["body"], binary["isBase64Encoded"]) == (base64.b64encode(b"\x89PNG").decode(), True)
    assert (text["body"], text["isBase64Encoded"]) == ("\ufffdPNG", False)


async def test_the_signature_of_a_request_stays_with_the_gateway(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", OK)
    gateway.serve(rest_api(get("/fn", lambda_proxy(arn))))

    await gateway.get("/prod/fn", authorization="AWS4-HMAC-SHA256 Credential=AKIA/…".encode().decode("latin-1"))

    assert "authorization" not in the_event(gateway)["headers"]


async def test_a_stage_variable_names_the_function(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("pets:live", OK)
    uri = function_uri("${stageVariables.fn}:${stageVariables.alias}")
    route = get("/fn", lambda_proxy("", uri=uri))
    gateway.serve(rest_api(route, stage("prod", variables={"fn": "pets", "alias": "live"}), stage("empty")))

    answer, without = [await gateway.get("/prod/fn"), await gateway.get("/empty/fn")]

    assert (answer.body, gateway.functions.invocations[-1].arn) == (b"ok", arn)
    assert (without.status, without.json()) == (500, {"message": "Internal server error"})


@pytest.mark.parametrize(
    ("result", "status", "body"),
    [
        ({"statusCode": "201", "body": "made"}, 201, b"made"),
        ({"statusCode": 204}, 204, b""),
        ({"headers": {"a": "b"}}, 200, b""),
        ({"statusCode": 200, "headers": None, "body": None}, 200, b""),
        ({"statusCode": 200, "body": 42}, 200, b"42"),
        ({"statusCode": 200, "body": "ZGF0YQ==", "isBase64Encoded": True}, 200, b"ZGF0YQ=="),
    ],
)
async def test_a_result_in_shape_is_the_answer(gateway: GatewayHarness, result: Any, status: int, body: bytes) -> None:
    answer = await answer_to(gateway, result)

    assert (answer.status, answer.body) == (status, body)
    assert answer.header("content-type") == "application/json"


@pytest.mark.parametrize(
    "result",
    [
        None,
        {},
        [],
        "text",
        {"wrong": "format"},
        {"statusCode": 200, "extra": 1},
        {"statusCode": "wrong"},
        {"statusCode": 99},
        {"statusCode": 600},
        {"statusCode": True},
        {"statusCode": 200.5},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a": {}}},
        {"statusCode": 200, "headers": {"a b": "c"}},
        {"statusCode": 200, "multiValueHeaders": {"a": "b"}},
        {"statusCode": 200, "isBase64Encoded": 3},
        FunctionAnswer(b"no json"),
    ],
)
async def test_a_result_out_of_shape_is_a_bad_gateway(gateway: GatewayHarness, result: Any) -> None:
    answer = await answer_to(gateway, result)

    assert (answer.status, answer.json()) == (502, {"message": "Internal server error"})


async def test_several_and_single_headers_are_merged_whatever_their_case(gateway: GatewayHarness) -> None:
    result = {
        "statusCode": 200,
        "headers": {"X-One": "solo", "flag": True, "none": None, "same": "x"},
        "multiValueHeaders": {"x-one": ["a", "b"], "Set-Cookie": ["c=1", "d=2"], "same": ["x"]},
    }

    answer = await answer_to(gateway, result)

    seen = [(name, value) for name, value in answer.headers if name in ("x-one", "flag", "none", "same", "set-cookie")]
    assert sorted(seen) == [
        ("flag", "true"), ("same", "x"), ("set-cookie", "c=1"), ("set-cookie", "d=2"), ("x-one", "a"), ("x-one", "b"),
        ("x-one", "solo"),
    ]  # fmt: skip


async def test_headers_about_the_connection_get_other_names(gateway: GatewayHarness) -> None:
    headers = {
        "Connection": "close", "Content-Length": "99", "Date": "then", "Server": "mine", "WWW-Authenticate": "Basic",
        "Transfer-Encoding": "chunked", "x-amz-apigw-id": "forged", "x-amzn-ErrorType": "Mine", "evil": "a\r\nb: c",
    }  # fmt: skip

    answer = await answer_to(gateway, {"statusCode": 200, "headers": headers, "body": "four"})

    names = [name for name, _ in answer.headers]
    assert {name for name in names if name.startswith("x-amzn-remapped-")} == {
        "x-amzn-remapped-connection", "x-amzn-remapped-content-length", "x-amzn-remapped-date",
        "x-amzn-remapped-server", "x-amzn-remapped-www-authenticate",
    }  # fmt: skip
    assert "transfer-encoding" not in names
    assert answer.header("content-length") == "4"
    assert answer.header("x-amzn-errortype") == "Mine"
    assert answer.header("evil") == "a  b: c"
    assert names.count("x-amz-apigw-id") == 1
    assert answer.header("x-amz-apigw-id") != "forged"


@pytest.mark.parametrize(
    ("binary", "accept", "body"),
    [
        (("image/png",), "image/png, */*", b"data"),
        (("image/png",), "*/*", b"ZGF0YQ=="),
        (("image/png",), None, b"data"),
        (("*/*",), "text/html", b"data"),
        ((), "image/png", b"ZGF0YQ=="),
    ],
)
async def test_base64_becomes_bytes_for_callers_that_accept_a_binary_type(
    gateway: GatewayHarness, binary: tuple[str, ...], accept: str | None, body: bytes
) -> None:
    result = {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": "ZGF0YQ==", "isBase64Encoded": True}

    answer = await answer_to(gateway, result, binary, **({} if accept is None else {"accept": accept}))

    assert answer.body == body


async def test_a_binary_answer_that_is_no_base64_is_a_bad_gateway(gateway: GatewayHarness) -> None:
    answer = await answer_to(gateway, {"body": "%%", "isBase64Encoded": True}, ("*/*",), accept="image/png")

    assert answer.status == 502


@pytest.mark.parametrize(
    ("failure", "status", "message", "kind"),
    [
        (InvocationTimedOut("late"), 504, "Endpoint request timed out", "INTEGRATION_TIMEOUT"),
        (FunctionsUnreachable("nobody"), 504, "Network error communicating with endpoint", "INTEGRATION_FAILURE"),
        (InvocationDenied("no"), 500, "Internal server error", "API_CONFIGURATION_ERROR"),
        (FunctionThrottled("busy"), 500, "Internal server error", "INTEGRATION_FAILURE"),
        (PayloadTooLarge("7 MB"), 502, "Internal server error", "DEFAULT_5XX"),
        (FunctionAnswer(b'{"errorMessage": "oh"}', "Unhandled"), 502, "Internal server error", "INTEGRATION_FAILURE"),
        (FunctionAnswer(b"[]", "Handled"), 502, "Internal server error", "INTEGRATION_FAILURE"),
    ],
)
async def test_every_failure_of_a_function_has_its_gateway_response(
    gateway: GatewayHarness, failure: Any, status: int, message: str, kind: str
) -> None:
    arn = gateway.functions.runs("fn", failure)
    log = "$context.error.responseType"
    gateway.serve(rest_api(get("/fn", lambda_proxy(arn)), stage("prod", log=log)))

    answer = await gateway.get("/prod/fn")

    assert (answer.status, answer.json(), gateway.logs.lines) == (status, {"message": message}, [f"{kind}\n"])


async def test_a_function_that_is_not_there_is_a_wrong_configuration(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/fn", lambda_proxy("nobody"))))

    answer = await gateway.get("/prod/fn")

    assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})


async def test_an_event_larger_than_lambda_takes_is_refused_before_it_is_sent(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", OK)
    gateway.serve(rest_api(post("/fn", lambda_proxy(arn))))

    answer = await gateway.post("/prod/fn", b"x" * (6 * 1024 * 1024 + 1))

    assert (answer.status, gateway.functions.invocations) == (413, [])


async def test_logs_tell_lambdas_status_and_the_functions_own(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", {"statusCode": 418})
    log = (
        "$context.status $context.integration.status $context.integration.integrationStatus $context.integrationStatus"
    )
    gateway.serve(rest_api(get("/fn", lambda_proxy(arn)), stage("prod", log=log)))

    await gateway.get("/prod/fn")

    assert gateway.logs.lines == ["418 418 200 200\n"]


async def test_a_proxy_of_another_service_is_not_implemented(gateway: GatewayHarness) -> None:
    uri = f"arn:aws:apigateway:{REGION}:firehose:action/PutRecord"
    gateway.serve(rest_api(get("/fn", lambda_proxy("", uri=uri))))

    assert (await gateway.get("/prod/fn")).status == 501


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
members = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("statusCode", "headers", "multiValueHeaders", "body", "cookies"), json_values)
)


@given(members)
def test_whatever_a_function_returns_is_read_or_refused(result: Any) -> None:
    payload = FunctionAnswer(json.dumps(result).encode()).payload
    for read in (read_result, read_metadata):
        try:
            found = read(payload)
        except MalformedResult:
            continue
        assert 200 <= found.status <= 599
        assert all(b"\r" not in value and b"\n" not in value for _, value in found.headers)
