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

# Appends stories and forgets the oldest beyond the bounds, in the stream and in the index alike. KEYS: stream, index.
# ARGV: most entries, oldest stream id to keep, seconds that an unused stream stays, then request id and story of each.
KEEP = """
for i = 4, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[i], redis.call('XADD', KEYS[1], '*', 'id', ARGV[i], 'story', ARGV[i + 1]))
end
local over = redis.call('XLEN', KEYS[1]) - tonumber(ARGV[1])
local old = redis.call('XRANGE', KEYS[1], '-', '(' .. ARGV[2], 'COUNT', 500)
if over > #old then old = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', math.min(over, 500)) end
for _, entry in ipairs(old) do
  redis.call('XDEL', KEYS[1], entry[1])
  redis.call('HDEL', KEYS[2], entry[2][2])
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return #old
"""


class RedisStories:
    """Owned by one worker. Encoding and sending happen beside the requests, a bounded number at a time."""

    def __init__(self, redis: Redis, per_second: float, most: int = stories.MOST) -> None:
        self.per_second = per_second
        self._most = most
        self._keep = redis.register_script(KEEP)
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
        seconds = stories.DAYS * 86_400
        oldest = int((of_place[-1].at - seconds) * 1000)
        arguments: list[str | int | bytes] = [self._most, f"{max(oldest, 1)}-0", seconds]
        for story in of_place:
            arguments += [story.request_id, stories.encode(story)]
        keys = [stories.stream(account_id, region), stories.index(account_id, region)]
        await self._keep(keys=keys, args=arguments)
