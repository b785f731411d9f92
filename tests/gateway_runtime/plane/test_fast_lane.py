"""The fast lane: what a walk past ASGI does as one by ASGI does. The plane's and the edge's other stories are told in the lane as well
with `GATEHOUSE_TESTED_BY=lane`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway_runtime.lane import Lane, Walk
from tests.gateway_runtime.edge.server import Edge, edge_server
from tests.gateway_runtime.plane.backend import Answer as Answered
from tests.gateway_runtime.plane.backend import Backend, Received
from tests.gateway_runtime.plane.builders import API, get, http_proxy, mock, post, rest_api
from tests.gateway_runtime.plane.harness import GatewayHarness

HOST = f"Host: {API}.execute-api.localhost\r\n".encode()


def ask(path: bytes, extra: bytes = b"", method: bytes = b"GET") -> bytes:
    return b"%b %b HTTP/1.1\r\n%b%b\r\n" % (method, path, HOST, extra)


@asynccontextmanager
async def lane_of(gateway: GatewayHarness) -> AsyncIterator[Edge]:
    async with edge_server(gateway.application, lane=Lane(gateway.application, asyncio.get_running_loop())) as edge:
        yield edge


async def until(condition: object) -> None:
    async with asyncio.timeout(5):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.001)


async def test_requests_on_one_connection_are_answered_in_their_order(
    gateway: GatewayHarness, backend: Backend
) -> None:
    backend.choose = lambda request: Answered(200, request.target.encode(), [])
    gateway.serve(rest_api(get("/{pet}", http_proxy(f"{backend.url}/x", "GET")), get("/mock", mock(200))))
    async with lane_of(gateway) as edge:
        pieces = [
            ask(b"/prod/a"),
            ask(b"/prod/mock"),
            ask(b"/prod/b"),
            ask(b"/prod/none/such", b"Connection: close\r\n"),
        ]
        for _ in range(2):  # the second time, the connection to the back end is there
            received, closed = await edge.talk(b"".join(pieces))
            statuses = re.findall(rb"HTTP/1.1 (\d+)", received)
            assert (statuses, closed) == ([b"200", b"200", b"200", b"403"], True)
        assert not edge.state.tasks


async def test_a_request_that_waits_for_its_back_end_is_among_the_servers_tasks(
    gateway: GatewayHarness, backend: Backend
) -> None:
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url, "GET"))))
    await gateway.get("/prod/pets")  # opens the connection
    seen: list[list[type]] = []

    def answer(request: Received) -> Answered:
        seen.append([type(task) for task in edge.state.tasks])
        return Answered(200, b"rex", [])

    backend.choose = answer
    async with lane_of(gateway) as edge:
        await edge.talk(ask(b"/prod/pets", b"Connection: close\r\n"))
        assert seen == [[Walk]]
        assert not edge.state.tasks


async def test_a_connection_that_the_back_end_has_given_up_costs_a_second_attempt(
    gateway: GatewayHarness, backend: Backend
) -> None:
    backend.answers(200, b"rex")
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url, "GET"))))
    async with lane_of(gateway) as edge:
        await edge.talk(ask(b"/prod/pets", b"Connection: close\r\n"))
        (place,) = gateway.pool._origins.values()
        # As a back end does whose patience ends at the very moment: the request is written, and the connection is gone.
        (idle,) = place.idle
        begin = idle.begin

        def begin_and_lose(*arguments: object) -> None:
            begin(*arguments)  # type: ignore[arg-type]
            idle.transport.abort()

        idle.begin = begin_and_lose  # type: ignore[method-assign]
        received, _ = await edge.talk(ask(b"/prod/pets", b"Connection: close\r\n"))
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b"rex")


async def test_a_client_that_leaves_ends_the_call_and_is_counted(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url, "GET"))))
    await gateway.get("/prod/pets")
    gateway.meter.answers.clear()
    asked = asyncio.Event()

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(never, "127.0.0.1", 0)
    uri = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    gateway.serve(rest_api(get("/pets", http_proxy(uri, "GET"))))
    await gateway.get("/prod/pets")
    async with lane_of(gateway) as edge:
        _, writer = await asyncio.open_connection("127.0.0.1", edge.port)
        writer.write(ask(b"/prod/pets"))
        await asked.wait()
        writer.transport.abort()
        await until(lambda: len(gateway.meter.answers) == 2)
        assert gateway.meter.answers[-1][2] == 499
        assert not edge.state.tasks
    silent.close()


@pytest.mark.parametrize("framing", [b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_bodies_pass_framed_anew(gateway: GatewayHarness, backend: Backend, framing: bytes) -> None:
    gateway.serve(rest_api(post("/pets", http_proxy(backend.url, "POST"))))
    body = b"rex" if b"Length" in framing else b"2\r\nre\r\n1\r\nx\r\n0\r\n\r\n"
    async with lane_of(gateway) as edge:
        for _ in range(2):
            await edge.talk(ask(b"/prod/pets", framing + b"Connection: close\r\n", b"POST") + body)
    assert [request.body for request in backend.requests] == [b"rex", b"rex"]


async def test_a_server_out_of_patience_cuts_the_connection(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url, "GET"))))
    await gateway.get("/prod/pets")

    def answer(request: Received) -> Answered:
        for task in edge.state.tasks:
            task.cancel()
        return Answered(200, b"too late", [])

    backend.choose = answer
    async with lane_of(gateway) as edge:
        assert await edge.talk(ask(b"/prod/pets")) == (b"", True)
        await until(lambda: not edge.state.tasks)
