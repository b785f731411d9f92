"""Callers whom a proxy announces by the PROXY protocol, by HTTP, HTTPS and WebSocket, with real processes."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace

import redis
import trustme
from websockets.asyncio.client import connect

from tests.gateway_runtime.plane import sockets
from tests.gateway_runtime.plane.builders import API, get, mock, rest_api, stage
from tests.gateway_runtime.plane.certified import certified, trusting
from tests.gateway_runtime.plane.worker import Product, Publisher, eventually, product

NAME = "one.example.com"
TOLD = json.dumps({"caller": "$context.identity.sourceIp"})
EVERY_CALL = {"Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
ONE_ADDRESS = {"IpAddress": {"aws:SourceIp": "198.51.100.66/32"}}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", **EVERY_CALL}, {"Effect": "Deny", **EVERY_CALL, "Condition": ONE_ADDRESS}],
}
ANNOUNCED = "PROXY TCP4 198.51.100.{} 203.0.113.5 4711 443\r\n"


@contextlib.contextmanager
def through_a_proxy(port: int, client: int) -> Iterator[socket.socket]:
    """A connection of 198.51.100.{client}, as a proxy that passes TCP on makes it."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(ANNOUNCED.format(client).encode())
        yield connection


def answer(connection: socket.socket, host: str, path: str) -> tuple[int, str]:
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    received = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def publish(valkey_url: str, authority: trustme.CA) -> None:
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    api = rest_api(get("/told", mock(200, TOLD)), stage("prod", log="$context.identity.sourceIp"))
    Publisher(client).publish(
        replace(api, policy=json.dumps(POLICY)),
        *sockets.chat(sockets.Path("$default", None)),
        certified(NAME, authority),
    )


async def test_the_announced_caller_is_the_one_of_templates_policies_and_logs(valkey_url: str) -> None:
    authority = trustme.CA()
    publish(valkey_url, authority)

    async with product(valkey_url, GATEHOUSE_PROXY_PROTOCOL="127.0.0.0/8") as plane:
        host, path = f"{API}.execute-api.localhost", "/prod/told"
        with through_a_proxy(plane.port, 9) as connection:
            assert answer(connection, host, path) == (200, '{"caller": "198.51.100.9"}')
        with through_a_proxy(plane.port, 66) as connection:
            assert answer(connection, host, path)[0] == 403
        with through_a_proxy(plane.https, 10) as connection:
            tls = trusting(authority)
            with tls.wrap_socket(connection, server_hostname=NAME) as secured:
                assert answer(secured, NAME, "/told") == (200, '{"caller": "198.51.100.10"}')
        with through_a_proxy(plane.port, 11) as connection:
            url = f"ws://{sockets.HOST}/prod"
            async with connect(url, sock=connection.dup(), proxy=None):
                pass

        log = plane.directory / "log" / "access" / API / "prod.log"
        await eventually(lambda: log.exists() and "198.51.100.10" in log.read_text())
        assert log.read_text().split() == ["198.51.100.9", "198.51.100.66", "198.51.100.10"]


async def test_https_without_the_announcement_that_is_owed_gets_no_handshake(valkey_url: str) -> None:
    authority = trustme.CA()
    publish(valkey_url, authority)

    async with product(valkey_url, GATEHOUSE_PROXY_PROTOCOL="127.0.0.0/8") as plane:
        assert refused(plane, authority)


async def test_https_of_others_takes_no_announcement(valkey_url: str) -> None:
    authority = trustme.CA()
    publish(valkey_url, authority)

    async with product(valkey_url, GATEHOUSE_PROXY_PROTOCOL="10.0.0.0/8") as plane:
        assert not refused(plane, authority)
        with through_a_proxy(plane.https, 9) as connection:
            assert ended(connection)


def ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(10) == b""
    except ConnectionResetError:
        return True


def refused(plane: Product, authority: trustme.CA) -> bool:
    try:
        with (
            socket.create_connection(("127.0.0.1", plane.https), 5) as connection,
            trusting(authority).wrap_socket(connection, server_hostname=NAME),
        ):
            return False
    except (ssl.SSLError, ConnectionResetError):
        return True
