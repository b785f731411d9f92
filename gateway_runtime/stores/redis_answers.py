"""The answers that stages keep, in Valkey: all workers of all nodes share them."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway_runtime.metrics import METRICS
from gateway_runtime.ports import CacheRoom
from gateway_runtime.stores.lua import FIND_ANSWER, KEEP_ANSWER
from gateway_runtime.stores.memory_answers import OVERHEAD
from gateway_runtime.stores.script_calls import ScriptCalls, StoreAway

_PATIENCE = 0.05
_MOST_UNDER_WAY = 32 * 1024 * 1024  # bytes that wait to be written

_dropped = METRICS.counter("gatehouse_cache_dropped_total", "Answers not kept because too many were being written")


class RedisAnswers:
    """As `AnswerCache` says. `most` bounds the bytes of each stage, whatever the size it asks for."""

    def __init__(self, calls: ScriptCalls, most: int) -> None:
        self._calls = calls
        self._most = most
        self._under_way = 0

    async def find(self, key: str) -> bytes | None:
        if not self._calls.available:
            return None
        try:
            async with asyncio.timeout(_PATIENCE):
                found: bytes | None = await self._calls.call(FIND_ANSWER, [key], [])
        except (StoreAway, TimeoutError):
            return None
        return found

    def keep(self, room: CacheRoom, key: str, answer: bytes, seconds: int) -> None:
        size = len(answer) + OVERHEAD
        most = min(room.bytes, self._most)
        if size > most or not self._calls.available:
            return
        if self._under_way + size > _MOST_UNDER_WAY:
            METRICS.values[_dropped] += 1
            return
        self._under_way += size
        keys = [key, f"{room.name}:ends", f"{room.name}:sizes"]
        written = self._calls.call(KEEP_ANSWER, keys, [answer, seconds * 1000, size, most])

        def ended(future: asyncio.Future[Any]) -> None:
            self._under_way -= size
            if not future.cancelled():
                future.exception()  # StoreAway: it is not kept

        written.add_done_callback(ended)
