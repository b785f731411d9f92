"""Stories on their way to Redis: gathered in memory, appended several times a second, dropped and counted where there are too many."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from redis.asyncio import Redis
from redis.exceptions import RedisError

from apps.core import stories
from apps.core.stories import Story
from gateway_runtime.metrics import METRICS

logger = logging.getLogger("gateway_runtime.stories")

FLUSH_SECONDS = 0.25
_PATIENCE = 2.0
_MOST_WAITING = 2_000
_AT_ONCE = 200

_kept = METRICS.counter("gatehouse_stories_total", "Stories of requests kept")
_dropped = METRICS.counter("gatehouse_stories_dropped_total", "Stories that found no place")


class RedisStories:
    """Owned by one worker. Encoding and sending happen beside the requests, a bounded number at a time."""

    def __init__(self, redis: Redis, per_second: float, most: int = stories.MOST) -> None:
        self.per_second = per_second
        self._most = most
        self._keep = redis.register_script(stories.KEEP)
        self._waiting: deque[Story] = deque()

    def keep(self, story: Story) -> None:
        if len(self._waiting) >= _MOST_WAITING:
            METRICS.values[_dropped] += 1
            return
        self._waiting.append(story)

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except Exception:
                logger.exception("stories are not kept")

    async def flush(self) -> None:
        """Deliver what waits. What Redis does not take is lost: nobody's bill depends on it."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            by_place: dict[tuple[str, str], list[Story]] = {}
            for story in batch:
                by_place.setdefault((story.account_id, story.region), []).append(story)
            for place, of_place in by_place.items():
                try:
                    async with asyncio.timeout(_PATIENCE):
                        await self._append(*place, of_place)
                    METRICS.values[_kept] += len(of_place)
                except (RedisError, OSError, TimeoutError) as error:
                    METRICS.values[_dropped] += len(of_place)
                    logger.info("stories are dropped: %s", error)

    async def _append(self, account_id: str, region: str, of_place: list[Story]) -> None:
        keys = [stories.stream(account_id, region), stories.index(account_id, region)]
        await self._keep(keys=keys, args=stories.keep_arguments(of_place, self._most))
