"""Exchanges with origins that behave and with origins that do not."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway_runtime.edge.body import ClientDisconnected
from gateway_runtime.limits import POOL
from gateway_runtime.upstream import (
    AddressPolicy,
    BadResponse,
    ConnectFailed,
    GuardedConnector,
    IntegrationTimedOut,
    Origin,
    PoolExhausted,
    TruncatedResponse,
    UpstreamPool,
)
from tests.gateway_runtime.upstream.origin_server import Script, Visit, origin_server, self_signed

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HEADERS = [(b"accept", b"*/*")]


@pytest.fixture
async def pool() -> AsyncIterator[UpstreamPool]:
    pool = UpstreamPool()
    yield pool
    await pool.aclose()


def _always(data: bytes) -> Script:
    async def script(visit: Visit) -> None:
        while True:
            await visit.head()
            await visit.answer(data)

    return script


def _once(data: bytes) -> Script:
    """Answer once, then close."""

    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.answer(data)

    return script


async def _eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def _get(pool: UpstreamPool, origin: Origin, timeout: float = 5.0) -> tuple[int, bytes]:
    response = await pool.request(origin, b"GET", b"/x", HEADERS, timeout=timeout)
    return response.status, await response.read()


async def test_a_connection_is_used_again(pool: UpstreamPool) -> None:
    async with origin_server(_always(OK)) as server:
        answers = [await _get(pool, server.origin) for _ in range(5)]

        assert answers == [(200, b"ok")] * 5
        assert server.visits == 1


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x\r\nbc\r\n0\r\nT: 1\r\n\r\n", b"abc"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil close", b"until close"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil close", b"until close"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK, b"ok"),
    ],
)
async def test_every_way_to_end_a_body_is_understood(pool: UpstreamPool, data: bytes, body: bytes) -> None:
    async with origin_server(_once(data)) as server:
        assert (await _get(pool, server.origin))[1] == body


async def test_a_head_request_has_no_body_and_keeps_its_connection(pool: UpstreamPool) -> None:
    async with origin_server(_always(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")) as server:
        for _ in range(3):
            response = await pool.request(server.origin, b"HEAD", b"/", HEADERS, timeout=5)
            assert await response.read() == b""
            assert response.length == 20
        assert server.visits == 1


async def test_hop_by_hop_headers_stay_on_their_hop(pool: UpstreamPool) -> None:
    heads = []

    async def script(visit: Visit) -> None:
        heads.append(await visit.head())
        await visit.answer(
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nX-End: 2\r\n\r\n"
        )

    sent = [
        (b"x-secret", b"1"),
        (b"Connection", b"close, X-Secret"),
        (b"te", b"trailers"),
        (b"content-length", b"7"),
        (b"x-end", b"2"),
    ]
    async with origin_server(script) as server:
        response = await pool.request(server.origin, b"GET", b"/a?b=%20", sent, timeout=5)

        assert response.headers == [(b"content-length", b"0"), (b"x-end", b"2")]
        assert heads == [b"GET /a?b=%%20 HTTP/1.1\r\nhost: 127.0.0.1:%d\r\nx-end: 2\r\n\r\n" % server.origin.port]


class _Stream:
    """A body that comes in pieces."""

    def __init__(self, length: int | None, *pieces: bytes | Exception) -> None:
        self.length = length
        self._pieces = list(pieces)

    async def next_chunk(self) -> bytes:
        piece = self._pieces.pop(0) if self._pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece


@pytest.mark.parametrize(
    ("body", "framed"),
    [
        (b"abc", b"content-length: 3\r\n\r\nabc"),
        (b"", b"content-length: 0\r\n\r\n"),
        (_Stream(3, b"a", b"bc"), b"content-length: 3\r\n\r\nabc"),
        (_Stream(None, b"a", b"bc"), b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
        (_Stream(100_000, b"x" * 50_000, b"x" * 50_000), b"content-length: 100000\r\n\r\n" + b"x" * 100_000),
    ],
)
async def test_a_request_body_is_framed_anew(pool: UpstreamPool, body: bytes, framed: bytes) -> None:
    received = b""

    async def script(visit: Visit) -> None:
        nonlocal received
        while not received.endswith(framed):
            received += await visit.reader.read(65536)
        await visit.answer(OK)

    async with origin_server(script) as server:
        response = await pool.request(server.origin, b"POST", b"/", [], body, timeout=5)
        assert await response.read() == b"ok"


async def test_a_body_that_breaks_off_never_looks_complete_to_the_origin(pool: UpstreamPool) -> None:
    received = b""

    async def script(visit: Visit) -> None:
        nonlocal received
        while data := await visit.reader.read(65536):
            received += data

    async with origin_server(script) as server:
        with pytest.raises(ClientDisconnected):
            await pool.request(
                server.origin, b"POST", b"/", [], _Stream(None, b"part", ClientDisconnected()), timeout=5
            )
        await _eventually(lambda: server.closed == 1)

    assert b"0\r\n\r\n" not in received


BAD = {
    "garbage": b"\x00\x01garbage\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "the same length twice": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "length and chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nok",
    "unknown encoding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
    "closed in the head": b"HTTP/1.1 200 OK\r\nContent-",
    "switched protocols": b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    "endless informational": b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "folded header": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "huge head": b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 900) for n in range(40)) + b"\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 300 + b"\r\n",
    "huge announced body": b"HTTP/1.1 200 OK\r\nContent-Length: 10485761\r\n\r\n",
    "status out of range": b"HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n",
    "other version": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_response_is_an_error_and_its_connection_is_closed(pool: UpstreamPool, name: str) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.answer(BAD[name])
        if name != "closed in the head":
            await visit.gone()

    async with origin_server(script) as server:
        with pytest.raises(BadResponse):
            await _get(pool, server.origin)
        await _eventually(lambda: server.closed == 1)
        await _eventually(lambda: pool.counts() == {})


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok",
    ],
)
async def test_a_truncated_body_never_ends_cleanly(pool: UpstreamPool, data: bytes) -> None:
    async with origin_server(_once(data)) as server:
        response = await pool.request(server.origin, b"GET", b"/", HEADERS, timeout=5)
        with pytest.raises(TruncatedResponse):
            await response.read()


async def test_bytes_behind_a_response_poison_no_later_one(pool: UpstreamPool) -> None:
    async with origin_server(_once(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")) as server:
        answers = [await _get(pool, server.origin) for _ in range(3)]

        assert answers == [(200, b"ok")] * 3
        assert server.visits == 3


async def test_an_origin_that_hangs_is_timed_out_and_its_socket_closed(pool: UpstreamPool) -> None:
    loop = asyncio.get_running_loop()

    async def script(visit: Visit) -> None:
        await visit.gone()

    async with origin_server(script) as server:
        started = loop.time()
        with pytest.raises(IntegrationTimedOut):
            await _get(pool, server.origin, timeout=0.1)
        assert 0.1 <= loop.time() - started <= 0.35
        await _eventually(lambda: server.closed == 1)
        assert len(pool.exchanges) == 0


async def test_a_dripping_origin_meets_the_same_deadline(pool: UpstreamPool) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not visit.writer.is_closing():
            await visit.answer(b"x")
            await asyncio.sleep(0.01)

    async with origin_server(script) as server:
        with pytest.raises(IntegrationTimedOut):
            await _get(pool, server.origin, timeout=0.1)


async def test_the_client_leaving_closes_the_origins_socket(pool: UpstreamPool) -> None:
    class Client:
        disconnected = False
        on_disconnect: Callable[[], None] | None = None

    client = Client()
    arrived = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.head()
        arrived.set()
        await visit.gone()

    async with origin_server(script) as server:
        asking = asyncio.create_task(pool.request(server.origin, b"GET", b"/", HEADERS, timeout=5, client=client))
        await arrived.wait()
        assert client.on_disconnect is not None
        client.on_disconnect()

        with pytest.raises(ClientDisconnected):
            await asking
        await _eventually(lambda: server.closed == 1)


async def test_a_cancelled_exchange_closes_the_origins_socket(pool: UpstreamPool) -> None:
    arrived = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.head()
        arrived.set()
        await visit.gone()

    async with origin_server(script) as server:
        asking = asyncio.create_task(pool.request(server.origin, b"GET", b"/", HEADERS, timeout=5))
        await arrived.wait()
        asking.cancel()

        await _eventually(lambda: server.closed == 1)
        assert len(pool.exchanges) == 0


def _stale(requests: list[bytes]) -> Script:
    """The first connection answers once and closes on its second request; later ones answer."""

    async def script(visit: Visit) -> None:
        while True:
            requests.append((await visit.head()).split(b" ")[0])
            if visit.number == 1 and len(requests) == 2:
                return
            await visit.answer(OK)

    return script


async def test_an_idempotent_request_on_a_stale_connection_is_sent_once_more(pool: UpstreamPool) -> None:
    requests: list[bytes] = []
    async with origin_server(_stale(requests)) as server:
        assert [await _get(pool, server.origin) for _ in range(2)] == [(200, b"ok")] * 2

    assert requests == [b"GET"] * 3


async def test_a_post_is_never_sent_twice(pool: UpstreamPool) -> None:
    requests: list[bytes] = []
    async with origin_server(_stale(requests)) as server:
        await _get(pool, server.origin)
        with pytest.raises(ConnectFailed):
            await pool.request(server.origin, b"POST", b"/", [], b"x", timeout=5)

    assert requests == [b"GET", b"POST"]


async def test_a_fresh_connection_that_closes_without_an_answer_is_not_tried_again(pool: UpstreamPool) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()

    async with origin_server(script) as server:
        with pytest.raises(ConnectFailed):
            await _get(pool, server.origin)
        assert server.visits == 1


async def test_connections_per_origin_are_bounded_and_the_rest_waits_its_turn() -> None:
    pool = UpstreamPool(limits=replace(POOL, connections_per_origin=2, waiting_per_origin=3))
    release = asyncio.Event()

    async def script(visit: Visit) -> None:
        while True:
            await visit.head()
            await release.wait()
            await visit.answer(OK)

    async with origin_server(script) as server:
        asking = [asyncio.create_task(_get(pool, server.origin)) for _ in range(2)]
        await _eventually(lambda: server.visits == 2)
        asking += [asyncio.create_task(_get(pool, server.origin)) for _ in range(3)]
        await _eventually(lambda: pool.counts()[server.origin] == (2, 0, 3))
        with pytest.raises(PoolExhausted):
            await _get(pool, server.origin)
        release.set()

        assert await asyncio.gather(*asking) == [(200, b"ok")] * 5
        assert server.visits == 2
        await pool.aclose()


async def test_idle_connections_are_closed_after_a_while() -> None:
    pool = UpstreamPool(limits=replace(POOL, idle_seconds=0.05))
    async with origin_server(_always(OK)) as server:
        await _get(pool, server.origin)

        await _eventually(lambda: pool.counts() == {})


async def test_a_slow_reader_pauses_the_origin(pool: UpstreamPool) -> None:
    size = 9_000_000
    written = 0

    async def script(visit: Visit) -> None:
        nonlocal written
        await visit.head()
        await visit.answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // 1000):
            await visit.answer(b"x" * 1000)
            written += 1000

    async with origin_server(script) as server:
        response = await pool.request(server.origin, b"GET", b"/", HEADERS, timeout=10)
        connection = response.connection
        assert connection is not None
        await _eventually(lambda: connection._paused)
        assert response.received < size // 2

        assert len(await response.read()) == size


async def test_a_response_beyond_the_cap_is_cut(pool: UpstreamPool) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.answer(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await visit.answer(b"x" * 100_000)

    async with origin_server(script) as server:
        with pytest.raises(BadResponse):
            await _get(pool, server.origin)


async def test_a_refused_connection_is_connect_failed(pool: UpstreamPool) -> None:
    async with origin_server(_always(OK)) as server:
        origin = server.origin
    with pytest.raises(ConnectFailed):
        await _get(pool, origin)
    assert pool.counts() == {}


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        (b"/a b", []),
        (b"/a\r\nX: y", []),
        (b"a", []),
        (b"/", [(b"x", b"a\r\nb: c")]),
        (b"/", [(b"x y", b"z")]),
        (b"/", [(b"x", b"\x00")]),
    ],
)
async def test_what_cannot_be_written_unambiguously_is_not_written(
    pool: UpstreamPool, target: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    async with origin_server(_always(OK)) as server:
        with pytest.raises(ValueError, match=r"ill-formed|control"):
            await pool.request(server.origin, b"GET", target, headers, timeout=5)
        assert server.visits == 0


async def test_certificates_are_verified_unless_told_otherwise(tmp_path: Path) -> None:
    certificate = self_signed("127.0.0.1", tmp_path)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    private = UpstreamPool(GuardedConnector(contexts=lambda origin: trusting))
    public = UpstreamPool()
    async with origin_server(_always(OK), ssl=served) as server:
        assert await _get(private, server.origin) == (200, b"ok")
        assert await _get(public, server.origin._replace(verify=False)) == (200, b"ok")
        with pytest.raises(ConnectFailed):
            await _get(public, server.origin)
        with pytest.raises(ConnectFailed):
            await _get(private, server.origin._replace(server_name="other.example"))
        await private.aclose()
        await public.aclose()


async def test_a_forbidden_address_is_never_connected() -> None:
    pool = UpstreamPool(GuardedConnector(AddressPolicy()))
    async with origin_server(_always(OK)) as server:
        for host in ("127.0.0.1", "localhost", "2130706433", "::ffff:127.0.0.1"):
            with pytest.raises(ConnectFailed):
                await _get(pool, server.origin._replace(host=host))
        assert server.visits == 0
    await pool.aclose()
