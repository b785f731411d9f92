"""One reading of a request: what is matched is what is forwarded."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway_runtime.edge.canonical import parse, parse_head
from gateway_runtime.edge.refusals import AmbiguousRequest, new_request_id

HEADERS = [(b"host", b"api.example")]
SAFE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="/\\"), max_size=20)


def test_the_path_keeps_its_spelling() -> None:
    request = parse_head("GET", b"/a//b%20c/%2B/?q=%2F&q=a+b&r", HEADERS, "192.0.2.1")

    assert request.path == "/a//b%20c/%2B/"
    assert request.segments == ("a", "", "b%20c", "%2B", "")
    assert request.query == (("q", "/"), ("q", "a b"), ("r", ""))
    assert request.target == "/a//b%20c/%2B/?q=%2F&q=a+b&r"


def test_a_host_is_lower_case_and_its_port_apart() -> None:
    request = parse_head("GET", b"/", [(b"host", b"API.Example:8080")], "192.0.2.1")

    assert (request.host, request.authority) == ("api.example", "api.example:8080")


def test_an_asgi_scope_of_another_server_is_read_the_same_way_once() -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "raw_path": b"/a%20b",
        "query_string": b"x=1",
        "headers": HEADERS,
        "client": ("192.0.2.1", 1),
    }

    request = parse(scope)

    assert request.target == "/a%20b?x=1"
    assert request.client_ip == "192.0.2.1"
    assert parse(scope) is request


@given(st.binary(max_size=60))
@example(b"/%2e%2e/%2e")
@example(b"/..;/x")
@example(b"//")
def test_any_target_is_refused_or_forwarded_exactly_as_sent(target: bytes) -> None:
    try:
        request = parse_head("GET", target, HEADERS, "")
    except AmbiguousRequest:
        return
    if target.startswith(b"/"):
        assert request.target.encode() in (target, target.rstrip(b"?"))
    assert "/" + "/".join(request.segments) == request.path
    _assert_every_reader_sees_the_same(request.segments)


@given(st.text(alphabet="/.%25eEfFcC0;\\a?#", max_size=30))
def test_any_play_with_dots_slashes_and_percents_is_refused_or_harmless(path: str) -> None:
    try:
        request = parse_head("GET", b"/" + path.encode(), HEADERS, "")
    except AmbiguousRequest:
        return
    _assert_every_reader_sees_the_same(request.segments)


def _assert_every_reader_sees_the_same(segments: tuple[str, ...]) -> None:
    for segment in segments:
        decoded = unquote_to_bytes(segment)
        assert b"\\" not in decoded
        # An encoded slash divides for some readers: also for them there is no dot segment.
        assert all(part.split(b";")[0] not in (b".", b"..") for part in decoded.split(b"/"))
        assert all(byte >= 0x20 and byte != 0x7F for byte in decoded)
        decoded.decode("utf-8")


def test_an_encoded_slash_does_not_divide_and_stays_as_sent() -> None:
    request = parse_head("GET", b"/files/a%2Fb%2fc/d", HEADERS, "")

    assert request.segments == ("files", "a%2Fb%2fc", "d")
    assert request.target == "/files/a%2Fb%2fc/d"


@given(st.lists(SAFE, min_size=1, max_size=5))
def test_properly_quoted_segments_pass(segments: list[str]) -> None:
    if any(part.partition(";")[0] in (".", "..") for segment in segments for part in segment.split("/")):
        return
    path = "/" + "/".join(quote(segment, safe="") for segment in segments)

    request = parse_head("GET", path.encode(), HEADERS, "")

    assert [unquote_to_bytes(segment).decode() for segment in request.segments] == segments


@given(st.lists(st.tuples(st.text("aé &=+%", min_size=1, max_size=5), st.text("aé &=+%", max_size=5)), max_size=4))
def test_a_quoted_query_comes_back(pairs: list[tuple[str, str]]) -> None:
    raw = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)

    request = parse_head("GET", f"/?{raw}".encode(), HEADERS, "")

    assert list(request.query) == pairs == parse_qsl(raw, keep_blank_values=True)


@given(st.binary(max_size=40))
def test_any_host_is_refused_or_plain(value: bytes) -> None:
    try:
        request = parse_head("GET", b"/", [(b"host", value)], "")
    except AmbiguousRequest:
        return
    assert request.authority == value.decode("ascii").lower()
    assert request.authority.startswith(request.host)


@pytest.mark.parametrize(
    "name", [b"authorization", b"host", b"content-type", b"content-length", b"x-http-method-override"]
)
def test_a_second_copy_of_a_deciding_header_is_refused(name: bytes) -> None:
    with pytest.raises(AmbiguousRequest):
        parse_head("GET", b"/", [*HEADERS, (name, b"1"), (name, b"1")], "")


def test_request_ids_are_version_4_uuids_and_differ() -> None:
    new = new_request_id
    ids = {new() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(len(text) == 36 and text[14] == "4" and text[19] in "89ab" for text in ids)
