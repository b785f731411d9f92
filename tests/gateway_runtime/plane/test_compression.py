"""Payload compression: which answers are packed for whom, and which requests are unpacked within which bounds."""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_runtime.mapping.content_codings import NotInCoding, accepted_coding, unpack
from tests.gateway_runtime.plane.backend import Answer, Backend
from tests.gateway_runtime.plane.builders import (
    RestApi,
    Route,
    any_method,
    get,
    http,
    http_proxy,
    mock,
    response,
    rest_api,
)
from tests.gateway_runtime.plane.harness import GatewayHarness

TEXT = json.dumps([{"name": "Rex", "legs": 4}] * 200).encode()


def compressing(*routes: Route, minimum: int | None = 1000, **members: Any) -> RestApi:
    return replace(rest_api(*routes), minimum_compression_size=minimum, **members)


def deflated(body: bytes) -> bytes:
    return zlib.compress(body)


def raw_deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip", "gzip"), ("deflate", "deflate"), ("gzip, deflate, br", "gzip"), ("deflate;q=0.5, gzip;q=0.9", "gzip"),
        ("br, gzip", "gzip"), ("GZIP", "gzip"),
        ("br;q=1, gzip;q=0.5", None), ("identity, gzip;q=0.5", None), ("*", None), ("gzip;q=0", None), ("br", None), ("", None),
        ("gzip;q=x", None), (",;q=1", None),
    ],
)  # fmt: skip
def test_the_callers_highest_preference_decides(accept: str, coding: str | None) -> None:
    assert accepted_coding([(b"accept-encoding", accept.encode())]) == coding


async def test_a_large_answer_is_packed_for_those_who_ask(gateway: GatewayHarness) -> None:
    gateway.serve(compressing(get("/pets", mock(200, TEXT.decode()))))

    zipped = await gateway.get("/prod/pets", accept_encoding="gzip")
    deflate = await gateway.get("/prod/pets", accept_encoding="deflate")
    plain = await gateway.get("/prod/pets")

    assert (zipped.header("content-encoding"), gzip.decompress(zipped.body)) == ("gzip", TEXT)
    assert zipped.header("content-length") == str(len(zipped.body))
    assert (deflate.header("content-encoding"), zlib.decompress(deflate.body)) == ("deflate", TEXT)
    assert (plain.header("content-encoding"), plain.body) == (None, TEXT)
    assert {answer.header("vary") for answer in (zipped, deflate, plain)} == {"accept-encoding"}


