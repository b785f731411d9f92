"""The PROXY protocol: what is read of it, and from whom."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from apps.core.environment import BadEnvironment, read_environment
from apps.core.trusted_proxies import TrustedProxies
from gateway_runtime.edge.announced import ANNOUNCERS_KEY, AnnouncedConnection
from gateway_runtime.edge.canonical import SCOPE_KEY
from gateway_runtime.edge.forwarded import PROXIES_KEY
from gateway_runtime.edge.protocol import EdgeProtocol
from gateway_runtime.edge.proxy_protocol import LARGEST, Announcement, BadAnnouncement, announcement
from gateway_runtime.limits import EDGE

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
HERE = TrustedProxies((ip_network("127.0.0.0/8"),))
ELSEWHERE = TrustedProxies((ip_network("10.0.0.0/8"),))
REQUEST = b"GET /pets HTTP/1.1\r\nhost: a\r\n\r\n"
CLIENT, SERVER = ("198.51.100.9", 4711), ("203.0.113.5", 443)
TEXT = b"PROXY TCP4 198.51.100.9 203.0.113.5 4711 443\r\n"


def binary(command: int, family: int, body: bytes) -> bytes:
    return SIGNATURE + bytes((command, family)) + len(body).to_bytes(2) + body


def tcp4(more: bytes = b"") -> bytes:
    addresses = socket.inet_aton(CLIENT[0]) + socket.inet_aton(SERVER[0])
    return binary(0x21, 0x11, addresses + CLIENT[1].to_bytes(2) + SERVER[1].to_bytes(2) + more)


def tcp6(client: str, server: str) -> bytes:
    addresses = socket.inet_pton(socket.AF_INET6, client) + socket.inet_pton(socket.AF_INET6, server)
    return binary(0x21, 0x21, addresses + b"\x12\x67\x01\xbb")


@pytest.mark.parametrize(
    ("data", "client", "server"),
    [
        (TEXT, CLIENT, SERVER),
        (b"PROXY TCP6 2001:db8::1 fd00::2 4711 443\r\n", ("2001:db8::1", 4711), ("fd00::2", 443)),
        (b"PROXY UNKNOWN\r\n", None, None),
        (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None, None),
        (tcp4(), CLIENT, SERVER),
        (tcp4(b"\xea\x00\x02\x01v"), CLIENT, SERVER),
        (tcp6("2001:db8::1", "fd00::2"), ("2001:db8::1", 4711), ("fd00::2", 443)),
        (tcp6("::ffff:198.51.100.9", "fd00::2"), CLIENT, ("fd00::2", 443)),
        (binary(0x20, 0x00, b""), None, None),
        (binary(0x20, 0x11, b"whatever"), None, None),
        (binary(0x21, 0x00, b"\x01\x02"), None, None),
    ],
)
def test_an_announcement_is_read_and_measured_however_it_is_cut(data: bytes, client: Any, server: Any) -> None:
    assert announcement(data + REQUEST) == Announcement(len(data), client, server)
    assert [announcement(data[:end]) for end in range(len(data))] == [None] * len(data)


@pytest.mark.parametrize(
    "data",
    [
        REQUEST,
        b"proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        b"PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        b"PROXY TCP4 ::1 1.2.3.4 1 2\r\n",
        b"PROXY TCP6 1.2.3.4 ::1 1 2\r\n",
        b"PROXY TCP4 1.2.3.400 1.2.3.4 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n\r\n",
        b"PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
        b"PROXY " + b"A" * 101,
        binary(0x11, 0x11, bytes(12)),
        binary(0x22, 0x11, bytes(12)),
        binary(0x21, 0x12, bytes(12)),
        binary(0x21, 0x31, bytes(216)),
        binary(0x21, 0x11, bytes(11)),
        binary(0x21, 0x21, bytes(35)),
        binary(0x21, 0x11, bytes(LARGEST)),
        b"\x16\x03\x01\x02\x00",
        b"\r\nGET / HTTP/1.1",
    ],
)
def test_what_is_no_announcement_is_refused(data: bytes) -> None:
    with pytest.raises(BadAnnouncement):
        announcement(data)


_hostile = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=60).map(lambda rest: b"PROXY " + rest),
    st.binary(max_size=60).map(lambda rest: SIGNATURE + b"\x21" + rest),
)


@given(_hostile)
def test_any_bytes_are_read_refused_or_waited_for(data: bytes) -> None:
    try:
        found = announcement(data)
    except BadAnnouncement:
        return
    assert found is None or 0 < found.size <= len(data)
    assert found is not None or len(data) < LARGEST


@dataclass
class Seen:
    """An application that notes who calls."""

    callers: list[tuple[str, Any, Any]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        caller = scope[SCOPE_KEY].client_ip, scope["client"][1]
        self.callers.append((scope["type"], caller, scope["server"]))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


class Plain:
    """The plain listener on a socket. `talk` is what comes back until the server closes, or as long as it is quiet."""

    def __init__(self, port: int, seen: Seen, state: ServerState) -> None:
        self.port, self.seen, self.state = port, seen, state

    async def talk(self, *pieces: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            async with asyncio.timeout(5):
                return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as ended:
            return ended.partial
        except ConnectionResetError:
            return b""
        finally:
            writer.close()


@asynccontextmanager
async def plain(announcers: TrustedProxies, most: int | None = None, **shared: Any) -> AsyncIterator[Plain]:
    seen, state = Seen(), ServerState()
    config = uvicorn.Config(seen, lifespan="off", log_config=None, proxy_headers=False, limit_concurrency=most)
    config.load()
    kind = type("Quick", (EdgeProtocol,), {"limits": replace(EDGE, head_seconds=0.3, sweep_seconds=0.02)})
    server = await asyncio.get_running_loop().create_server(
        lambda: AnnouncedConnection(kind(config, state, {ANNOUNCERS_KEY: announcers, **shared}), announcers),
        "127.0.0.1",
        0,
    )
    try:
        yield Plain(server.sockets[0].getsockname()[1], seen, state)
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()


@pytest.mark.parametrize("told", [TEXT, tcp4()])
async def test_the_caller_is_whom_the_proxy_announces(told: bytes) -> None:
    async with plain(HERE) as listener:
        answer = await listener.talk(told + REQUEST)
        byte_by_byte = await listener.talk(*(bytes([byte]) for byte in told), REQUEST)

        assert answer.startswith(b"HTTP/1.1 200")
        assert byte_by_byte.startswith(b"HTTP/1.1 200")
        assert listener.seen.callers == [("http", CLIENT, SERVER)] * 2


async def test_a_proxy_that_speaks_for_itself_is_the_caller() -> None:
    async with plain(HERE) as listener:
        await listener.talk(binary(0x20, 0, b"") + REQUEST)

        assert listener.seen.callers[0][1][0] == "127.0.0.1"


async def test_headers_of_proxies_behind_it_are_believed_by_the_announced_address() -> None:
    request = REQUEST.replace(b"\r\n\r\n", b"\r\nx-forwarded-for: 192.0.2.77\r\n\r\n")
    balancers = TrustedProxies((ip_network("198.51.100.0/24"),))

    async with plain(HERE, **{PROXIES_KEY: balancers}) as listener:
        await listener.talk(TEXT + request)
        await listener.talk(TEXT.replace(b"198.51.100.9", b"198.51.7.9") + request)

        assert [caller[0] for _, caller, _ in listener.seen.callers] == ["192.0.2.77", "198.51.7.9"]


@pytest.mark.parametrize("told", [TEXT, tcp4()])
async def test_from_others_it_is_a_malformed_request(told: bytes) -> None:
    async with plain(ELSEWHERE) as listener:
        answer = await listener.talk(told + REQUEST)
        own = await listener.talk(REQUEST)

        assert answer.startswith(b"HTTP/1.1 400")
        assert own.startswith(b"HTTP/1.1 200")
        assert [caller[0] for _, caller, _ in listener.seen.callers] == ["127.0.0.1"]


@pytest.mark.parametrize("sent", [REQUEST, b"PROXY nonsense\r\n" + REQUEST, TEXT[:20], b""])
async def test_who_owes_an_announcement_and_makes_none_is_left_without_an_answer(sent: bytes) -> None:
    async with plain(HERE) as listener:
        answer = await listener.talk(sent)

        assert answer == b""
        assert listener.seen.callers == []
        assert not listener.state.connections


async def test_connections_that_have_announced_nothing_yet_count_and_end_with_the_worker() -> None:
    async with plain(HERE, most=1) as listener:
        _, first = await asyncio.open_connection("127.0.0.1", listener.port)
        second = await listener.talk(TEXT)
        for connection in list(listener.state.connections):
            connection.shutdown()

        assert second == b""
        assert not listener.state.connections
        first.close()


@pytest.mark.parametrize("text", ["10.0.0.0/33", "nowhere"])
def test_a_bad_setting_is_refused(text: str) -> None:
    with pytest.raises(BadEnvironment, match="GATEHOUSE_PROXY_PROTOCOL"):
        read_environment({"GATEHOUSE_PROXY_PROTOCOL": text})


def test_nobody_announces_unless_the_operator_says_so() -> None:
    assert read_environment({}).proxy_protocol == ()
    assert read_environment({"GATEHOUSE_PROXY_PROTOCOL": "10.0.0.0/8"}).proxy_protocol == (ip_network("10.0.0.0/8"),)
