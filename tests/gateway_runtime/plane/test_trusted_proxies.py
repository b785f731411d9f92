"""Whom load balancers in front of the gateway speak for, and that nobody else is believed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState
from websockets.asyncio.client import connect

from apps.core.environment import BadEnvironment, read_environment
from apps.core.trusted_proxies import TrustedProxies
from gateway_runtime.edge.forwarded import PROXIES_KEY
from gateway_runtime.edge.protocol import EdgeProtocol
from gateway_runtime.edge.websocket import EdgeWebSocket
from gateway_runtime.lane import Lane
from gateway_runtime.websocket.sockets import WebSockets
from tests.gateway_runtime.edge.server import IN_LANE, Edge, edge_server
from tests.gateway_runtime.plane import http_apis, sockets
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import API, get, http_proxy, lambda_proxy, mock, rest_api, stage
from tests.gateway_runtime.plane.harness import GatewayHarness
from tests.gateway_runtime.plane.worker import eventually

HERE = TrustedProxies((ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"), ip_network("fd00::/8")))
ELSEWHERE = TrustedProxies((ip_network("10.0.0.0/8"),))
HOST = f"{API}.execute-api.localhost"


@asynccontextmanager
async def behind(gateway: GatewayHarness, proxies: TrustedProxies) -> AsyncIterator[Edge]:
    """The gateway on a socket, whose clients are at 127.0.0.1."""
    loop = asyncio.get_running_loop()
    lane = Lane(gateway.application, loop) if IN_LANE else None
    async with edge_server(gateway.application, lane=lane, **{PROXIES_KEY: proxies}) as edge:
        yield edge


def request(path: str = "/prod/pets", host: str = HOST, close: bool = True, **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    ending = ["connection: close"] if close else []
    return "\r\n".join([f"GET {path} HTTP/1.1", f"host: {host}", *lines, *ending, "", ""]).encode()


async def test_the_caller_of_a_trusted_proxy_is_the_last_whom_it_does_not_trust(
    gateway: GatewayHarness, backend: Backend
) -> None:
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), stage("prod", log="$context.identity.sourceIp")))
    told = "6.6.6.6, 198.51.100.9, 10.0.0.5"

    async with behind(gateway, HERE) as edge:
        await edge.talk(request(x_forwarded_for=told, x_forwarded_proto="https", x_forwarded_port="8443"))

    assert gateway.logs.lines == ["198.51.100.9\n"]
    seen = backend.last
    assert [value for name, value in seen.headers if name == "x-forwarded-for"] == ["6.6.6.6, 198.51.100.9"]
    assert (seen.header("x-forwarded-proto"), seen.header("x-forwarded-port")) == ("https", "8443")


async def test_callers_on_one_connection_are_kept_apart(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), stage("prod", log="$context.identity.sourceIp")))
    asked = [request(x_forwarded_for=f"198.51.100.{number % 3}", close=number == 5) for number in range(6)]

    async with behind(gateway, HERE) as edge:
        await edge.talk(*asked)

    assert gateway.logs.lines == [f"198.51.100.{number % 3}\n" for number in range(6)]


async def test_others_are_appended_to_and_not_believed(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), stage("prod", log="$context.identity.sourceIp")))

    for proxies in (ELSEWHERE, TrustedProxies(())):
        async with behind(gateway, proxies) as edge:
            for _ in range(2):
                await edge.talk(request(x_forwarded_for="10.0.0.5, 6.6.6.6", x_forwarded_proto="https"))

    assert set(gateway.logs.lines) == {"127.0.0.1\n"}
    assert {seen.header("x-forwarded-for") for seen in backend.requests} == {"10.0.0.5, 6.6.6.6, 127.0.0.1"}
    assert {seen.header("x-forwarded-proto") for seen in backend.requests} == {"http"}


async def test_a_function_is_told_the_same_address_everywhere(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", {"statusCode": 200})
    gateway.serve(rest_api(get("/pets", lambda_proxy(arn))))

    async with behind(gateway, HERE) as edge:
        await edge.talk(request(x_forwarded_for="198.51.100.9", x_forwarded_proto="https"))

    event = gateway.functions.invocations[0].event
    assert event["requestContext"]["identity"]["sourceIp"] == "198.51.100.9"
    assert event["headers"]["X-Forwarded-For"] == "198.51.100.9"
    assert (event["headers"]["X-Forwarded-Proto"], event["headers"]["X-Forwarded-Port"]) == ("https", "443")


@pytest.mark.parametrize(("caller", "status"), [("198.51.100.9", b"200"), ("203.0.113.1", b"403")])
async def test_a_resource_policy_decides_about_the_caller(gateway: GatewayHarness, caller: str, status: bytes) -> None:
    allowed = {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}
    rule = {
        "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*", "Condition": allowed,
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [rule]})
    gateway.serve(replace(rest_api(get("/pets", mock())), policy=policy))

    async with behind(gateway, HERE) as edge:
        answer, _ = await edge.talk(request(x_forwarded_for=caller))

    assert answer.split()[1] == status


async def test_http_apis_say_in_one_header_for_whom(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(*http_apis.http_api(http_apis.route("GET /pets", http_apis.proxy(backend.url))))

    async with behind(gateway, HERE) as edge:
        told = "nonsense, 6.6.6.6, 2001:db8::1, 198.51.100.9"
        await edge.talk(request("/pets", http_apis.HOST, x_forwarded_for=told, x_forwarded_proto="https"))

    own = f"by=127.0.0.1;for=198.51.100.9;host={http_apis.HOST};proto=https"
    assert backend.last.header("forwarded") == f'for=6.6.6.6, for="[2001:db8::1]", {own}'
    assert backend.last.header("x-forwarded-for") is None


async def test_heads_that_come_again_through_a_proxy_are_known_with_their_callers(
    gateway: GatewayHarness, backend: Backend
) -> None:
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), stage("prod", log="$context.identity.sourceIp")))
    callers = [f"6.6.6.6, 198.51.100.{turn % 2}, 10.0.0.{turn % 2 + 1}" for turn in range(6)]

    async with behind(gateway, HERE) as edge:
        for caller in callers:
            reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
            writer.write(request(close=False, x_forwarded_for=caller, x_forwarded_proto="https"))
            await reader.readuntil(b"\r\n\r\n")
            known = edge.connection.known
            writer.close()
            await eventually(lambda: not edge.state.connections)

    assert len(known) == 2  # type: ignore[arg-type]
    assert gateway.logs.lines == [f"198.51.100.{turn % 2}\n" for turn in range(6)]
    told = [(seen.header("x-forwarded-for"), seen.header("x-forwarded-proto")) for seen in backend.requests]
    assert told == [(f"6.6.6.6, 198.51.100.{turn % 2}", "https") for turn in range(6)]


async def test_what_a_proxy_says_of_itself_is_not_kept(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", mock(200)), stage("prod", log="$context.identity.sourceIp")))
    asked = [request(close=False, x_forwarded_for=told) for told in ("10.0.0.1", "nonsense")] + [request(close=False)]

    async with behind(gateway, HERE) as edge:
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
        for one in asked * 2:
            writer.write(one)
            await reader.readuntil(b"\r\n\r\n")
        known = edge.connection.known
        writer.close()

    assert len(known) == 0
    assert gateway.logs.lines == ["10.0.0.1\n", "127.0.0.1\n", "127.0.0.1\n"] * 2


async def test_nobody_else_s_heads_are_taken_for_a_proxy_s(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", mock(200)), stage("prod", log="$context.identity.sourceIp")))
    asked = request(close=False, x_forwarded_for="198.51.100.9")
    announcers = TrustedProxies((ip_network("127.0.0.1/32"),))

    async with behind(gateway, announcers) as edge:
        for address in ("127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.2"):
            reader, writer = await asyncio.open_connection("127.0.0.1", edge.port, local_addr=(address, 0))
            for _ in range(2):
                writer.write(asked)
                await reader.readuntil(b"\r\n\r\n")
            writer.close()

    assert (
        gateway.logs.lines
        == ["198.51.100.9\n"] * 2 + ["127.0.0.2\n"] * 2 + ["198.51.100.9\n"] * 2 + ["127.0.0.2\n"] * 2
    )


@pytest.mark.parametrize(("proxies", "seen"), [(HERE, "198.51.100.9"), (ELSEWHERE, "127.0.0.1")])
async def test_a_websocket_s_caller_is_found_the_same_way(
    gateway: GatewayHarness, proxies: TrustedProxies, seen: str
) -> None:
    gateway.serve(*sockets.chat(sockets.Path("$default", None), log="$context.identity.sourceIp"))
    application = WebSockets(gateway.current, gateway.services.connections, gateway.clock)
    config = uvicorn.Config(
        application, http=EdgeProtocol, ws=EdgeWebSocket, lifespan="off", log_config=None, proxy_headers=False
    )  # fmt: skip
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: EdgeProtocol(config, ServerState(), {PROXIES_KEY: proxies}), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    headers = {"X-Forwarded-For": "6.6.6.6, 198.51.100.9"}

    async with connect(
        f"ws://{sockets.HOST}:{port}/prod", additional_headers=headers, host="127.0.0.1", port=port, proxy=None
    ):
        pass
    server.close()

    assert gateway.logs.lines[0] == f"{seen}\n"


@pytest.mark.parametrize(
    ("told", "caller", "left"),
    [
        ("198.51.100.9", "198.51.100.9", ""),
        ("198.51.100.9:4711", "198.51.100.9", ""),
        ("[2001:db8::1]:4711", "2001:db8::1", ""),
        ('"[2001:db8::1]"', "2001:db8::1", ""),
        ("::ffff:198.51.100.9", "198.51.100.9", ""),
        ("10.0.0.1, 10.0.0.2", "10.0.0.1", ""),
        ("198.51.100.9, unknown, 10.0.0.1", "10.0.0.1", "198.51.100.9, unknown"),
        ("198.51.100.9, ", "127.0.0.1", "198.51.100.9, "),
        ("", "127.0.0.1", ""),
        ("6.6.6.6, fd00::1", "6.6.6.6", ""),
    ],
)
def test_entries_are_read_from_the_end(told: str, caller: str, left: str) -> None:
    found, headers = HERE.caller("127.0.0.1", [(b"x-forwarded-for", told.encode())])

    assert found == caller
    assert b"".join(value for _, value in headers).decode().strip() == left.strip()


def test_several_headers_are_one_list() -> None:
    headers = [(b"x-forwarded-for", b"6.6.6.6"), (b"a", b"b"), (b"x-forwarded-for", b"198.51.100.9, 10.0.0.1")]

    assert HERE.caller("127.0.0.1", headers) == ("198.51.100.9", [(b"a", b"b"), (b"x-forwarded-for", b"6.6.6.6")])


_entry = st.one_of(
    st.ip_addresses().map(str),
    st.sampled_from(["10.0.0.1", "10.9.9.9", "127.0.0.1", "unknown", ""]),
    st.text(max_size=9),
)


@given(st.lists(_entry, max_size=6))
def test_nothing_before_somebody_untrusted_is_believed(entries: list[str]) -> None:
    value = ",".join(entries).encode("utf-8")

    caller, headers = HERE.caller("127.0.0.1", [(b"x-forwarded-for", value)])

    ip_address(caller)
    left = [entry.strip() for _, kept in headers for entry in kept.split(b",")]
    all_of_them = [entry.strip() for entry in value.split(b",")]
    assert all_of_them[: len(left)] == left
    # Between the caller and the gateway there is nobody but trusted proxies.
    for entry in all_of_them[len(left) + 1 :]:
        assert HERE.trusts(str(ip_address(entry.decode().strip('"'))) if b":" not in entry else caller) or b":" in entry


@pytest.mark.parametrize("text", ["10.0.0.0/33", "nowhere", "10.0.0.1/8"])
def test_a_bad_setting_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadEnvironment, match="GATEHOUSE_TRUSTED_PROXIES"):
        read_environment({"GATEHOUSE_TRUSTED_PROXIES": text})


def test_nobody_is_trusted_unless_the_operator_says_so() -> None:
    assert read_environment({}).trusted_proxies == ()
    assert read_environment({"GATEHOUSE_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.7"}).trusted_proxies == (
        ip_network("10.0.0.0/8"),
        ip_network("192.0.2.7/32"),
    )
