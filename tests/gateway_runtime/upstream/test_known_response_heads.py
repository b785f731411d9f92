"""Heads of responses that came before are read as the parser reads them."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_runtime.limits import POOL
from gateway_runtime.upstream import Origin, UpstreamPool
from gateway_runtime.upstream.errors import UpstreamError
from gateway_runtime.upstream.known_heads import KnownHeads
from tests.gateway_runtime.upstream.origin_server import Visit, origin_server

BODY = b"ok"


def _response(*headers: bytes, line: bytes = b"HTTP/1.1 200 OK", body: bytes = BODY) -> bytes:
    return line + b"\r\n" + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


async def _shown(pool: UpstreamPool, origin: Origin) -> object:
    try:
        response = await pool.request(origin, b"GET", b"/", [], timeout=2)
        return response.status, response.headers, response.length, await response.read()
    except UpstreamError as error:
        return type(error)


async def _whole_and_in_pieces(answer: bytes) -> tuple[object, object]:
    """What a response shows that comes in one piece, and in pieces, which the parser reads."""

    async def script(visit: Visit) -> None:
        while True:
            target = (await visit.head()).split(b" ")[1]
            for at in range(len(answer)) if target == b"/pieces" else (slice(None),):
                await visit.answer(answer[at] if isinstance(at, slice) else answer[at : at + 1])
                await asyncio.sleep(0)
            if b"connection: close" in answer.lower() or b"content-length" not in answer.lower():
                return

    async def shown(target: bytes) -> object:
        try:
            response = await pool.request(server.origin, b"GET", target, [], timeout=0.5)
            return response.status, response.headers, response.length, await response.read()
        except UpstreamError as error:
            return type(error)

    pool = UpstreamPool()
    try:
        async with origin_server(script) as server:
            return await shown(b"/whole"), await shown(b"/pieces")
    finally:
        await pool.aclose()


KEPT = (
    _response(b"Content-Length: 2"),
    _response(b"Content-Length:2", b"Server: nginx", b"Connection: keep-alive"),
    _response(b"content-length: 2", b"X-Two: a\t b", b"X-Two: c", b"X-Empty:"),
    _response(b"Content-Length: 2", line=b"HTTP/1.1 404 Not Found"),
    _response(b"Content-Length: 0", line=b"HTTP/1.1 200 ", body=b""),
    _response(b"Content-Length: 2", b"X: \xff\xc3\xa4"),
)
PARSED = (
    _response(b"Content-Length: 2", b"Connection: close"),
    _response(b"Content-Length: 2", b"Connection: x-one", b"X-One: 1"),
    _response(b"Content-Length: 2", b"Content-Length: 2"),
    _response(b"Content-Length: 2", b"Transfer-Encoding: chunked"),
    _response(b"Content-Length: 02, 2"),
    _response(b"Content-Length: +2"),
    _response(b"Content-Length : 2"),
    _response(b"Content-Length: 2", b"X-One: 1\r\n folded"),
    _response(b"Content-Length: 2", b"X-One: \x01"),
    _response(b"Content-Length: 2", b"no colon"),
    _response(b"Content-Length: 2", b": no name"),
    _response(b"Content-Length: 2", b"Keep-Alive: timeout=5"),
    _response(b"Content-Length: 2", line=b"HTTP/1.0 200 OK"),
    _response(b"Content-Length: 2", line=b"HTTP/1.1 999 Odd"),
    _response(b"Content-Length: 2", line=b"HTTP/1.1  200 OK"),
    _response(line=b"HTTP/1.1 204 No Content", body=b""),
    _response(b"X-One: 1"),
)


@pytest.mark.parametrize("answer", KEPT + PARSED)
async def test_a_response_shows_the_same_in_one_piece_and_in_many(answer: bytes) -> None:
    whole, pieces = await _whole_and_in_pieces(answer)

    assert whole == pieces


@pytest.mark.parametrize("answer", KEPT)
def test_what_usual_back_ends_answer_is_known(answer: bytes) -> None:
    assert KnownHeads(POOL)[answer.partition(b"\r\n\r\n")[0]] is not None


@pytest.mark.parametrize("answer", PARSED)
def test_what_has_to_be_decided_is_left_to_the_parser(answer: bytes) -> None:
    assert KnownHeads(POOL)[answer.partition(b"\r\n\r\n")[0]] is None


@pytest.mark.parametrize("more", [b"x", b"HTTP/1.1 200 OK\r\n\r\n"])
async def test_bytes_behind_a_known_response_are_nobodys_answer(more: bytes) -> None:
    answers = iter(
        [_response(b"Content-Length: 2"), _response(b"Content-Length: 2") + more, _response(b"Content-Length: 2")]
    )

    async def script(visit: Visit) -> None:
        while True:
            await visit.head()
            await visit.answer(next(answers))

    pool = UpstreamPool()
    async with origin_server(script) as server:
        shown = [await _shown(pool, server.origin) for _ in range(3)]
        assert server.visits == 2  # the connection that said too much was closed
    await pool.aclose()

    assert shown == [(200, [(b"content-length", b"2")], 2, b"ok")] * 3


async def test_a_body_that_is_not_here_yet_is_waited_for() -> None:
    async def script(visit: Visit) -> None:
        while True:
            await visit.head()
            answer = _response(b"Content-Length: 2")
            await visit.answer(answer[:-1])
            await visit.answer(answer[-1:])

    pool = UpstreamPool()
    async with origin_server(script) as server:
        shown = [await _shown(pool, server.origin) for _ in range(3)]
        assert server.visits == 1
    await pool.aclose()

    assert shown == [(200, [(b"content-length", b"2")], 2, b"ok")] * 3


def test_the_number_of_known_heads_is_bounded() -> None:
    known = KnownHeads(POOL)
    for number in range(5_000):
        assert known[b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\nx-request-id: %d" % number] is not None

    assert len(known) <= 2_048


_names = st.sampled_from(
    [
        b"Content-Length",
        b"content-length ",
        b"Connection",
        b"Transfer-Encoding",
        b"X-A",
        b"",
        b"X A",
        b"Trailer",
        b"Upgrade",
    ]
)
_values = st.sampled_from(
    [b"2", b" 2 ", b"2,2", b"-2", b"", b"keep-alive", b"close", b"chunked", b"\x00", b"\xff", b"a\tb", b"x-a", b"0x2"]
)
_headers = st.lists(st.tuples(_names, _values).map(b":".join), max_size=4)
_status_lines = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 500",
        b"HTTP/1.1 200",
        b"HTTP/1.1 304 Not Modified",
        b"HTTP/1.1 600 x",
        b"HTTP/1.0 200 OK",
    ]
)


@settings(max_examples=100, deadline=None)
@given(_status_lines, _headers)
async def test_whatever_is_known_is_what_the_parser_reads(line: bytes, headers: list[bytes]) -> None:
    known = KnownHeads(POOL)[_response(*headers, line=line).partition(b"\r\n\r\n")[0]]
    if known is None:
        return
    answer = _response(*headers, line=line, body=b"x" * known.length)
    whole, pieces = await _whole_and_in_pieces(answer)

    assert whole == pieces == (known.status, known.headers, known.length, b"x" * known.length)
