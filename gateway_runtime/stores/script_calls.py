"""Script calls to Valkey from the hot path: batched into pipelines, bounded in time, cut off while it is away."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from gateway_runtime.metrics import METRICS

logger = logging.getLogger("gateway_runtime.stores")

_failures = METRICS.counter("gatehouse_store_failures_total", "Batches of calls that Valkey did not answer in time")
_AT_ONCE = 512


class StoreAway(Exception):
    """Valkey does not answer: decide locally."""


class ScriptCalls:
    """One batch is under way at a time; what is asked meanwhile goes with the next.

    A call takes at most `patience` seconds. After a failure `available` is false for `pause` seconds, and calls fail at once;
    `without` tells the log what happens meanwhile.
    """

    def __init__(
        self,
        redis: Redis,
        patience: float = 0.05,
        pause: float = 0.5,
        without: str = "limits are counted locally",
    ) -> None:
        self._redis = redis
        self._without = without
        self._patience = patience
        self._pause = pause
        self._waiting: list[tuple[asyncio.Future[Any], tuple[Any, ...]]] = []
        self._busy: asyncio.Task[None] | None = None
        self._away_until = 0.0
        self._loop = asyncio.get_running_loop()
        self._scripts: dict[str, str] = {}

    @property
    def available(self) -> bool:
        return self._away_until == 0.0 or self._loop.time() >= self._away_until

    def call(self, script: str, keys: list[str], arguments: list[Any]) -> asyncio.Future[Any]:
        """The script's answer. The future raises StoreAway."""
        future: asyncio.Future[Any] = self._loop.create_future()
        digest = self._scripts.get(script)
        if digest is None:
            digest = self._scripts[script] = hashlib.sha1(script.encode()).hexdigest()  # noqa: S324 - Valkey's name for it
        if not self.available:
            future.set_exception(StoreAway())
            return future
        self._waiting.append((future, (digest, len(keys), *keys, *arguments)))
        if self._busy is None:
            self._busy = self._loop.create_task(self._work())
        return future

    async def prepare(self, *scripts: str) -> None:
        """Connect and load scripts before the first request needs them. Raises RedisError, OSError."""
        for script in scripts:
            self._scripts[script] = hashlib.sha1(script.encode()).hexdigest()  # noqa: S324
            await self._redis.script_load(script)

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
                await self._send(batch)
        finally:
            self._busy = None

    async def _send(self, batch: list[tuple[asyncio.Future[Any], tuple[Any, ...]]]) -> None:
        began = self._loop.time()
        try:
            async with asyncio.timeout(self._patience):
                answers = await self._pipeline([call for _, call in batch])
        except (RedisError, OSError, TimeoutError, asyncio.CancelledError) as error:
            # A timer that fired late tells of a busy process, not of Valkey: these calls fail, the next are tried.
            busy = isinstance(error, TimeoutError) and self._loop.time() - began > 1.5 * self._patience
            self._failed(batch, error, pause=0.0 if busy else self._pause)
            if isinstance(error, asyncio.CancelledError):
                raise
            return
        self._away_until = 0.0
        for (future, _), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                logger.error("a script failed: %s", answer)
                future.set_exception(StoreAway())
            else:
                future.set_result(answer)

    async def _pipeline(self, calls: list[tuple[Any, ...]]) -> list[Any]:
        answers = await self._evaluate(calls)
        if any(isinstance(answer, NoScriptError) for answer in answers):
            for script in tuple(self._scripts):
                await self._redis.script_load(script)
            again = [at for at, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
            for at, answer in zip(again, await self._evaluate([calls[at] for at in again]), strict=True):
                answers[at] = answer
        return answers

    async def _evaluate(self, calls: list[tuple[Any, ...]]) -> list[Any]:
        if len(calls) == 1:
            try:
                return [await self._redis.execute_command("EVALSHA", *calls[0])]
            except NoScriptError as error:
                return [error]
        async with self._redis.pipeline(transaction=False) as pipeline:
            for call in calls:
                pipeline.execute_command("EVALSHA", *call)
            answers: list[Any] = await pipeline.execute(raise_on_error=False)
        return answers

    def _failed(
        self, batch: list[tuple[asyncio.Future[Any], tuple[Any, ...]]], error: BaseException, pause: float
    ) -> None:
        METRICS.values[_failures] += 1
        if self._away_until == 0.0 and pause:
            logger.warning("%s: Valkey does not answer (%s)", self._without, type(error).__name__)
        if pause:
            self._away_until = self._loop.time() + pause
        waiting, self._waiting = self._waiting, []
        for future, _ in (*batch, *waiting):
            if not future.done():
                future.set_exception(StoreAway())

    async def close(self) -> None:
        """Wait for the batch under way."""
        if self._busy is not None:
            await asyncio.gather(self._busy, return_exceptions=True)