async def test_the_answers_size_decides_whatever_the_way_it_comes(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(compressing(any_method("/pets", http_proxy(backend.url)), get("/mapped", http(backend.url, "GET"))))
    seen = {}
    for size in (999, 1000, 500_000):
        for path in ("/pets", "/mapped"):
            backend.answer = Answer(body=b"x" * size)
            answer = await gateway.get(f"/prod{path}", accept_encoding="gzip")
            assert (gzip.decompress(answer.body) if answer.header("content-encoding") else answer.body) == b"x" * size
            seen[size, path] = answer.header("content-encoding")

    assert seen == {
        (999, "/pets"): None, (999, "/mapped"): None, (1000, "/pets"): "gzip", (1000, "/mapped"): "gzip",
        (500_000, "/pets"): "gzip", (500_000, "/mapped"): "gzip",
    }  # fmt: skip


async def test_an_answer_of_unknown_length_is_measured(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(compressing(any_method("/pets", http_proxy(backend.url))))
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    bodies = []
    for size in (10, 2000):
        backend.answer = Answer(raw=head + b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n")
        bodies.append(await gateway.get("/prod/pets", accept_encoding="gzip"))

    assert [answer.header("content-encoding") for answer in bodies] == [None, "gzip"]
    assert (bodies[0].body, gzip.decompress(bodies[1].body)) == (b"x" * 10, b"x" * 2000)


async def test_what_is_packed_already_stays(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(compressing(any_method("/pets", http_proxy(backend.url)), minimum=0))
    backend.answer = Answer(body=b"already packed", headers=[("Content-Encoding", "br")])

    answer = await gateway.get("/prod/pets", accept_encoding="gzip")

    assert (answer.header("content-encoding"), answer.body) == ("br", b"already packed")


async def test_what_has_no_body_stays(gateway: GatewayHarness, backend: Backend) -> None:
    empty = mock(204, responses=(response(204, ""),))
    gateway.serve(compressing(get("/none", empty), any_method("/pets", http_proxy(backend.url)), minimum=0))

    none = await gateway.get("/prod/none", accept_encoding="gzip")
    head = await gateway.call("HEAD", "/prod/pets", accept_encoding="gzip")

    assert (none.status, none.body, none.header("content-encoding")) == (204, b"", None)
    assert head.header("content-encoding") is None


async def test_a_refusal_is_not_packed(gateway: GatewayHarness) -> None:
    gateway.serve(compressing(get("/pets", mock()), minimum=0))

    assert (await gateway.get("/prod/nothing", accept_encoding="gzip")).json()["message"]


@pytest.mark.parametrize("pack", [gzip.compress, deflated, raw_deflated])
@pytest.mark.parametrize("body", [TEXT, b"{}", b"x" * 500_000])
async def test_a_packed_request_reaches_the_back_end_unpacked(
    gateway: GatewayHarness, backend: Backend, pack: Any, body: bytes
) -> None:
    gateway.serve(compressing(any_method("/pets", http_proxy(backend.url))))
    coding = "gzip" if pack is gzip.compress else "deflate"
    packed = pack(body[: len(body) // 2]) + pack(body[len(body) // 2 :]) if coding == "gzip" else pack(body)

    await gateway.post("/prod/pets", packed, content_encoding=coding)

    # The half megabyte of one letter is beyond the ratio.
    seen = [(seen.body, seen.header("content-encoding")) for seen in backend.requests]
    assert seen == ([] if len(body) == 500_000 else [(body, None)])


async def test_a_packed_body_is_validated_unpacked(gateway: GatewayHarness) -> None:
    route = any_method("/pets", mock(), validate_body=True, request_models={"application/json": "Pets"})
    gateway.serve(compressing(route, models={"Pets": '{"type": "array"}'}))

    good = await gateway.post("/prod/pets", gzip.compress(TEXT), content_encoding="gzip")
    bad = await gateway.post("/prod/pets", gzip.compress(b"{}"), content_encoding="gzip")

    assert (good.status, bad.status) == (200, 400)


async def test_bombs_are_too_large_and_garbage_is_no_body(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(compressing(any_method("/pets", http_proxy(backend.url))))
    bomb = gzip.compress(b"\0" * 30_000_000)
    wrapped = [bomb, gzip.compress(bomb), gzip.compress(b"\0" * 60_000) * 2]
    garbage = [b"garbage", gzip.compress(TEXT)[:-9], gzip.compress(TEXT) + b"more"]

    large = [(await gateway.post("/prod/pets", body, content_encoding="gzip")).status for body in wrapped]
    broken = [(await gateway.post("/prod/pets", body, content_encoding="gzip")).status for body in garbage]

    # A bomb within a bomb is unpacked once: what it holds is small.
    assert (large, broken) == ([413, 200, 413], [400, 400, 400])


async def test_an_api_without_a_minimum_passes_codings_on(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(compressing(any_method("/pets", http_proxy(backend.url)), minimum=None))
    packed = gzip.compress(TEXT)
    backend.answer = Answer(body=TEXT)

    answer = await gateway.post("/prod/pets", packed, content_encoding="gzip", accept_encoding="gzip")

    assert (backend.last.body, backend.last.header("content-encoding")) == (packed, "gzip")
    assert (answer.header("content-encoding"), answer.body) == (None, TEXT)


async def test_an_unknown_coding_passes_on(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(compressing(any_method("/pets", http_proxy(backend.url))))

    await gateway.post("/prod/pets", b"packed", content_encoding="br")

    assert (backend.last.body, backend.last.header("content-encoding")) == (b"packed", "br")


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([gzip.compress, deflated, raw_deflated]),
    st.integers(0, 300),
    st.integers(0, 255),
)
def test_a_damaged_body_is_refused_or_the_same(body: bytes, pack: Any, at: int, noise: int) -> None:
    coding = "gzip" if pack is gzip.compress else "deflate"
    packed = bytearray(pack(body))
    assert unpack(bytes(packed), coding) == body
    packed[at % len(packed)] ^= noise
    with contextlib.suppress(NotInCoding):
        unpack(bytes(packed), coding)
