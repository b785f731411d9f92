"""Lambda integrations as AWS answered them, with functions that do what the recorded ones did."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway_runtime.ports import FunctionAnswer
from tests.gateway_runtime.plane.builders import (
    API,
    any_method,
    get,
    lambda_custom,
    lambda_proxy,
    mock,
    post,
    response,
    rest_api,
    stage,
)
from tests.gateway_runtime.plane.harness import GatewayHarness
from tests.gateway_runtime.plane.recorded import RECORDINGS, difference, without_network

SENT = {
    "Host": f"{API}.execute-api.localhost",
    "User-Agent": "python-requests/testing",
    "Accept-Encoding": "gzip, deflate",
    "Accept": "*/*",
}
EVENTS = RECORDINGS["test_lambda_aws_proxy_integration"]
CALLS = {
    "invocation-hardcoded": "/stage//hardcoded",
    "invocation-payload-with-double-slash": "/stage/proxy-value//double-slash",
    "invocation-payload-with-params-encoding": (
        "/stage/proxy-value/api?dateTimeOffset=2023-06-12T18:05:10.123456+00:00&email=test%2Balias@gmail.com"
        "&plus=test+alias@gmail.com&url=https://www.google.com/&whitespace=foo%20bar&zhash=abort/"
    ),
    "invocation-payload-with-params-encoding-multi": (
        "/stage/proxy-value?category=electronics&category=books&price=10&price=20&price=30"
    ),
    "invocation-payload-with-path-encoded-email": (
        "/stage/proxy-value/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com"
    ),
    "invocation-payload-with-prepended-slash": "/stage//proxy-value",
    "invocation-payload-with-prepended-slash-to-stage": "//stage/proxy-value",
    "invocation-payload-with-trailing-slash": "/stage/proxy-value/",
    "invocation-payload-with-trailing-slash-and-query-params": "/stage/proxy-value/?urlparam=test",
    "invocation-payload-without-trailing-slash": "/stage/proxy-value",
    "invocation-payload-without-trailing-slash-and-query-params": "/stage/proxy-value?urlparam=test",
}


def comparable(event: dict[str, Any]) -> dict[str, Any]:
    """An event without the headers of the content network; the account is that of these stories, and a set of own
    headers that the recorder wrote as one text stands as a list."""
    event = json.loads(json.dumps(event).replace("111111111111", "123456789012"))
    event["headers"] = without_network(event["headers"])
    several = without_network(event["multiValueHeaders"])
    event["multiValueHeaders"] = {
        name: values if isinstance(values, list) else [values] for name, values in several.items()
    }
    return event


def same(recorded: dict[str, Any], event: dict[str, Any]) -> None:
    recorded, event = comparable(recorded), comparable(event)
    for which in ("headers", "multiValueHeaders"):
        # Values of lists are compared one by one, so that placeholders in them count.
        recorded[which], event[which] = (
            {name: values[0] if isinstance(values, list) else values for name, values in each[which].items()}
            for each in (recorded, event)
        )
    assert difference(recorded, event) is None


def test_every_recorded_event_is_called_for() -> None:
    assert CALLS.keys() == EVENTS.keys()


@pytest.mark.parametrize("name", CALLS)
async def test_lambda_aws_proxy_integration(gateway: GatewayHarness, name: str) -> None:
    """Recorded: the event, member by member, for every spelling of path and query."""
    arn = gateway.functions.runs("fn", {"statusCode": 200})
    integration = lambda_proxy(arn)
    api = rest_api(any_method("/{proxy+}", integration), any_method("/hardcoded", integration), stage("stage"))
    gateway.serve(api)
    if EVENTS[name]["httpMethod"] == "POST":
        own = {"Content-Type": "application/json;charset=utf-8", "Authorization": "token"}
        await gateway.post(CALLS[name], json.dumps({"message": "hello world"}).encode(), headers={**SENT, **own})
    else:
        own = {"Authorization": "random-value", "tEsT-HEADeR": "aValUE"}
        await gateway.get(CALLS[name], headers={**SENT, **own})

    same(EVENTS[name], gateway.functions.invocations[-1].event)


async def test_lambda_aws_proxy_integration_request_data_mapping(gateway: GatewayHarness) -> None:
    """Recorded: mappings of parameters do not reach a proxy's event."""
    arn = gateway.functions.runs("fn", {"statusCode": 200})
    mapping = {
        "integration.request.header.headerVar": "method.request.header.foobar",
        "integration.request.path.qs": "method.request.path.pathVariable",
        "integration.request.querystring.queryString": "method.request.querystring.testQueryString",
    }
    route = any_method("/{pathVariable}", lambda_proxy(arn, request_parameters=mapping))
    gateway.serve(rest_api(route, stage("test")))
    own = {
        "Content-Type": "application/json", "Accept": "application/json", "User-Agent": "test/integration",
        "headerVar": "request-value", "foobar": "mapped-value",
    }  # fmt: skip

    await gateway.post(
        "/test/foobar?testQueryString=foo&testVar=bar", b'{"message": "hello world"}', headers={**SENT, **own}
    )

    recorded = RECORDINGS["test_lambda_aws_proxy_integration_request_data_mapping"]
    same(recorded["http-proxy-invocation-data-mapping"]["content"], gateway.functions.invocations[-1].event)


