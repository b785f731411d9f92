"""Integrations with functions that really run: the gateway, the client of its workers, and a function host."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.gateway_runtime.functions.hosting import HostHarness
from tests.gateway_runtime.plane.builders import (
    get,
    lambda_custom,
    lambda_proxy,
    lambda_stream,
    post,
    response,
    rest_api,
)
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness

ECHO = """
import json
def handler(event, context):
    return {"statusCode": "201", "headers": {"X-Function": context.function_name}, "body": json.dumps(event)}
"""
PICKY = """
def handler(event, context):
    if event["name"] == "nobody":
        raise ValueError("no such pet")
    return {"hello": event["name"]}
"""
# A runtime of one's own, which streams the answer to every invocation.
STREAMING = """#!/usr/bin/env python3
import http.client, json, os
host = os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    api = http.client.HTTPConnection(host)
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    invocation = api.getresponse()
    event = json.loads(invocation.read())
    request_id = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
    def answer():
        yield json.dumps({"statusCode": 206, "headers": {"Content-Type": "text/plain"}}).encode()
        yield bytes(8)
        yield event["path"].encode()
        yield b" streamed"
    headers = {
        "Lambda-Runtime-Function-Response-Mode": "streaming",
        "Content-Type": "application/vnd.awslambda.http-integration-response",
        "Transfer-Encoding": "chunked",
    }
    path = f"/2018-06-01/runtime/invocation/{request_id}/response"
    api.request("POST", path, answer(), headers, encode_chunked=True)
    api.getresponse().read()
"""


@pytest.fixture
async def gateway(functions: HostHarness) -> AsyncIterator[GatewayHarness]:
    async with GatewayHarness(FakeClock()) as harness:
        harness.services = replace(harness.services, functions=functions.client)
        yield harness


async def test_a_proxy_answers_with_what_the_function_returns(gateway: GatewayHarness, functions: HostHarness) -> None:
    arn = await functions.runs("echo", ECHO)
    gateway.serve(rest_api(post("/pets/{id}", lambda_proxy(arn))))

    answer = await gateway.post("/prod/pets/7", b'{"name": "Rex"}')

    assert (answer.status, answer.header("x-function")) == (201, "echo")
    assert (answer.json()["pathParameters"], json.loads(answer.json()["body"])) == ({"id": "7"}, {"name": "Rex"})


async def test_an_error_of_the_function_selects_the_response(gateway: GatewayHarness, functions: HostHarness) -> None:
    arn = await functions.runs("picky", PICKY)
    missing = response(404, "$input.json('$.errorMessage')", pattern="no such.*")
    gateway.serve(rest_api(post("/pets", lambda_custom(arn, response(200), missing))))

    found, lost = [await gateway.post("/prod/pets", b'{"name": "%b"}' % name) for name in (b"Rex", b"nobody")]

    assert (found.status, found.json()) == (200, {"hello": "Rex"})
    assert (lost.status, lost.json()) == (404, "no such pet")


async def test_client_context_and_log_pass_through_mapped_headers(
    gateway: GatewayHarness, functions: HostHarness
) -> None:
    source = "def handler(event, context):\n    print('here I am')\n    return context.client_context.custom"
    arn = await functions.runs("told", source)
    mapping = {
        "integration.request.header.X-Amz-Client-Context": "method.request.header.Context",
        "integration.request.header.X-Amz-Log-Type": "'Tail'",
    }
    seen = response(200, Log="integration.response.header.X-Amz-Log-Result")
    gateway.serve(rest_api(post("/pets", lambda_custom(arn, seen, request_parameters=mapping))))
    told = base64.b64encode(b'{"custom": {"who": "alice"}}').decode()

    answer = await gateway.post("/prod/pets", b"{}", Context=told)

    assert answer.json() == {"who": "alice"}
    assert b"here I am" in base64.b64decode(answer.header("log") or "")


@pytest.mark.parametrize(
    ("header", "status"), [("X-Amz-Tenant-Id", 500), ("X-Amz-Durable-Execution-Name", 500), ("X-Other", 200)]
)
async def test_what_no_function_here_has_is_refused_by_name(
    gateway: GatewayHarness, functions: HostHarness, header: str, status: int
) -> None:
    arn = await functions.runs("plain", "def handler(event, context): return 1")
    mapping = {f"integration.request.header.{header}": "'blue'"}
    gateway.serve(rest_api(post("/pets", lambda_custom(arn, request_parameters=mapping))))

    assert (await gateway.post("/prod/pets", b"{}")).status == status


async def test_a_dry_run_runs_nothing(gateway: GatewayHarness, functions: HostHarness) -> None:
    arn = await functions.runs("broken", "def handler(event, context): raise ValueError('it ran')")
    mapping = {"integration.request.header.X-Amz-Invocation-Type": "'DryRun'"}
    gateway.serve(rest_api(post("/pets", lambda_custom(arn, request_parameters=mapping))))

    answer = await gateway.post("/prod/pets", b"{}")

    assert (answer.status, answer.body) == (200, b"")


async def test_a_function_whose_policy_does_not_admit_the_api_is_not_invoked(
    gateway: GatewayHarness, functions: HostHarness
) -> None:
    arn = await functions.runs("echo", ECHO, policy=None)
    as_role = lambda_proxy(arn, credentials="arn:aws:iam::123456789012:role/pets")
    gateway.serve(rest_api(get("/denied", lambda_proxy(arn)), get("/as-role", as_role)))

    denied, as_role_answer = await gateway.get("/prod/denied"), await gateway.get("/prod/as-role")

    assert (denied.status, denied.json()) == (500, {"message": "Internal server error"})
    assert as_role_answer.status == 201


async def test_a_function_that_is_late_times_out(gateway: GatewayHarness, functions: HostHarness) -> None:
    arn = await functions.runs("slow", "import time\ndef handler(event, context): time.sleep(30)")
    gateway.serve(rest_api(get("/slow", lambda_proxy(arn, timeout_in_millis=300))))

    answer = await gateway.get("/prod/slow")

    assert (answer.status, answer.json()) == (504, {"message": "Endpoint request timed out"})


async def test_a_function_streams_its_response(gateway: GatewayHarness, functions: HostHarness) -> None:
    arn = await functions.runs("stream", {"bootstrap": STREAMING}, runtime="provided.al2023", handler="none")
    gateway.serve(rest_api(get("/pets", lambda_stream(arn))))

    answer = await gateway.get("/prod/pets")

    assert (answer.status, answer.body) == (206, b"/pets streamed")
    assert answer.header("content-type") == "text/plain"
