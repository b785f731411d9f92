"""Invocations as AWS answered them (recordings published by the LocalStack project under Apache-2.0), rebuilt here."""

from __future__ import annotations

import pytest

from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import (
    API,
    any_method,
    get,
    http_proxy,
    mock,
    post,
    response,
    rest_api,
    route,
    stage,
)
from tests.gateway_runtime.plane.harness import GatewayHarness

ADDRESSES = {
    "HOST_BASED": ("/local/part", f"{API}.execute-api.localhost"),
    "PATH_BASED": (f"/_aws/execute-api/{API}/local/part", "gateway.internal"),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("address", sorted(ADDRESSES))
@pytest.mark.parametrize("behavior", ["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES"])
async def test_mock_integration_response(gateway: GatewayHarness, behavior: str, address: str, method: str) -> None:
    """TestIntegrations.test_mock_integration_response[…]: {"id": 42, "statusCode": 200}."""
    templates = (
        {"application/json": '{"statusCode": 200}'}
        if behavior == "WHEN_NO_MATCH"
        else {"application/json": '{"statusCode": 200,\n}'}
    )
    integration = mock(
        request_templates=templates,
        passthrough_behavior=behavior,
        responses=(response(200, '{"statusCode": 200, "id": 42}'),),
    )
    gateway.serve(rest_api(route(method, "/part", integration), stage("local")))
    path, host = ADDRESSES[address]

    answer = await gateway.call(method, path, host=host)

    assert (answer.status, answer.json()) == (200, {"statusCode": 200, "id": 42})


async def test_routing_not_found(gateway: GatewayHarness) -> None:
    """TestApigatewayRouting.test_routing_not_found."""
    gateway.serve(rest_api(get("/existing", mock(200, '{"statusCode": 200, "message": "exists"}'))))

    working, missing, wrong = [
        await gateway.get("/prod/existing"),
        await gateway.get("/prod/random-path"),
        await gateway.post("/prod/existing"),
    ]

    assert working.json() == {"statusCode": 200, "message": "exists"}
    for answer in (missing, wrong):
        assert answer.json() == {"message": "Missing Authentication Token"}
        assert answer.header("x-amzn-errortype") == "MissingAuthenticationTokenException"


async def test_http_integration_with_lambda_proxy(gateway: GatewayHarness, backend: Backend) -> None:
    """test_http_integration_with_lambda[HTTP_PROXY]: what the back end sees, and the names of the answer's headers.

    The recorded `x-amzn-remapped-connection` is about the connection between AWS and the back end, which the pool keeps to itself.
    """
    backend.answers(
        200, {"ok": True}, Date="Mon", x_amzn_RequestId="theirs", x_amzn_trace_id="theirs", Connection="keep-alive"
    )
    gateway.serve(rest_api(post("/test", http_proxy(f"{backend.url}/", "POST"))))
    sent = {
        "Content-Type": "application/json",
        "Accept": "application/xml",
        "User-Agent": "test/integration",
        "Accept-Encoding": "gzip, deflate",
    }

    answer = await gateway.post("/prod/test", b'{"message": "hello world"}', headers=sent)

    assert {name for name, _ in backend.last.headers} == {
        "accept", "accept-encoding", "content-length", "content-type", "host", "user-agent", "x-amzn-apigateway-api-id",
        "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto",
    }  # fmt: skip
    assert backend.last.body == b'{"message": "hello world"}'
    assert {name for name, _ in answer.headers} - {"x-gatehouse-deployment"} == {
        "content-length", "content-type", "x-amz-apigw-id", "x-amzn-remapped-content-length", "x-amzn-remapped-date",
        "x-amzn-remapped-x-amzn-requestid", "x-amzn-requestid", "x-amzn-trace-id",
    }  # fmt: skip


async def test_http_proxy_integration_request_data_mappings(gateway: GatewayHarness, backend: Backend) -> None:
    """Recorded: all headers and query parameters pass, mapped ones beside them."""
    mapping = {
        "integration.request.header.headerVar": "method.request.header.foobar",
        "integration.request.querystring.queryString": "method.request.querystring.testQueryString",
    }
    gateway.serve(rest_api(any_method("/test", http_proxy(f"{backend.url}/", "POST", request_parameters=mapping))))

    await gateway.post("/prod/test?testQueryString=foo&testQs=bar&testQs=foo", b"{}", foobar="mapped-value")

    assert (backend.last.header("headervar"), backend.last.header("foobar")) == ("mapped-value", "mapped-value")
    assert backend.last.target == "/?testQueryString=foo&testQs=bar&testQs=foo&queryString=foo"
