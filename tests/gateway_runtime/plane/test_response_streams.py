"""Responses that stream: functions that write metadata and then a body, and back ends that have no end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_runtime.edge.deadlines import Sweep
from gateway_runtime.functions.errors import FunctionFailed, FunctionNotFound, InvocationTimedOut
from gateway_runtime.integrations.lambda_stream import read_prelude
from gateway_runtime.integrations.proxy_result import MalformedResult
from gateway_runtime.limits import STREAM, StreamLimits
from gateway_runtime.upstream.errors import BadResponse, IntegrationTimedOut, TruncatedResponse
from gateway_runtime.upstream.response import UpstreamResponse
from tests.gateway_runtime.edge.server import Edge, edge_server
from tests.gateway_runtime.plane.backend import Answer, Backend
from tests.gateway_runtime.plane.builders import API, get, http_proxy, lambda_proxy, lambda_stream, rest_api, stage
from tests.gateway_runtime.plane.harness import GatewayHarness

NULS = b"\0" * 8
HEAD = f"GET /prod/fn HTTP/1.1\r\nhost: {API}.execute-api.localhost\r\n\r\n".encode()


def prelude(**members: Any) -> bytes:
    return json.dumps(members or {"statusCode": 200}).encode() + NULS


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def streamed(gateway: GatewayHarness, behaviour: Any) -> Any:
    arn = gateway.functions.runs("fn", behaviour)
    gateway.serve(rest_api(get("/fn", lambda_stream(arn))))
    return await gateway.get("/prod/fn")


async def test_metadata_become_the_head_and_the_rest_the_body(gateway: GatewayHarness) -> None:
    metadata = {
        "statusCode": 201,
        "headers": {"Content-Type": "text/event-stream", "X-One": "1"},
        "multiValueHeaders": {"X-Two": ["a", "b"]},
        "cookies": ["c=1", "d=2"],
    }

    answer = await streamed(gateway, prelude(**metadata) + b"data: 1\n\n" + NULS)

    assert (answer.status, answer.body) == (201, b"data: 1\n\n" + NULS)
    assert answer.header("content-type") == "text/event-stream"
    assert [value for name, value in answer.headers if name in ("x-one", "x-two", "set-cookie")] == [
        "a", "b", "1", "c=1", "d=2"
    ]  # fmt: skip


async def test_the_event_is_that_of_every_proxy(gateway: GatewayHarness) -> None:
    await streamed(gateway, prelude())

    assert gateway.functions.invocations[-1].event["resource"] == "/fn"


async def test_the_head_goes_out_before_the_function_has_ended(gateway: GatewayHarness) -> None:
    go_on = asyncio.Event()

    async def function(event: Any) -> AsyncIterator[bytes]:
        yield prelude()[:5]
        yield prelude()[5:] + b"first"
        await go_on.wait()
        yield b"second"

    arn = gateway.functions.runs("fn", function)
    gateway.serve(rest_api(get("/fn", lambda_stream(arn))))
    async with edge_server(gateway.application) as edge, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
        writer.write(HEAD)
        early = await reader.readuntil(b"first")
        go_on.set()
        late = await reader.readuntil(b"0\r\n\r\n")
        writer.close()

    assert early.startswith(b"HTTP/1.1 200")
    assert b"second" in late


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b'{"statusCode": 200}',
        b'{"statusCode": 200}' + b"\0" * 7 + b"body",
        b"no json" + NULS,
        b"[]" + NULS,
        NULS + b"body",
        b'{"statusCode": 200, "body": "whole"}' + NULS,
        b'{"statusCode": 200, "headers": {"a": "' + b"x" * 16_384 + b'"}}' + NULS,
        b"x" * 200_000,
    ],
)
async def test_without_whole_and_sound_metadata_nothing_is_answered_with(
    gateway: GatewayHarness, written: bytes
) -> None:
    answer = await streamed(gateway, written)

    assert (answer.status, answer.json()) == (502, {"message": "Internal server error"})


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (FunctionFailed("oh"), 502),
        (FunctionNotFound("who"), 500),
        (InvocationTimedOut("late"), 504),
    ],
)
async def test_a_function_that_fails_before_it_writes_has_its_gateway_response(
    gateway: GatewayHarness, failure: Exception, status: int
) -> None:
    assert (await streamed(gateway, failure)).status == status


@pytest.mark.parametrize(
    ("error", "status"), [(BadResponse("broken"), 502), (IntegrationTimedOut("late"), 504), (None, 502)]
)
async def test_a_stream_that_breaks_within_its_metadata_has_its_gateway_response(
    gateway: GatewayHarness, error: Exception | None, status: int
) -> None:
    async def function(event: Any) -> AsyncIterator[bytes]:
        yield b'{"statusCode"'
        if error is not None:
            raise error

    assert (await streamed(gateway, function)).status == status


async def test_a_function_that_fails_in_the_middle_cuts_the_answer(gateway: GatewayHarness) -> None:
    async def function(event: Any) -> AsyncIterator[bytes]:
        yield prelude() + b"begun"
        raise TruncatedResponse("the function failed")

    arn = gateway.functions.runs("fn", function)
    gateway.serve(rest_api(get("/fn", lambda_stream(arn))))
    async with edge_server(gateway.application) as edge:
        received, closed = await edge.talk(HEAD)

    assert closed
    assert b"begun" in received
    assert not received.endswith(b"0\r\n\r\n")


async def call_and_leave(edge: Edge, marker: bytes) -> None:
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
        writer.write(HEAD)
        await reader.readuntil(marker)
        writer.transport.abort()


async def test_a_client_that_leaves_ends_the_stream(gateway: GatewayHarness) -> None:
    ended: list[bool] = []

    async def function(event: Any) -> AsyncIterator[bytes]:
        try:
            yield prelude() + b"begun"
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    arn = gateway.functions.runs("fn", function)
    gateway.serve(rest_api(get("/fn", lambda_stream(arn))))
    async with edge_server(gateway.application) as edge:
        await call_and_leave(edge, b"begun")
        await until(lambda: ended)


async def test_a_client_that_does_not_read_holds_the_function(gateway: GatewayHarness) -> None:
    written = 0

    async def function(event: Any) -> AsyncIterator[bytes]:
        nonlocal written
        yield prelude()
        for _ in range(1_000):
            written += 64 * 1024
            yield b"x" * 64 * 1024

    gateway.services = replace(gateway.services, stream=replace(STREAM, bytes_per_second=0))
    arn = gateway.functions.runs("fn", function)
    gateway.serve(rest_api(get("/fn", lambda_stream(arn))))
    async with edge_server(gateway.application) as edge:
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.port, limit=1024)
        writer.write(HEAD)
        seen = -1
        while seen != written:  # until it stands still
            seen = written
            await asyncio.sleep(0.2)
        standing = written
        async with asyncio.timeout(20):
            left = 64_000 * 1024
            while left > 0:
                left -= len(await reader.read(1 << 20))
        writer.close()

    assert 0 < standing < 16 * 1024 * 1024
    assert written == 1_000 * 64 * 1024


async def test_streams_are_neither_packed_nor_kept(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", prelude(headers={"content-type": "text/plain"}) + b"x" * 5_000)
    gateway.serve(replace(rest_api(get("/fn", lambda_stream(arn))), minimum_compression_size=0))

    answer = await gateway.get("/prod/fn", accept_encoding="gzip")

    assert (answer.header("content-encoding"), answer.body) == (None, b"x" * 5_000)


@pytest.mark.parametrize("transfer", [("BUFFERED", True), ("STREAM", False)])
async def test_uri_and_transfer_mode_have_to_agree(gateway: GatewayHarness, transfer: tuple[str, bool]) -> None:
    mode, by_stream = transfer
    integration = lambda_stream("fn") if by_stream else lambda_proxy("fn")
    changed = {name: getattr(integration, name) for name in integration.__struct_fields__}
    gateway.serve(rest_api(get("/fn", type(integration)(**{**changed, "response_transfer_mode": mode}))))

    assert (await gateway.get("/prod/fn")).status == 500


# Back ends ------------------------------------------------------------------------------------------------------


async def test_a_back_end_streams_without_a_cap(gateway: GatewayHarness, backend: Backend) -> None:
    body = b"x" * (11 * 1024 * 1024)
    backend.answer = Answer(200, body, [("Content-Type", "video/mp4")])
    proxy = http_proxy(backend.url, response_transfer_mode="STREAM")
    gateway.serve(rest_api(get("/fn", proxy), get("/whole", http_proxy(backend.url))))

    large, refused = await gateway.get("/prod/fn"), await gateway.get("/prod/whole")

    assert (large.status, len(large.body), large.complete) == (200, len(body), True)
    assert refused.status == 502


async def test_a_back_end_that_pauses_for_too_long_is_given_up(gateway: GatewayHarness) -> None:
    loop = asyncio.get_running_loop()
    response = UpstreamResponse(loop, Sweep(loop, 0.01), loop.time() + 60, False)
    response.idle_seconds = 0.05
    response.store(b"first")

    assert await response.next_chunk() == b"first"
    with pytest.raises(IntegrationTimedOut, match="idle"):
        await response.next_chunk()


async def test_a_reader_that_pauses_does_not_end_a_stream() -> None:
    loop = asyncio.get_running_loop()
    response = UpstreamResponse(loop, Sweep(loop, 0.01), loop.time() + 60, False)
    response.idle_seconds = 1.0
    response.store(b"first")
    await response.next_chunk()
    response.store(b"second")

    response.check_deadline(loop.time() + 10)

    assert await response.next_chunk() == b"second"


async def test_a_client_that_leaves_ends_the_exchange_with_the_back_end(
    gateway: GatewayHarness, backend: Backend
) -> None:
    backend.answer = Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n")
    gateway.serve(rest_api(get("/fn", http_proxy(backend.url, response_transfer_mode="STREAM")), stage("prod")))
    async with edge_server(gateway.application) as edge:
        await call_and_leave(edge, b"begun")
        await until(lambda: not gateway.pool.counts())


@given(st.lists(st.binary(max_size=40) | st.just(NULS) | st.just(b"\0\0\0"), max_size=8))
def test_whatever_is_written_a_prelude_is_found_or_refused(pieces: list[bytes]) -> None:
    async def read() -> None:
        loop = asyncio.get_running_loop()
        response = UpstreamResponse(loop, Sweep(loop, 10), loop.time() + 60, False)
        for piece in pieces:
            if piece:
                response.store(piece)
        response.finish()
        whole = b"".join(pieces)
        try:
            metadata = await read_prelude(response)
        except MalformedResult:
            assert NULS not in whole
        else:
            assert metadata + NULS + await response.read() == whole

    asyncio.run(read())


async def test_behind_its_free_part_a_stream_has_a_bandwidth(gateway: GatewayHarness) -> None:
    limits = replace(STREAM, free_bytes=200_000, bytes_per_second=1_000_000)
    gateway.services = replace(gateway.services, stream=limits)
    took = []

    for size in (200_000, 500_000):
        began = time.monotonic()
        answer = await streamed(gateway, prelude() + b"x" * size)
        took.append(time.monotonic() - began)
        assert len(answer.body) == size

    assert took[1] >= max(0.3, took[0])


async def test_without_a_bandwidth_a_stream_goes_as_fast_as_it_comes(gateway: GatewayHarness) -> None:
    gateway.services = replace(gateway.services, stream=replace(STREAM, free_bytes=0, bytes_per_second=0))
    began = time.monotonic()

    assert len((await streamed(gateway, prelude() + b"x" * 6_000_000)).body) == 6_000_000
    assert time.monotonic() - began < 2.5  # at two megabytes a second it would be three


@pytest.mark.parametrize(
    ("edge", "limits"),
    [
        (False, replace(STREAM, idle_seconds=0.05)),
        (True, replace(STREAM, edge_idle_seconds=0.05)),
    ],
)
async def test_a_silent_stream_is_cut_off_after_the_time_of_its_endpoint(
    gateway: GatewayHarness, edge: bool, limits: StreamLimits
) -> None:
    async def function(event: Any) -> AsyncIterator[bytes]:
        yield prelude() + b"first"
        await asyncio.Event().wait()

    gateway.services = replace(gateway.services, stream=limits)
    arn = gateway.functions.runs("fn", function)
    gateway.serve(rest_api(get("/fn", lambda_stream(arn)), stage("prod", edge_optimized=edge)))

    async with asyncio.timeout(5):
        answer = await gateway.get("/prod/fn")

    assert (answer.body, answer.complete) == (b"first", False)