async def test_lambda_aws_proxy_integration_non_post_method(gateway: GatewayHarness) -> None:
    """Recorded: Lambda is invoked by POST alone, and the gateway's answer is a failure."""
    arn = gateway.functions.runs("fn", {"statusCode": 200})
    gateway.serve(rest_api(get("/fn", lambda_proxy(arn, http_method="GET"))))

    answer = await gateway.get("/prod/fn")

    recorded = RECORDINGS["test_lambda_aws_proxy_integration_non_post_method"]
    assert answer.json() == recorded["invocation-payload-with-get-proxy-method"]
    assert (answer.status, gateway.functions.invocations) == (500, [])


RESULTS: dict[str, Any] = {
    "invoke-api-b64-encoded-false": {"statusCode": 200, "body": "dGVzdC1kYXRh", "isBase64Encoded": False},
    "invoke-api-b64-encoded-true": {"statusCode": 200, "body": "dGVzdC1kYXRh", "isBase64Encoded": True},
    "invoke-api-empty-response": {},
    "invoke-api-invalid-status-code": {"statusCode": "wrong"},
    "invoke-api-just-string": "just a string",
    "invoke-api-multi-headers-invalid": {"statusCode": 200, "multiValueHeaders": {"test-multi": "value1"}},
    "invoke-api-multi-headers-overwrite": {
        "statusCode": 200,
        "headers": {"test-multi": "value-solo"},
        "multiValueHeaders": {"test-multi": ["value-multi"]},
    },
    "invoke-api-multi-headers-overwrite-casing": {
        "statusCode": 200,
        "headers": {"test-multi": "value-solo"},
        "multiValueHeaders": {"tesT-Multi": ["value-multi"]},
    },
    "invoke-api-multi-headers-valid": {"statusCode": 200, "multiValueHeaders": {"test-multi": ["value1", "value2"]}},
    "invoke-api-no-body": {"statusCode": 200},
    "invoke-api-only-headers": {"headers": {"test-header": "value"}},
    "invoke-api-status-code-str": {"statusCode": "201"},
    "invoke-api-with-headers": {"statusCode": 200, "headers": {"test-header": "value", "header-bool": True}},
    "invoke-api-with-headers-null": {"statusCode": 200, "headers": {"test-header": None}},
    "invoke-api-wrong-format": {"wrong": "format"},
}


