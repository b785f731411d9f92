"""Where stages keep answers: one contract for memory and Valkey, then what only Valkey has to promise."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from gateway_runtime.ports import AnswerCache, CacheRoom, SystemClock
from gateway_runtime.stores.memory_answers import OVERHEAD, MemoryAnswers
from gateway_runtime.stores.redis_answers import RedisAnswers
from gateway_runtime.stores.script_calls import ScriptCalls

MEGABYTE = 1 << 20


def room(size: int = MEGABYTE) -> CacheRoom:
    return CacheRoom(f"room:{uuid.uuid4().hex}", size)


def a_key() -> str:
    return f"answer:{uuid.uuid4().hex}"


class AnswerStores:
    """The contract."""

    async def test_what_was_kept_is_found(self, answers: AnswerCache) -> None:
        key = a_key()

        answers.keep(room(), key, b"\x00answer\xff", 60)

        assert await answers.find(key) == b"\x00answer\xff"
        assert await answers.find(a_key()) is None

    async def test_a_later_answer_replaces_the_one_before(self, answers: AnswerCache) -> None:
        key, place = a_key(), room()
        answers.keep(place, key, b"one", 60)

        answers.keep(place, key, b"two", 60)

        assert await answers.find(key) == b"two"

    async def test_an_answer_passes(self, answers: AnswerCache) -> None:
        key = a_key()
        answers.keep(room(), key, b"short", 1)
        assert await answers.find(key) == b"short"
        began = time.monotonic()

        while await answers.find(key) is not None:
            await asyncio.sleep(0.02)

        assert 0.9 < time.monotonic() - began < 5

    async def test_what_passes_soonest_makes_place_in_a_full_room(self, answers: AnswerCache) -> None:
        place, first, second, third = room(3 * (1000 + OVERHEAD) - 1), a_key(), a_key(), a_key()
        answers.keep(place, first, b"1" * 1000, 50)
        answers.keep(place, second, b"2" * 1000, 40)

        answers.keep(place, third, b"3" * 1000, 60)

        assert await answers.find(second) is None
        assert await answers.find(first) == b"1" * 1000
        assert await answers.find(third) == b"3" * 1000

    async def test_rooms_do_not_take_place_from_each_other(self, answers: AnswerCache) -> None:
        key = a_key()
        answers.keep(room(2000), key, b"x" * 1000, 60)

        answers.keep(room(2000), a_key(), b"y" * 1000, 60)

        assert await answers.find(key) is not None

    async def test_an_answer_larger_than_its_room_is_not_kept(self, answers: AnswerCache) -> None:
        key, place = a_key(), room(2000)
        answers.keep(place, key, b"small", 60)

        answers.keep(place, a_key(), b"x" * 2000, 60)

        assert await answers.find(key) == b"small"

    async def test_replacing_an_answer_over_and_over_fills_nothing(self, answers: AnswerCache) -> None:
        place, other, key = room(4 * (1000 + OVERHEAD)), a_key(), a_key()
        answers.keep(place, other, b"o" * 1000, 1000)

        for _ in range(20):
            answers.keep(place, key, b"x" * 1000, 2000)

        assert await answers.find(other) is not None


class TestAnswersInMemory(AnswerStores):
    @pytest.fixture
    def answers(self) -> MemoryAnswers:
        return MemoryAnswers(SystemClock())


@pytest.fixture
async def calls(valkey_url: str) -> AsyncIterator[ScriptCalls]:
    client: Redis = Redis.from_url(valkey_url)
    made = ScriptCalls(client, patience=2.0)
    yield made
    await made.close()
    await client.aclose()


class TestAnswersInValkey(AnswerStores):
    @pytest.fixture
    def answers(self, calls: ScriptCalls, monkeypatch: pytest.MonkeyPatch) -> RedisAnswers:
        return RedisAnswers(calls, 64 * MEGABYTE)


async def test_two_processes_share_answers(calls: ScriptCalls) -> None:
    key = a_key()
    one, other = RedisAnswers(calls, MEGABYTE), RedisAnswers(calls, MEGABYTE)

    one.keep(room(), key, b"shared", 60)

    assert await other.find(key) == b"shared"


async def test_no_stage_takes_more_than_the_operator_allows(calls: ScriptCalls) -> None:
    answers, place = RedisAnswers(calls, 2 * (1000 + OVERHEAD)), room(1 << 40)
    keys = [a_key() for _ in range(5)]

    for at, key in enumerate(keys):
        answers.keep(place, key, b"x" * 1000, 100 + at)

    assert [await answers.find(key) is not None for key in keys] == [False, False, False, True, True]


async def test_without_valkey_nothing_is_found_and_nobody_waits_long(tmp_path: Path) -> None:
    calls = ScriptCalls(Redis.from_url(f"unix://{tmp_path}/nothing.sock"))
    answers = RedisAnswers(calls, MEGABYTE)
    began = time.monotonic()

    answers.keep(room(), a_key(), b"x", 60)
    found = [await answers.find(a_key()) for _ in range(100)]

    assert set(found) == {None}
    assert time.monotonic() - began < 0.3
    await calls.close()


async def test_a_valkey_that_does_not_answer_costs_fifty_milliseconds_once() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    client: Redis = Redis(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    calls = ScriptCalls(client)
    answers = RedisAnswers(calls, MEGABYTE)
    began = time.monotonic()

    found = [await answers.find(a_key()) for _ in range(50)]

    assert set(found) == {None}
    assert time.monotonic() - began < 0.3
    await calls.close()
    await client.aclose()
    server.close()
