"""HTTP and HTTP_PROXY integrations: what the back end sees, and what the caller gets."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.gateway_runtime.plane.backend import Answer, Backend
from tests.gateway_runtime.plane.builders import API, any_method, get, http, http_proxy, post, response, rest_api, stage
from tests.gateway_runtime.plane.harness import GatewayHarness

PROXY = {"integration.request.path.proxy": "method.request.path.proxy"}


def everything(backend: Backend) -> object:
    return any_method("/{proxy+}", http_proxy(f"{backend.url}/base/{{proxy}}", request_parameters=PROXY))


async def test_a_proxy_passes_path_query_headers_and_body_as_sent(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(rest_api(everything(backend)))

    answer = await gateway.call(
        "PUT",
        "/prod/a%20b//c?x=1&x=%2B2&y",
        b'{"a":1}',
        headers=[("X-Two", "1"), ("X-Two", "2"), ("User-Agent", "test/1")],
    )

    assert answer.json() == {"from": "backend"}
    seen = backend.last
    assert (seen.method, seen.target, seen.body) == ("PUT", "/base/a%20b//c?x=1&x=%2B2&y", b'{"a":1}')
    assert [value for name, value in seen.headers if name == "x-two"] == ["1", "2"]
    assert seen.header("user-agent") == "test/1"
    assert seen.header("host") == f"127.0.0.1:{backend.port}"
    assert seen.header("x-amzn-apigateway-api-id") == API


async def test_a_proxy_says_who_called_and_believes_nobody_else(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(rest_api(everything(backend)))

    answer = await gateway.get(
        "/prod/a",
        headers={
            "X-Forwarded-For": "6.6.6.6",
            "Forwarded": "for=6.6.6.6",
            "Connection": "x-secret, X-Forwarded-For",
            "X-Secret": "1",
        },
    )

    seen = backend.last
    assert [value for name, value in seen.headers if name == "x-forwarded-for"] == ["192.0.2.7"]
    assert (seen.header("x-forwarded-proto"), seen.header("x-forwarded-port")) == ("http", "8080")
    assert seen.header("forwarded") is None
    assert seen.header("x-secret") is None
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", seen.header("x-amzn-trace-id") or "")
    assert answer.header("x-amzn-trace-id") == seen.header("x-amzn-trace-id")


async def test_a_callers_trace_goes_on(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(rest_api(everything(backend)))
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"

    answer = await gateway.get("/prod/a", x_amzn_trace_id=trace)

    assert (backend.last.header("x-amzn-trace-id"), answer.header("x-amzn-trace-id")) == (trace, trace)


async def test_some_of_a_back_ends_headers_come_back_under_other_names(
    gateway: GatewayHarness, backend: Backend
) -> None:
    backend.answers(
        201, {"a": 1}, Date="yesterday", Server="old", x_amzn_requestid="theirs", x_own="kept", x_amzn_errortype="Fake"
    )
    gateway.serve(rest_api(everything(backend)))

    answer = await gateway.get("/prod/a")

    assert answer.status == 201
    assert answer.header("x-amzn-remapped-date") == "yesterday"
    assert answer.header("x-amzn-remapped-server") == "old"
    assert answer.header("x-amzn-remapped-x-amzn-requestid") == "theirs"
    assert answer.header("x-amzn-remapped-content-length") == "8"
    assert answer.header("content-length") == "8"
    assert answer.header("x-own") == "kept"
    assert answer.header("x-amzn-requestid") != "theirs"
    assert answer.header("x-amzn-errortype") is None


async def test_binary_bodies_pass_untouched_both_ways(gateway: GatewayHarness, backend: Backend) -> None:
    noise = bytes(range(256)) * 40
    backend.answers(200, noise, Content_Type="application/octet-stream")
    gateway.serve(rest_api(everything(backend)))

    answer = await gateway.post("/prod/a", noise)

    assert (backend.last.body, answer.body) == (noise, noise)


async def test_a_body_in_chunks_arrives_whole(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(rest_api(everything(backend)))

    await gateway.post("/prod/a", chunks=[b"one,", b"two,", b"three"])

    assert backend.last.body == b"one,two,three"


async def test_a_body_above_ten_megabytes_is_too_long(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(rest_api(everything(backend)))
    piece = b"x" * (1 << 20)

    declared = await gateway.post("/prod/a", b"", content_length=str(11 << 20))
    streamed = await gateway.post("/prod/a", chunks=[piece] * 11)

    for answer in (declared, streamed):
        assert (answer.status, answer.json()) == (413, {"message": "Request Too Long"})
        assert answer.header("x-amzn-errortype") == "RequestEntityTooLargeException"


async def test_head_keeps_the_length_and_sends_no_body(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answers(200, b"12345")
    gateway.serve(rest_api(everything(backend)))

    answer = await gateway.call("HEAD", "/prod/a")

    assert (answer.header("content-length"), answer.body) == ("5", b"")


async def test_stage_variables_choose_the_back_end(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(
        rest_api(
            get("/a", http_proxy("http://${stageVariables.host}/${stageVariables.path}")),
            stage("prod", variables={"host": f"127.0.0.1:{backend.port}", "path": "v2"}),
            stage("bare"),
        )
    )

    assert (await gateway.get("/prod/a")).status == 200
    assert backend.last.target == "/v2"
    missing = await gateway.get("/bare/a")
    assert (missing.status, missing.json()) == (500, {"message": "Internal server error"})


async def test_mapped_parameters_replace_those_of_the_same_name(gateway: GatewayHarness, backend: Backend) -> None:
    mapping = {
        "integration.request.querystring.q": "method.request.header.x-q",
        "integration.request.querystring.all": "method.request.multivaluequerystring.v",
        "integration.request.header.X-Path": "method.request.path.id",
        "integration.request.header.X-Stage": "context.stage",
        "integration.request.header.X-Body": "method.request.body.pet.names[1]",
        "integration.request.path.where": "stageVariables.where",
    }
    gateway.serve(
        rest_api(
            post("/pets/{id}", http_proxy(f"{backend.url}/{{where}}/x?fixed=1", request_parameters=mapping)),
            stage("prod", variables={"where": "a/../b"}),
        )
    )

    await gateway.post(
        "/prod/pets/r%C3%A9x?q=old&v=1&v=2", b'{"pet":{"names":["a","Bello"]}}', x_q="new one", x_path="forged"
    )

    seen = backend.last
    assert seen.target == "/a%2F..%2Fb/x?fixed=1&v=1&v=2&all=1&all=2&q=new%20one"
    assert (seen.header("x-stage"), seen.header("x-body")) == ("prod", "Bello")
    assert [value.encode("latin-1").decode() for name, value in seen.headers if name == "x-path"] == ["réx"]
    assert seen.body == b'{"pet":{"names":["a","Bello"]}}'


async def test_a_custom_integration_sends_only_what_is_mapped(gateway: GatewayHarness, backend: Backend) -> None:
    mapping = {
        "integration.request.querystring.kind": "'cat'",
        "integration.request.header.X-One": "method.request.header.x-one",
    }
    gateway.serve(rest_api(post("/pets", http(f"{backend.url}/in", request_parameters=mapping))))

    answer = await gateway.post(
        "/prod/pets?other=1", b"plain", x_one="1", x_two="2", content_type="text/plain", user_agent="me"
    )

    seen = backend.last
    assert (seen.method, seen.target, seen.body) == ("POST", "/in?kind=cat", b"plain")
    assert (seen.header("x-one"), seen.header("x-two")) == ("1", None)
    assert seen.header("user-agent") == f"AmazonAPIGateway_{API}"
    assert seen.header("content-type") == "text/plain"
    assert answer.json() == {"from": "backend"}


async def test_a_static_request_template_replaces_the_body(gateway: GatewayHarness, backend: Backend) -> None:
    templates: dict[str, str | None] = {"application/json": '{"static": true}'}
    gateway.serve(rest_api(post("/pets", http(backend.url, request_templates=templates, passthrough_behavior="NEVER"))))

    assert (await gateway.post("/prod/pets", b"{}")).status == 200
    assert backend.last.body == b'{"static": true}'
    refused = await gateway.post("/prod/pets", b"x", content_type="text/xml")
    assert (refused.status, refused.json(), len(backend.requests)) == (415, {"message": "Unsupported Media Type"}, 1)


async def test_the_back_ends_status_selects_the_response_and_its_mapping(
    gateway: GatewayHarness, backend: Backend
) -> None:
    answers = (
        response(200, None, x_total="integration.response.header.X-Count", x_name="integration.response.body.pet.name"),
        response(410, "gone", "40[0-9]", content_type="text/plain"),
    )
    gateway.serve(rest_api(get("/pets", http(backend.url, "GET", *answers))))

    backend.answers(200, {"pet": {"name": "Rex"}}, x_count="3", x_hidden="1")
    found = await gateway.get("/prod/pets")
    backend.answers(404, b"who?")
    gone = await gateway.get("/prod/pets")

    assert (found.status, found.json()) == (200, {"pet": {"name": "Rex"}})
    assert (found.header("x-total"), found.header("x-name"), found.header("x-hidden")) == ("3", "Rex", None)
    assert (gone.status, gone.body, gone.header("content-type")) == (410, b"gone", "text/plain")


async def test_a_back_end_that_hangs_times_out(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answer = Answer(before=lambda: asyncio.Event().wait())
    gateway.serve(rest_api(get("/slow", http_proxy(backend.url, timeout_in_millis=60))))

    answer = await gateway.get("/prod/slow")

    assert (answer.status, answer.json()) == (504, {"message": "Endpoint request timed out"})


async def test_a_back_end_that_refuses_is_an_integration_failure(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/gone", http_proxy("http://127.0.0.1:1/"))))

    answer = await gateway.get("/prod/gone")

    assert (answer.status, answer.json()) == (504, {"message": "Network error communicating with endpoint"})


async def test_garbage_from_the_back_end_is_a_bad_gateway(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answer = Answer(raw=b"HTTP/9.9 what\r\n\r\n", close=True)
    gateway.serve(rest_api(get("/bad", http_proxy(backend.url))))

    answer = await gateway.get("/prod/bad")

    assert (answer.status, answer.json()) == (502, {"message": "Internal server error"})


async def test_an_answer_that_breaks_off_never_ends_cleanly(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answer = Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", close=True)
    gateway.serve(rest_api(get("/half", http_proxy(backend.url))))

    answer = await gateway.get("/prod/half")

    assert not answer.complete


@pytest.mark.parametrize("integration_type", ["HTTP", "HTTP_PROXY"])
async def test_recorded_status_passthrough(gateway: GatewayHarness, backend: Backend, integration_type: str) -> None:
    """Recorded: test_http_integration_invoke_status_code_passthrough."""
    recorded = {"HTTP": (200, 200), "HTTP_PROXY": (200, 400)}[integration_type]
    answers = (response(200), response(200, None, "200"))
    members = {"request_parameters": {"integration.request.path.status": "method.request.path.status"}}
    uri = f"{backend.url}/status/{{status}}"
    made = http(uri, "GET", *answers, **members) if integration_type == "HTTP" else http_proxy(uri, **members)
    gateway.serve(rest_api(get("/{status}", made)))
    backend.choose = lambda seen: Answer(int(seen.target[-3:]), b'{"message": ""}')

    assert ((await gateway.get("/prod/200")).status, (await gateway.get("/prod/400")).status) == recorded
