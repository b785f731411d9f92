"""Invocations as AWS answered them (recordings published by the LocalStack project under Apache-2.0), rebuilt here."""

from __future__ import annotations

import pytest

from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import (
    API,
    any_method,
    get,
    http,
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


async def test_integration_mock_with_path_param(gateway: GatewayHarness) -> None:
    """Recorded: the request template `{statusCode: 200}`, and a template with the path's parameter."""
    integration = mock(
        request_templates={"application/json": "{statusCode: 200}"},
        request_parameters={"integration.request.path.integrationPath": "method.request.path.testPath"},
        responses=(response(200, "$input.params('testPath')"),),
    )
    gateway.serve(rest_api(get("/{testPath}", integration)))

    answer = await gateway.get("/prod/foobar")

    assert (answer.status, answer.body) == (200, b"foobar")


@pytest.mark.parametrize(
    ("path", "text"),
    [("path1", "path was path one"), ("path2", "path was path two"), ("other", "this is the else clause")],
)
async def test_integration_mock_with_request_overrides_in_response_template(
    gateway: GatewayHarness, path: str, text: str
) -> None:
    """Recorded: what the request's template puts under requestOverride, the response's template reads."""
    request = '#set($context.requestOverride.path.testPath = $input.params("testPath")){"statusCode": 200}'
    answering = (
        "#if($context.requestOverride.path.testPath == 'path1')path was path one"
        "#elseif($context.requestOverride.path.testPath == 'path2')path was path two"
        "#{else}this is the else clause#end"
    )
    integration = mock(request_templates={"application/json": request}, responses=(response(200, answering),))
    gateway.serve(rest_api(get("/{testPath}", integration)))

    assert (await gateway.get(f"/prod/{path}")).body.decode() == text


@pytest.mark.parametrize("with_template", [True, False])
async def test_integration_mock_with_response_override_in_request_template(
    gateway: GatewayHarness, with_template: bool
) -> None:
    """Recorded: the request's template sets the answer's status, and what it makes up reaches the response's template."""
    request = """{"statusCode": 200}
#set($context.responseOverride.header.foo = "bar")
#set($context.responseOverride.status = 444)
#set($context.responseOverride.custom = "is also passed around")
"""
    answering = """{"statusOverride": "$context.responseOverride.status",
"fooHeader": "$context.responseOverride.header.foo", "custom": "$context.responseOverride.custom"}"""
    integration = mock(
        request_templates={"application/json": request},
        responses=(response(200, answering if with_template else None),),
    )
    gateway.serve(rest_api(get("/test", integration)))

    answer = await gateway.get("/prod/test")

    assert (answer.status, answer.header("foo")) == (444, "bar")
    if with_template:
        assert answer.json() == {"custom": "is also passed around", "fooHeader": "bar", "statusOverride": "444"}
    else:
        assert answer.body == b""


@pytest.mark.parametrize(("status", "answered"), [(200, 200), (400, 200)])
async def test_http_integration_invoke_status_code_passthrough(
    gateway: GatewayHarness, backend: Backend, status: int, answered: int
) -> None:
    """Recorded: an HTTP integration gives its own status and the back end's body."""
    backend.answers(status, {"message": "", "status_code": status})
    gateway.serve(rest_api(get("/test", http(backend.url, "GET", response(200)))))

    answer = await gateway.get("/prod/test")

    assert (answer.status, answer.json()) == (answered, {"message": "", "status_code": status})


async def test_invoke_test_method_s_template(gateway: GatewayHarness) -> None:
    """Recorded: a mock answers with the path's parameter."""
    integration = mock(200, '{"petId": "$input.params(\'petId\')"}')
    gateway.serve(rest_api(get("/pets/{petId}", integration)))

    assert (await gateway.get("/prod/pets/123")).json() == {"petId": "123"}


async def test_the_imported_template_of_all_parameters(gateway: GatewayHarness) -> None:
    """Recorded in imports: the template that hands all parameters on."""
    template = (
        '#set($allParams = $input.params())\n{\n  "params" : {\n    #foreach($type in $allParams.keySet())\n'
        '      #set($params = $allParams.get($type))\n      "$type" : {\n        #foreach($paramName in $params.keySet())\n'
        '          "$paramName" : "$util.escapeJavaScript($params.get($paramName))"\n'
        "          #if($foreach.hasNext),#end\n        #end\n      }\n      #if($foreach.hasNext),#end\n    #end\n  }\n}\n"
    )
    gateway.serve(rest_api(get("/{id}", mock(200, template))))

    answer = await gateway.get("/prod/7?a=1&b=%22x%22", accept="text/plain")

    assert answer.json()["params"] == {
        "path": {"id": "7"},
        "querystring": {"a": "1", "b": '"x"'},
        "header": {"host": f"{API}.execute-api.localhost", "accept": "text/plain"},
    }
