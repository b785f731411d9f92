"""Runtimes that functions bring themselves: the Runtime API as they speak it, well or badly."""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway_runtime.functions.http import Exchange, HttpConnection
from tests.gateway_runtime.functions.hosting import HostHarness

PROVIDED = {"runtime": "provided.al2023", "handler": "any"}
# A runtime of few lines: `act(api, request_id, event)` is what a story makes of it.
RUNTIME = """#!{python}
import http.client, os, socket, sys, time
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
def call(method, path, body=b"", **headers):
    connection = http.client.HTTPConnection(host, int(port))
    connection.request(method, "/2018-06-01/runtime/" + path, body, headers)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()
def raw(data):
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(data)
        connection.settimeout(5)
        return connection.recv(65536)
{act}
while True:
    status, headers, event = call("GET", "invocation/next")
    names = {{name.lower(): value for name, value in headers.items()}}
    act(names["lambda-runtime-aws-request-id"], event)
"""


async def deploy(functions: HostHarness, name: str, act: str, **members: object) -> str:
    bootstrap = RUNTIME.format(python=sys.executable, act=act)
    return await functions.runs(name, {"bootstrap": bootstrap}, **{**PROVIDED, **members})


async def test_a_bootstrap_of_ones_own_answers(functions: HostHarness):
    act = 'def act(id, event): call("POST", f"invocation/{id}/response", b"[" + event + b"]")'
    arn = await deploy(functions, "own", act)

    assert [await functions.result(arn, number) for number in (1, 2)] == [[1], [2]]


async def test_a_package_without_a_bootstrap_says_so(functions: HostHarness):
    arn = await functions.runs("without", {"other": "x"}, **PROVIDED)

    assert "valid bootstrap" in (await functions.error(arn))["errorMessage"]


async def test_garbage_from_a_runtime_costs_nobody_else_anything(functions: HostHarness):
    act = r"""
def act(id, event):
    assert raw(b"\x00\xff garbage\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert raw(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").startswith(b"HTTP/1.1 404")
    assert raw(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n").startswith(b"HTTP/1.1 403")
    assert raw(b"GET / HTTP/1.1\r\n" + b"x: " + b"y" * 70000 + b"\r\n\r\n").startswith(b"HTTP/1.1 400")
    status, _, body = call("POST", "invocation/another/response", b"stolen")
    assert (status, b"InvalidRequestID" in body) == (400, True), (status, body)
    assert call("POST", f"invocation/{id}/whatever", b"")[0] == 404
    call("POST", f"invocation/{id}/response", b'"survived"')
    assert call("POST", f"invocation/{id}/response", b'"twice"')[0] == 400
"""
    arn = await deploy(functions, "garbage", act)
    other = await functions.runs("other", "def handler(event, context): return event")

    assert [await functions.result(arn) for _ in range(2)] == ["survived", "survived"]
    assert await functions.result(other, 5) == 5


async def test_an_answer_that_is_no_json_is_passed_on_as_it_is(functions: HostHarness):
    arn = await deploy(
        functions, "text", 'def act(id, event): call("POST", f"invocation/{id}/response", b"\\xff not json")'
    )

    assert (await functions.invoke(arn)).payload == b"\xff not json"


async def test_a_runtime_that_ends_without_a_word_is_told(functions: HostHarness):
    arn = await deploy(functions, "silent", "def act(id, event): sys.exit(0)")

    assert (await functions.error(arn))["errorMessage"].endswith("Runtime exited without providing a reason")


async def test_a_runtime_that_never_asks_for_an_event_is_ended(functions: HostHarness):
    arn = await functions.runs("never", {"bootstrap": f"#!{sys.executable}\nimport sys; sys.exit(3)"}, **PROVIDED)

    error = await functions.error(arn)

    assert (error["errorType"], error["errorMessage"][-13:]) == ("Runtime.ExitError", "exit status 3")


class _Remembering:
    """A handler that answers everything."""

    body_bytes = 1000

    def __init__(self) -> None:
        self.connections: set[HttpConnection] = set()
        self.bodies: list[bytes] = []

    def begin(self, exchange: Exchange) -> None: ...

    def complete(self, exchange: Exchange) -> None:
        self.bodies.append(bytes(exchange.body))
        exchange.respond(200)


class _Transport:
    def __init__(self) -> None:
        self.written = b""
        self.closing = False

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closing = True

    abort = close

    def pause_reading(self) -> None: ...

    resume_reading = pause_reading


@given(st.lists(st.binary(max_size=60), max_size=5), st.integers(1, 30))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_bytes_of_any_kind_and_cut_are_answered_or_refused(pieces: list[bytes], step: int):
    request = b"POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nabc"
    handler = _Remembering()
    connection = HttpConnection(handler)
    transport = _Transport()
    connection.connection_made(transport)  # type: ignore[arg-type]

    for at in range(0, len(request), step):
        connection.data_received(request[at : at + step])
    for piece in pieces:
        if not transport.closing:
            connection.data_received(piece)

    assert handler.bodies[0] == b"abc"
    assert transport.written.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("size", [1000, 1001])
def test_a_body_beyond_its_bound_is_not_kept(size: int):
    handler = _Remembering()
    connection = HttpConnection(handler)
    connection.connection_made(_Transport())  # type: ignore[arg-type]

    connection.data_received(b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size)

    assert len(handler.bodies[0]) == (1000 if size == 1000 else 0)
