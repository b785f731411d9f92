"""How the edge holds a connection: order, deadlines, back-pressure, draining."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateway_runtime.edge.body import BodyTooLarge, RequestBody
from gateway_runtime.edge.turn import turn_of
from gateway_runtime.limits import EDGE
from tests.gateway_runtime.edge.server import Application, edge_server

H = b"Host: a.example\r\n"
QUICK = replace(
    EDGE, head_seconds=0.2, body_seconds=0.2, idle_seconds=0.2, linger_seconds=0.2, sweep_seconds=0.02,
    body_bytes_per_second=10**9, drain_idle_seconds=0.1,
)  # fmt: skip


def _get(path: bytes, *headers: bytes) -> bytes:
    return b"GET %b HTTP/1.1\r\n" % path + H + b"".join(header + b"\r\n" for header in headers) + b"\r\n"


async def _eventually(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with edge_server(Application()) as edge:
        answer, _ = await edge.talk(_get(b"/1") + _get(b"/2") + _get(b"/3"), until=b"GET /3 ")

    assert [part[:7] for part in answer.split(b"\r\n\r\n")[1:]] == [b"GET /1 ", b"GET /2 ", b"GET /3 "]


async def test_a_refusal_follows_the_answers_owed_before_it() -> None:
    app = Application()
    async with edge_server(app) as edge:
        answer, closed = await edge.talk(_get(b"/1") + _get(b"/a%5cb"))

    assert answer.index(b"GET /1 ") < answer.index(b"HTTP/1.1 400")
    assert closed
    assert app.reached == ["GET /1"]


async def test_nothing_is_read_behind_connection_close() -> None:
    app = Application()
    async with edge_server(app) as edge:
        answer, closed = await edge.talk(_get(b"/1", b"Connection: close") + _get(b"/2"))

    assert answer.count(b"HTTP/1.1 200") == 1
    assert b"connection: close" in answer
    assert closed
    assert app.reached == ["GET /1"]


async def test_a_dripped_head_is_ended_at_its_deadline() -> None:
    app = Application()
    async with edge_server(app, QUICK) as edge:
        answer, closed = await edge.talk(b"GET / HTTP/1.1\r\nHost: a")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert closed
    assert app.reached == []


async def test_a_dripped_body_is_ended_at_its_deadline() -> None:
    async with edge_server(Application(), QUICK) as edge:
        answer, closed = await edge.talk(b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 10\r\n\r\nabc")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert closed


async def test_a_connection_without_a_request_is_closed_without_an_answer() -> None:
    async with edge_server(Application(), QUICK) as edge:
        assert await edge.talk() == (b"", True)


async def test_an_idle_kept_connection_is_closed() -> None:
    async with edge_server(Application(), QUICK) as edge:
        answer, closed = await edge.talk(_get(b"/1"))

    assert answer.endswith(b"GET /1 ")
    assert closed


async def test_endless_chunk_extensions_are_refused() -> None:
    head = b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n"
    async with edge_server(Application()) as edge:
        answer, closed = await edge.talk(head + b"1;a=" + b"b" * 400_000)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert closed


async def test_an_application_that_takes_long_is_not_the_clients_fault() -> None:
    app = Application()
    app.hold.clear()
    async with edge_server(app, QUICK) as edge:
        talking = asyncio.create_task(edge.talk(_get(b"/1"), until=b"GET /1 "))
        await _eventually(lambda: app.reached)
        asyncio.get_running_loop().call_later(0.4, app.hold.set)

        answer, _ = await talking

    assert answer.startswith(b"HTTP/1.1 200")


async def test_an_answer_before_the_body_closes_the_connection_and_still_arrives() -> None:
    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        with pytest.raises(BodyTooLarge):
            await RequestBody(scope["headers"], receive, cap=10).read()
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async with edge_server(refuse) as edge:
        declared, closed = await edge.talk(
            b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 2000000\r\n\r\n" + b"x" * 2_000_000
        )
        chunked, _ = await edge.talk(
            b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n" + b"14\r\n" + b"x" * 20
        )

    assert closed
    assert declared.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in declared
    assert chunked.startswith(b"HTTP/1.1 413 ")


async def test_a_body_nobody_reads_is_not_taken_into_memory() -> None:
    app = Application()
    app.hold.clear()
    async with edge_server(app) as edge:
        _, writer = await asyncio.open_connection("127.0.0.1", edge.port)
        writer.write(b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 9000000\r\n\r\n" + b"x" * 9_000_000)
        await _eventually(lambda: app.reached)
        await _eventually(lambda: edge.connection.flow.read_paused)

        turn = edge.connection.turn
        assert turn is not None
        assert turn.buffered() < 1_000_000
        writer.close()


async def test_the_client_going_away_is_told_to_who_works_for_it() -> None:
    told = asyncio.Event()
    app = Application()

    async def wait_for_client(scope: Any, receive: Any, send: Any) -> None:
        turn = turn_of(scope)
        assert turn is not None
        turn.on_disconnect = told.set
        app.reached.append("here")
        assert (await receive())["type"] == "http.request"
        assert (await receive())["type"] == "http.disconnect"

    async with edge_server(wait_for_client) as edge:
        _, writer = await asyncio.open_connection("127.0.0.1", edge.port)
        writer.write(_get(b"/"))
        await _eventually(lambda: app.reached)
        writer.close()
        async with asyncio.timeout(5):
            await told.wait()


async def test_a_continue_is_sent_when_the_application_reads() -> None:
    async with edge_server(Application()) as edge:
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
        writer.write(b"PUT / HTTP/1.1\r\n" + H + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")

        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"ok")
        assert (await reader.readuntil(b"PUT / ok")).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_an_unfinished_answer_is_cut_and_not_ended() -> None:
    async def break_off(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        raise OSError("the origin is gone")

    async with edge_server(break_off) as edge:
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
        writer.write(_get(b"/"))
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)) as ended:
            await reader.readuntil(b"0\r\n\r\n")
        writer.close()

    assert b"0\r\n\r\n" not in getattr(ended.value, "partial", b"")


async def test_a_line_break_in_a_response_header_never_reaches_the_client() -> None:
    async def split(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"a\r\nset-cookie: b")]})

    async with edge_server(split) as edge:
        answer, closed = await edge.talk(_get(b"/"))

    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in answer
    assert closed


async def test_draining_answers_what_is_running_and_says_close() -> None:
    app = Application()
    app.hold.clear()
    async with edge_server(app) as edge:
        talking = asyncio.create_task(edge.talk(_get(b"/1")))
        await _eventually(lambda: app.reached)
        edge.drain()
        app.hold.set()
        answer, closed = await talking

    assert b"connection: close" in answer
    assert answer.endswith(b"GET /1 ")
    assert closed


async def test_draining_serves_one_more_request_of_a_kept_connection() -> None:
    async with edge_server(Application()) as edge:
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
        writer.write(_get(b"/1"))
        await reader.readuntil(b"GET /1 ")
        edge.drain()
        writer.write(_get(b"/2"))
        answer = await reader.read()
        writer.close()

    assert b"connection: close" in answer
    assert answer.endswith(b"GET /2 ")


async def test_a_websocket_handshake_reaches_the_application() -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": scope["raw_path"].decode()})
        await receive()

    handshake = (
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    )
    async with edge_server(echo) as edge:
        answer, _ = await edge.talk(_get(b"/dev", *handshake), until=b"\x81\x04/dev")
        refused, closed = await edge.talk(_get(b"/a%5cb", *handshake))

    assert answer.startswith(b"HTTP/1.1 101 ")
    assert refused.startswith(b"HTTP/1.1 400 ")
    assert closed


@pytest.mark.parametrize(
    ("target", "value", "status"),
    [
        (10_000, 100, b"200"),
        (10_000, 300, b"431"),
        (10_240, 0, b"431"),  # with its Host
        (10_241, 0, b"414"),
        (100, 10_000, b"200"),
        (100, 10_200, b"431"),
    ],
)
async def test_target_and_header_values_have_ten_kilobytes_together(target: int, value: int, status: bytes) -> None:
    path = b"/" + b"a" * (target - 1)
    sent = b"GET %b HTTP/1.1\r\nhost: h\r\nx-long-name-which-does-not-count: %b\r\nconnection: close\r\n\r\n"

    async with edge_server(Application()) as edge:
        answer, _ = await edge.talk(sent % (path, b"v" * value))

    assert answer.split()[1] == status
