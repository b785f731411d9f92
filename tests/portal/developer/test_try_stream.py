"""Try-it as it comes: pieces are shown when they arrive, and the call ends when nobody reads it any more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from apps.portals.models import Application
from portal.developer import answer_lines, stream_pages, trystream
from portal.developer.pace import PACE
from portal.developer.tryit import Attempt
from portal.developer.trystream import Piece, stream
from tests.portal.developer.shops import Shop
from tests.portal.developer.test_tryit import attempt, operation

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


@pytest.fixture(autouse=True)
def _no_waiting() -> None:
    PACE.forget_everybody()


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[str]:
    """A server that reads the head of a request, and answers as `talk` says."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def all_of(attempt: Attempt, base: str) -> list[Piece]:
    return [piece async for piece in stream(attempt, base)]


async def test_a_piece_is_shown_before_the_next_one_is_sent() -> None:
    heard = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"9\r\ndata: one\r\n")
        await writer.drain()
        await heard.wait()
        writer.write(b"9\r\ndata: two\r\n0\r\n\r\n")
        await writer.drain()

    async with server(talk) as base:
        pieces = stream(attempt(), base)
        assert (await anext(pieces)).kind == "head"
        assert (await anext(pieces)).text == "data: one"
        heard.set()
        rest = [piece async for piece in pieces]

    assert [piece.kind for piece in rest] == ["text", "end"]
    assert rest[-1].answer is not None
    assert (rest[-1].answer.status_line, rest[-1].answer.body) == ("200 OK", "data: onedata: two")


async def test_stopping_ends_the_call() -> None:
    gone = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        await writer.drain()
        await reader.read()
        gone.set()

    async with server(talk) as base:
        async with aclosing(stream(attempt(), base)) as pieces:
            await anext(pieces)
        await asyncio.wait_for(gone.wait(), 5)


async def test_an_answer_without_an_end_is_cut_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trystream, "STREAM_SECONDS", 0.2)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        await reader.read()

    async with server(talk) as base:
        end = (await all_of(attempt(), base))[-1]

    assert end.answer is not None
    assert (end.answer.body, end.answer.truncated, end.answer.problem) == ("a", True, "")


async def test_an_answer_that_does_not_begin_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trystream, "TIMEOUT_SECONDS", 0.2)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(talk) as base:
        (end,) = await all_of(attempt(), base)

    assert end.answer is not None
    assert "did not answer within" in end.answer.problem


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_whatever_the_gateway_says_there_is_an_end(said: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()

    async with server(talk) as base:
        end = (await all_of(attempt(), base))[-1]

    assert end.kind == "end"
    assert end.answer is not None
    assert end.answer.problem or end.answer.truncated


async def test_a_gateway_that_is_away_is_told_in_words() -> None:
    (end,) = await all_of(attempt(), "http://127.0.0.1:1")

    assert end.answer is not None
    assert "could not be reached" in end.answer.problem


async def test_a_long_answer_is_cut(origin: Any) -> None:
    origin.body = b"y" * 7_000_000

    pieces = await all_of(attempt(), origin.url)

    assert sum(len(piece.text) for piece in pieces) == 200_000
    assert pieces[-1].answer is not None
    assert pieces[-1].answer.truncated


async def test_the_call_is_the_one_that_try_it_makes(origin: Any) -> None:
    filled = {("path", "petId"): "a b", ("query", "q"): "x&y", ("header", "Accept"): "text/plain"}
    tried = Attempt(operation(Accept="header", q="query", body="application/json"), "POST", filled, '{"é": 1}', "k")

    await all_of(tried, origin.url)

    (asked,) = origin.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/pets/a%20b?q=x%26y", '{"é": 1}'.encode())
    assert (asked.headers["x-api-key"], asked.headers["accept"]) == ("k", "text/plain")


async def test_what_would_lead_elsewhere_is_not_sent(origin: Any) -> None:
    (end,) = await all_of(attempt(values={("path", "petId"): "../x"}), origin.url)

    assert end.answer is not None
    assert end.answer.problem
    assert origin.asked == []


def lines(client: Client, shop: Shop, **posted: str) -> list[dict[str, Any]]:
    return lines_of(client.post(f"/products/petstore/reference/{shop.api_id}-prod/stream/", posted))


def lines_of(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    return [json.loads(line) for line in async_to_sync(whole)(answer).splitlines()]


async def whole(answer: Any) -> bytes:
    return b"".join([part async for part in answer])


def test_the_page_gets_head_text_and_what_to_show_for_good(
    shop: Shop, signed_in: Client, origin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_pages, "try_it_url", lambda *_: origin.url)
    signed_in.post("/products/petstore/access/")

    said = lines(signed_in, shop, operation="get-pets", application=Application.objects.get().application_id)

    assert [one["kind"] for one in said] == ["head", "text", "end"]
    assert (said[0]["status"], said[0]["tone"], said[1]["text"]) == ("200 OK", "success", '{"ok": true}')
    assert "200 OK" in said[2]["answer"]
    assert "12\xa0bytes" in said[2]["answer"]
    assert 'id="samples"' in said[2]["samples"]
    assert origin.asked[0].headers["x-api-key"]


def test_a_key_that_is_seconds_old_gets_another_chance(
    shop: Shop, signed_in: Client, origin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_pages, "try_it_url", lambda *_: origin.url)
    signed_in.post("/products/petstore/access/")
    origin.refusals, origin.headers = 1, {"x-amzn-ErrorType": "ForbiddenException"}

    assert [one.get("status") for one in lines(signed_in, shop, operation="get-pets")][0] == "200 OK"
    assert len(origin.asked) == 2


def test_who_may_not_call_is_told_why_and_nothing_is_sent(
    shop: Shop, origin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_pages, "try_it_url", lambda *_: origin.url)
    monkeypatch.setattr(PACE, "_clock", lambda: 0.0)  # so that no token comes back meanwhile

    (end,) = lines(Client(), shop, operation="get-pets")
    assert "Sign up to try this" in end["answer"]
    for _ in range(9):
        said = lines(Client(), shop, operation="get-health")
    assert "Slow down a little" in said[-1]["answer"]
    monkeypatch.setattr(answer_lines, "MOST_STREAMS", 0)
    PACE.forget_everybody()
    assert "on their way" in lines(Client(), shop, operation="get-health")[0]["answer"]
    assert all(asked.path == "/health" for asked in origin.asked)


def test_what_is_not_shown_cannot_be_streamed(shop: Shop) -> None:
    place = f"/products/petstore/reference/{shop.api_id}-prod/stream/"

    assert Client().post(place, {"operation": "nothing"}).status_code == 404
    assert Client().get(place).status_code == 405

    shop.call("UpdateProduct", productId=shop.product_id, published=False)
    assert Client().post(place, {"operation": "get-health"}).status_code == 404
