"""Accepting TLS connections: slow clients, hostile bytes, and ends in order."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
import trustme
import uvicorn
from uvicorn.server import ServerState

from gateway_runtime.edge.protocol import EdgeProtocol
from gateway_runtime.limits import EdgeLimits
from gateway_runtime.tls.contexts import Handshake, server_context
from gateway_runtime.tls.listener import TlsListener
from tests.gateway_runtime.edge.server import Application
from tests.gateway_runtime.plane.certified import trusting
from tests.gateway_runtime.plane.worker import eventually
from tests.gateway_runtime.tls.test_client_hello import hello

NAME = "api.example.com"
QUICK = EdgeLimits(head_seconds=0.4, sweep_seconds=0.02, linger_seconds=0.1)
REQUEST = b"GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n"


class Served(NamedTuple):
    port: int
    listener: TlsListener
    state: ServerState
    trusted: ssl.SSLContext


@asynccontextmanager
async def listening(limits: EdgeLimits = QUICK, most: int = 100) -> AsyncIterator[Served]:
    authority = trustme.CA()
    issued = authority.issue_cert(NAME)
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems).decode()
    handshake = Handshake(server_context(chain, issued.private_key_pem.bytes().decode()))
    protocol = type("TestedProtocol", (EdgeProtocol,), {"limits": limits})
    config = uvicorn.Config(Application(), ws="websockets-sansio", lifespan="off", log_config=None, proxy_headers=False)
    config.load()
    state = ServerState()
    own = socket.create_server(("127.0.0.1", 0))
    listener = TlsListener(
        own,
        lambda: protocol(config, state, {}),
        lambda name: handshake,
        lambda pending: len(state.connections) + pending >= most,
        limits,
    )
    listener.start()
    try:
        yield Served(own.getsockname()[1], listener, state, trusting(authority))
    finally:
        listener.close()
        await listener.settle(0)
        for connection in list(state.connections):
            connection.transport.abort()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What comes until the server ends the connection."""
    try:
        async with asyncio.timeout(3):
            return await reader.read(-1)
    except ConnectionResetError:
        return b""


async def dialled(served: Served) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", served.port, ssl=served.trusted, server_hostname=NAME)


async def test_a_request_is_answered_over_http_1_1() -> None:
    async with listening() as served:
        reader, writer = await dialled(served)
        writer.write(REQUEST)

        assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"
        assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
        writer.close()


async def test_a_client_that_offers_http_2_gets_http_1_1() -> None:
    async with listening() as served:
        served.trusted.set_alpn_protocols(["h2", "http/1.1"])
        _, writer = await dialled(served)

        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        writer.close()


@pytest.mark.parametrize(
    "data", [b"", b"\x16", hello(NAME)[:100], hello(NAME)], ids=["silence", "a byte", "half a hello", "a hello alone"]
)
async def test_who_does_not_finish_the_handshake_is_dropped_in_time(data: bytes) -> None:
    async with listening() as served:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(data)
        await ended(reader)

        assert QUICK.head_seconds <= time.monotonic() - began < QUICK.head_seconds + 0.5
        await eventually(lambda: served.listener.pending == 0)
        writer.close()


async def test_a_hello_byte_by_byte_is_dropped_in_time_and_costs_no_spinning() -> None:
    async with listening() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        began, used = time.monotonic(), time.process_time()
        ending = asyncio.create_task(ended(reader))
        for byte in hello(NAME):
            writer.write(bytes([byte]))
            await asyncio.wait([ending], timeout=0.02)
            if ending.done():
                break

        assert time.monotonic() - began < QUICK.head_seconds + 0.5
        assert time.process_time() - used < 0.2
        writer.close()


async def test_a_hello_in_two_pieces_is_taken_whole() -> None:
    async with listening(EdgeLimits(sweep_seconds=0.02)) as served:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = served.trusted.wrap_bio(incoming, outgoing, server_hostname=NAME)
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        sent = outgoing.read()
        writer.write(sent[:50])
        await eventually(lambda: [each.seen for each in served.listener.waiting] == [50])
        writer.write(sent[50:])
        incoming.write(await reader.read(65536))
        client.do_handshake()

        assert client.version() == "TLSv1.3"
        writer.close()


async def test_the_head_of_a_request_has_what_the_handshake_has_left() -> None:
    async with listening() as served:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        await asyncio.wait([asyncio.create_task(reader.read(1))], timeout=QUICK.head_seconds * 0.6)
        writer.close()
        reader, writer = await dialled(served)
        await asyncio.wait([asyncio.create_task(ended(reader))], timeout=QUICK.head_seconds * 0.6)
        writer.write(b"GET / HTTP/1.1\r\n")
        await eventually(lambda: not served.state.connections, 2.0)

        assert time.monotonic() - began < QUICK.head_seconds * 1.6 + 0.4
        writer.close()


@pytest.mark.parametrize(
    "data",
    [REQUEST, b"\x00" * 64, b"\x80\x2e\x01\x00\x02", b"\x16\x03\x01\xff\xff" + b"\x00" * 64, b"\xff" * 20_000],
    ids=["HTTP", "zeros", "SSL 2", "a record too large", "noise"],
)
async def test_hostile_bytes_end_the_connection_at_once_and_reach_nobody(data: bytes) -> None:
    async with listening(EdgeLimits()) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(data)

        assert await ended(reader) == b""
        assert served.listener.pending == 0
        writer.close()


async def test_a_broken_handshake_behind_a_good_hello_ends_the_connection() -> None:
    async with listening(EdgeLimits(linger_seconds=0.1)) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(hello(NAME) + b"\x17\x03\x03\x00\x10" + b"\x00" * 16)

        await ended(reader)
        await eventually(lambda: served.listener.pending == 0)
        writer.close()


async def test_handshakes_count_among_the_connections_that_there_may_be() -> None:
    async with listening(EdgeLimits(), most=3) as served:
        silent = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(3)]
        await eventually(lambda: served.listener.pending == 3)
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)

        assert await ended(reader) == b""
        for _, each in (*silent, (reader, writer)):
            each.close()


async def test_what_was_accepted_before_the_end_becomes_a_connection() -> None:
    async with listening(EdgeLimits()) as served:
        _, writer = await asyncio.open_connection("127.0.0.1", served.port)
        await eventually(lambda: served.listener.pending == 1)
        served.listener.close()
        settling = asyncio.create_task(served.listener.settle(2.0))
        await writer.start_tls(served.trusted, server_hostname=NAME)
        await settling

        assert len(served.state.connections) == 1
        writer.close()
