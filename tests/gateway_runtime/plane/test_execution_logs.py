"""Execution logs: what a method's log level and data tracing write, in AWS's words."""

from __future__ import annotations

import pytest

from apps.core.documents import MethodSetting
from apps.core.execution_log import event, masked
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import (
    get,
    http,
    http_proxy,
    key,
    keys,
    mock,
    plan,
    post,
    response,
    rest_api,
    stage,
)
from tests.gateway_runtime.plane.harness import GatewayHarness


def at(level: str, *, data_trace: bool = False, **others: MethodSetting) -> dict[str, MethodSetting]:
    return {"*/*": MethodSetting(logging_level=level, data_trace_enabled=data_trace)} | others


def texts(gateway: GatewayHarness) -> list[str]:
    """The events without their moments and request ids."""
    return [line.split(") ", 1)[1] for lines in gateway.execution_logs.lines for line in lines.splitlines()]


async def test_info_tells_the_course_of_every_request(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(rest_api(get("/pets", http_proxy(f"{backend.url}/pets")), stage("prod", method_settings=at("INFO"))))

    answer = await gateway.get("/prod/pets")

    request_id = answer.header("x-amzn-requestid")
    assert texts(gateway) == [
        f"Extended Request Id: {answer.header('x-amz-apigw-id')}",
        "API Key authorized because method 'GET /pets' does not require API Key. Request will not contribute to throttle or quota limits",
        f"Starting execution for request: {request_id}",
        "HTTP Method: GET, Resource Path: /prod/pets",
        f"Sending request to {backend.url}/pets",
        "Received response. Status: 200, Integration latency: 0 ms",
        "Successfully completed execution",
        "Method completed with status: 200",
        f"X-ray Tracing ID : {answer.header('x-amzn-trace-id')}",
    ]
    assert gateway.execution_logs.lines[0].startswith(f"2023-11-14T22:13:20.000Z ({request_id}) ")


async def test_data_tracing_shows_requests_and_answers_in_full(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answers(200, '{"id":7}', x_backend="yes")
    method = post("/pets/{id}", http_proxy(f"{backend.url}/pets/7"))
    gateway.serve(rest_api(method, stage("prod", method_settings=at("INFO", data_trace=True))))

    answer = await gateway.post("/prod/pets/7?q=1", b'{"name":"Rex"}')

    assert answer.json() == {"id": 7}
    logged = "\n".join(texts(gateway))
    for expected in (
        "Method request path: {id=7}",
        "Method request query string: {q=1}",
        'Method request body before transformations: {"name":"Rex"}',
        f"Endpoint request URI: {backend.url}/pets/7?q=1",
        'Endpoint request body after transformations: {"name":"Rex"}',
        "X-Backend=yes",
        'Endpoint response body before transformations: {"id":7}',
        'Method response body after transformations: {"id":7}',
    ):
        assert expected in logged


async def test_data_tracing_leaves_templates_what_they_map(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answers(200, '{"id":7}')
    mapped = http(backend.url, "GET", response(200, '{"was":$input.path("$.id")}'))
    gateway.serve(rest_api(get("/pets", mapped), stage("prod", method_settings=at("INFO", data_trace=True))))

    answer = await gateway.get("/prod/pets")

    assert answer.json() == {"was": 7}
    assert 'Method response body after transformations: {"was":7}' in texts(gateway)


async def test_secrets_show_their_ends_alone(gateway: GatewayHarness, backend: Backend) -> None:
    secret = "a-very-secret-key-of-a-caller"
    gateway.serve(
        rest_api(
            get("/pets", http_proxy(backend.url)).with_key(),
            stage("prod", method_settings=at("INFO", data_trace=True)),
        ),
        plan(),
        keys(key(secret)),
    )

    await gateway.get("/prod/pets", x_api_key=secret, authorization="Bearer abcdefghijklmnopqrstuvwxyz")

    logged = "".join(gateway.execution_logs.lines)
    assert secret not in logged
    assert "abcdefghijklmnopqrst" not in logged
    assert "X-Api-Key=**********************caller" in logged
    assert "Authorization=**********************uvwxyz" in logged
    assert "Usage Plan check succeeded for API Key **********************caller" in logged


async def test_error_logs_what_failed_and_nothing_else(gateway: GatewayHarness) -> None:
    gateway.serve(
        rest_api(
            get("/pets", mock()),
            get("/down", http_proxy("http://127.0.0.1:9")),
            get("/keyed", mock()).with_key(),
            stage("prod", method_settings=at("ERROR")),
        )
    )

    for path in ("/prod/pets", "/prod/down", "/prod/keyed"):
        await gateway.get(path)

    assert [text for text in texts(gateway) if not text.startswith(("Extended", "X-ray"))] == [
        "Execution failed due to a network error communicating with endpoint",
        "Gateway response type: INTEGRATION_FAILURE with status code: 504",
        "Method completed with status: 504",
        "Forbidden",
        "Gateway response type: INVALID_API_KEY with status code: 403",
        "Method completed with status: 403",
    ]


async def test_off_writes_nothing_and_a_method_has_its_own_level(gateway: GatewayHarness) -> None:
    settings = at("INFO", **{"~1quiet/GET": MethodSetting(logging_level="OFF", data_trace_enabled=True)})
    gateway.serve(rest_api(get("/quiet", mock()), get("/loud", mock()), stage("prod", method_settings=settings)))

    await gateway.get("/prod/quiet")
    silent = list(gateway.execution_logs.lines)
    await gateway.get("/prod/loud")

    assert silent == []
    assert len(gateway.execution_logs.lines) == 1


@pytest.mark.parametrize("text", ["x" * 5000, "é" * 2000, "a\nb\x00" * 600])
def test_an_event_is_one_line_of_a_kilobyte_at_most(text: str) -> None:
    line = event("a-request", text)

    assert len(line.encode()) <= 1024
    assert line.isprintable()
    assert line.endswith(" [TRUNCATED]")


@pytest.mark.parametrize(("value", "shown"), [("", ""), ("ab", ""), ("abcdef", "ef"), ("x" * 40 + "abcdef", "abcdef")])
def test_a_mask_never_shows_more_than_a_third(value: str, shown: str) -> None:
    assert masked(value) == "*" * 22 + shown


async def test_a_log_that_names_authorization_has_its_requests_watched(gateway: GatewayHarness) -> None:
    text = "$context.authorizer.status $context.authorize.latency $context.status"
    gateway.serve(rest_api(get("/pets", mock()), stage("prod", log=text)))

    await gateway.get("/prod/pets")

    assert gateway.logs.lines == ["- - 200\n"]