@pytest.mark.parametrize("name", RECORDINGS["test_aws_proxy_response_payload_format_validation"])
async def test_aws_proxy_response_payload_format_validation(gateway: GatewayHarness, name: str) -> None:
    """Recorded: which results are answers. Names of headers are in lower case here, and the recorder's client joined values."""
    recorded = RECORDINGS["test_aws_proxy_response_payload_format_validation"][name]
    arn = gateway.functions.runs("fn", RESULTS[name])
    gateway.serve(rest_api(get("/fn", lambda_proxy(arn))))

    answer = await gateway.get("/prod/fn", accept="*/*")

    assert difference(recorded["content"], answer.body.decode()) is None
    assert answer.status == (502 if isinstance(recorded["content"], dict) else 201 if "status-code" in name else 200)
    joined: dict[str, str] = {}
    for header, value in answer.headers:
        joined[header] = f"{joined[header]}, {value}" if header in joined else value
    for header, value in without_network(recorded.get("headers", {})).items():
        if header not in ("Connection", "Date"):  # the server's
            assert difference(value, joined.pop(header.lower()), header) is None
    if "headers" in recorded:
        assert joined.keys() == {"x-gatehouse-deployment"}


async def test_lambda_aws_integration(gateway: GatewayHarness) -> None:
    """Recorded: what the function returns is the answer's body."""
    recorded = RECORDINGS["test_lambda_aws_integration"]["lambda-aws-integration"]
    arn = gateway.functions.runs("fn", lambda event: {"message": event["message"]})
    gateway.serve(rest_api(post("/test", lambda_custom(arn))))

    assert (await gateway.post("/prod/test", json.dumps(recorded).encode())).json() == recorded


@pytest.mark.parametrize(("wanted", "body"), [("202", "noerror"), ("400", "customerror")])
async def test_lambda_aws_integration_response_with_mapping_templates(
    gateway: GatewayHarness, wanted: str, body: str
) -> None:
    """Recorded: response templates choose the status by what the function returns."""
    recorded = RECORDINGS["test_lambda_aws_integration_response_with_mapping_templates"][f"response-template-{wanted}"]
    template = (
        "#set($result = $input.path('$'))$input.json('$')"
        "#if($result.body == 'customerror')#set($context.responseOverride.status = 400)"
        "#{else}#set($context.responseOverride.status = 202)#end"
    )
    arn = gateway.functions.runs("fn", lambda event: {"statusCode": 200, "body": event["body"]})
    gateway.serve(rest_api(post("/test", lambda_custom(arn, response(200, template)))))

    answer = await gateway.post("/prod/test", json.dumps({"body": body}).encode())

    assert {"statusCode": answer.status, "body": answer.json()} == recorded


@pytest.mark.parametrize(("status", "word"), [("200", ""), ("400", "four"), ("500", "five")])
async def test_lambda_selection_patterns(gateway: GatewayHarness, status: str, word: str) -> None:
    """Recorded: the message of the function's error selects the response, and the error is its body."""
    recorded = RECORDINGS["test_lambda_selection_patterns"][f"lambda-selection-pattern-{status}"]
    failed = FunctionAnswer(json.dumps(recorded).encode(), "Unhandled")
    arn = gateway.functions.runs("fn", failed if word else recorded)
    patterns = (response(200), response(400, pattern=".*four hundred.*"), response(500, pattern=".+five hundred.+"))
    gateway.serve(rest_api(get("/test", lambda_custom(arn, *patterns))))

    answer = await gateway.get("/prod/test")

    assert (str(answer.status), answer.json()) == (status, recorded)


@pytest.mark.parametrize("kind", ["AWS_PROXY", "MOCK"])
@pytest.mark.parametrize("sent", [None, "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"])
async def test_invocation_trace_id(gateway: GatewayHarness, kind: str, sent: str | None) -> None:
    """Recorded: an answer tells its trace where something stands behind it."""
    arn = gateway.functions.runs("fn", {"statusCode": 200})
    gateway.serve(rest_api(get("/test", lambda_proxy(arn) if kind == "AWS_PROXY" else mock(200))))

    answer = await gateway.get("/prod/test", **({} if sent is None else {"x_amzn_trace_id": sent}))

    recorded = RECORDINGS["test_invocation_trace_id"][f"{'trace-id' if sent else 'normal'}-req-headers-{kind}"]
    expected = without_network(recorded).keys() - {"connection", "date"}  # the server's
    assert {name for name, _ in answer.headers} - {"x-gatehouse-deployment"} == expected
