"""Heads that came before are read as if they came for the first time."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_runtime.edge.body import RequestBody
from gateway_runtime.edge.canonical import CanonicalRequest, parse_head
from gateway_runtime.edge.known_heads import KnownHeads
from gateway_runtime.edge.turn import turn_of
from gateway_runtime.exchange import Exchange
from gateway_runtime.iam.signatures import without_signature
from gateway_runtime.phases.compression import _unpacked
from tests.gateway_runtime.edge.server import Edge, edge_server
from tests.gateway_runtime.edge.test_hostile_bytes import REFUSED

H = b"Host: a.example\r\n"
END = b"\n--"
REQUEST_ID = re.compile(rb"x-amzn-requestid: \S+")


async def tell_all(scope: Any, receive: Any, send: Any) -> None:
    """Answer with everything that the request shows."""
    turn = turn_of(scope)
    assert turn is not None
    body = await RequestBody(scope["headers"], receive).read()
    shown = (
        scope["method"], scope["path"], scope["raw_path"], scope["query_string"], scope["headers"], scope["http_version"],
        turn.request[:-1], turn.request.segments, turn.request.header(b"x-one"), turn.keep_alive, body,
    )  # fmt: skip
    answer = repr(shown).encode() + END
    headers = [(b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def answer_of(edge: Edge, *pieces: bytes) -> bytes:
    answer, _ = await edge.talk(*pieces, until=END)
    return answer


def head(*headers: bytes, line: bytes = b"GET /pets?kind=dog HTTP/1.1") -> bytes:
    return line + b"\r\n" + H + b"".join(header + b"\r\n" for header in headers) + b"\r\n"


KEPT = {
    "host alone": head(),
    "spelling of names": head(b"X-ONE: a", b"x-Two:b"),
    "white space around values": head(b"X-One: \t a b \t ", b"X-Two:"),
    "the same name twice": head(b"X-One: 1", b"X-One: 2"),
    "bytes outside ASCII": head(b"X-One: \xc3\xa4\xff"),
    "connection kept": head(b"Connection: keep-alive"),
    "method override": head(b"X-HTTP-Method-Override: PATCH"),
    "percent in the query": head(line=b"GET /pets?a=%20b HTTP/1.1"),
    "root": head(line=b"GET / HTTP/1.1"),
    "empty segments": head(line=b"GET //a//b/ HTTP/1.1"),
    "another method": head(line=b"DELETE /pets/1 HTTP/1.1"),
    "post without a body": head(line=b"POST /pets HTTP/1.1"),
    "a body": head(b"Content-Length: 2", line=b"POST / HTTP/1.1") + b"ok",
    "a body on a connection that is kept": head(b"content-length: 4", b"Connection: keep-alive", line=b"PUT / HTTP/1.1")
    + b"\r\n\r\n",
    "an empty body": head(b"Content-Length: 0", line=b"POST / HTTP/1.1"),
}


@pytest.mark.parametrize("request_bytes", KEPT.values(), ids=KEPT)
async def test_the_second_time_a_request_shows_the_same(request_bytes: bytes) -> None:
    async with edge_server(tell_all) as edge:
        first = await answer_of(edge, request_bytes)
        (known,) = _known(edge)
        assert known.find(request_bytes, "127.0.0.1") is not None
        again = await answer_of(edge, request_bytes)

    assert again == first


NOT_KEPT = {
    "a body in chunks": head(b"Transfer-Encoding: chunked", line=b"POST / HTTP/1.1") + b"2\r\nok\r\n0\r\n\r\n",
    "the end of the connection": head(b"Connection: close"),
    "headers that the connection names": head(b"Connection: x-one", b"X-One: 1"),
    "HTTP/1.0": head(line=b"GET / HTTP/1.0"),
    "percent in the path": head(line=b"GET /a%20b HTTP/1.1"),
    "an absolute target": head(line=b"GET http://a.example/pets HTTP/1.1"),
}


@pytest.mark.parametrize("request_bytes", NOT_KEPT.values(), ids=NOT_KEPT)
async def test_what_has_to_be_decided_is_parsed_each_time(request_bytes: bytes) -> None:
    async with edge_server(tell_all) as edge:
        await answer_of(edge, head())
        first = await answer_of(edge, request_bytes)
        (known,) = _known(edge)
        assert known.find(request_bytes, "127.0.0.1") is None
        again = await answer_of(edge, request_bytes)

    assert again == first


@pytest.mark.parametrize(("sent", "status"), REFUSED.values(), ids=REFUSED)
async def test_known_header_lines_make_nothing_hostile_pass(sent: bytes, status: int) -> None:
    async with edge_server(tell_all) as edge:
        for line in (b"GET / HTTP/1.1", b"GET /pets HTTP/1.1", b"POST / HTTP/1.1"):
            await answer_of(edge, head(line=line))
        answer, closed = await edge.talk(sent)

    assert b" %d " % status in answer.split(b"\r\n")[0]
    assert closed


@pytest.mark.parametrize(
    "behind", [b"", b"o", b"okay", b"ok\r\n", b"ok" + head(), b"ok" + head(line=b"GET /smuggled HTTP/1.1")]
)
async def test_a_known_length_is_the_declared_one_whatever_comes_behind(behind: bytes) -> None:
    post = head(b"Content-Length: 2", line=b"POST / HTTP/1.1")
    for first in (post + b"ok", post + b"ok\r\n"):
        async with edge_server(tell_all) as fresh, edge_server(tell_all) as knowing:
            await answer_of(knowing, first)
            if len(behind) == 1:  # the rest of the body comes later
                assert await answer_of(knowing, post + behind, b"k") == await answer_of(fresh, post + b"ok")
                continue
            if not behind:
                continue
            expected, _ = await fresh.talk(post + behind + head(b"Connection: close"))
            found, _ = await knowing.talk(post + behind + head(b"Connection: close"))
            assert REQUEST_ID.sub(b"", found) == REQUEST_ID.sub(b"", expected)


async def test_two_requests_in_one_read_are_two() -> None:
    async with edge_server(tell_all) as edge:
        first = await answer_of(edge, head())
        both, _ = await edge.talk(head() + head(), until=first + first)

    assert both == first + first


async def test_a_head_in_pieces_is_read_whole() -> None:
    request_bytes = head(b"X-One: 1")
    async with edge_server(tell_all) as edge:
        first = await answer_of(edge, request_bytes)

        for at in (1, 5, 30, len(request_bytes) - 1):
            assert await answer_of(edge, request_bytes[:at], request_bytes[at:]) == first


def _known(edge: Edge) -> list[KnownHeads]:
    from gateway_runtime.edge import protocol

    return [protocol._known_heads[edge.state]]


_targets = st.lists(
    st.sampled_from(
        [
            "/",
            "/a",
            ".",
            "..",
            "?",
            "&",
            "=",
            "%20",
            "%00",
            "%",
            "%2e",
            ";",
            "\\",
            '"',
            "<",
            "[",
            "é",
            " ",
            "#",
            "*",
            "//b",
        ]
    ),
    max_size=6,
).map("".join)
_lines = st.tuples(
    st.sampled_from(["GET", "POST", "get", "CONNECT", "PURGE", "GET ", "", "OPTIONS"]),
    _targets,
    st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "http/1.1", "HTTP/1.1 ", ""]),
)


@settings(max_examples=150, deadline=None)
@given(_lines)
async def test_each_request_line_is_read_alike_before_known_and_unknown_lines(line: tuple[str, str, str]) -> None:
    request_bytes = head(b"Connection: keep-alive", line=" ".join(line).encode())
    async with edge_server(tell_all) as fresh, edge_server(tell_all) as knowing:
        await answer_of(knowing, head(b"Connection: keep-alive"))
        expected = await _answer_or_refusal(fresh, request_bytes)
        found = await _answer_or_refusal(knowing, request_bytes)

    assert found == expected


async def _answer_or_refusal(edge: Edge, request_bytes: bytes) -> tuple[bytes, bytes]:
    answer, _ = await edge.talk(request_bytes, until=END)
    return answer.split(b"\r\n")[0], b"" if b"x-amzn-errortype" in answer else answer


def _found_again(*headers: bytes) -> CanonicalRequest:
    """A request of which the header lines are known."""
    known, sent = KnownHeads(), head(*headers)
    pairs = [(name.lower(), value) for name, _, value in (line.partition(b": ") for line in (H.rstrip(), *headers))]
    known.learn(sent, parse_head("GET", b"/pets", pairs, ""), [name for name, _ in pairs], 0)
    found = known.find(sent, "127.0.0.1")
    assert found is not None
    return found


def test_a_known_signature_is_taken_off_too() -> None:
    exchange = Exchange(None, None, None)
    exchange.request = _found_again(b"Authorization: AWS4-HMAC-SHA256 x", b"X-One: 1")

    without_signature(exchange)

    assert exchange.request.header(b"authorization") is None
    assert exchange.request.known is None
    assert exchange.request.header(b"x-one") == b"1"


def test_a_known_coding_is_gone_from_an_unpacked_request() -> None:
    request = _unpacked(_found_again(b"Content-Encoding: gzip"), 2)

    assert request.header(b"content-encoding") is None
    assert request.known is None


def test_callers_who_never_repeat_themselves_are_not_learned_for_ever() -> None:
    known = KnownHeads()
    for number in range(1_000):
        value = b"%d" % number
        request_bytes = head(b"X-One: " + value)
        request = parse_head("GET", b"/pets", [(b"host", b"a.example"), (b"x-one", value)], "")
        known.learn(request_bytes, request, [b"Host", b"X-One"], 0)

    assert 64 <= len(known) < 100
