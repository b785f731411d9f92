"""The meter: counts into a journal, and several times a second delivers a batch to metering's stream."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from bisect import bisect_left
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from apps.core import usage
from apps.core.usage import LATENCY_BOUNDS_MS
from gateway_runtime.metrics import METRICS
from gateway_runtime.ports import Clock, TrafficLabel
from gateway_runtime.stores.journal import (
    BUCKETS_AT,
    INTEGRATION_BUCKETS_AT,
    THROTTLED_AT,
    TRAFFIC_WIDTH,
    Journal,
    JournalFull,
)
from gateway_runtime.stores.traffic_metrics import TrafficMetrics

logger = logging.getLogger("gateway_runtime.usage")

FLUSH_SECONDS = 0.25
_ADOPT_SECONDS = 1.0
_PATIENCE = 2.0
_MOST_JOURNALS = 160  # what one worker keeps while nobody takes it: 64 MB

_BOUNDS = tuple(bound / 1000 for bound in LATENCY_BOUNDS_MS)

_delivered = METRICS.counter("gatehouse_usage_batches_total", "Usage batches delivered")
_adopted = METRICS.counter("gatehouse_usage_adopted_total", "Usage batches of dead workers delivered")
_lost = METRICS.counter("gatehouse_usage_lost_total", "Counts that found no place on disk or in memory")
_spooled = METRICS.gauge("gatehouse_usage_spooled_batches", "Usage batches that wait for delivery")


class UsageMeter:
    """Owned by one worker. What is counted is in the page cache before the call returns.

    While the stream is away the open batch goes on growing; a batch whose delivery was tried grows no more, because it may have
    arrived.
    """

    def __init__(self, redis: Redis, directory: Path, clock: Clock, origin: str) -> None:
        self._redis = redis
        self._directory = directory
        self._now = clock.time
        self._origin = origin
        self._shown = TrafficMetrics()
        self._free: list[Journal] = []
        self._sealed: list[Journal] = []
        self._rows: dict[tuple[object, ...], int] = {}
        self._of_minute: dict[tuple[TrafficLabel, str], int] = {}
        self._minute = 0
        self._day = ""
        self._day_ends = 0.0
        self._last_adoption = 0.0
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._journal = self._begin()
        self._counters = self._journal.counters

    # Counting
    def use(self, account_id: str, region: str, plan_id: str, key_id: str) -> None:
        now = self._now()
        if now >= self._day_ends or now < self._day_ends - 86_400:
            self._day = time.strftime("%Y-%m-%d", time.gmtime(now))
            self._day_ends = (now // 86_400 + 1) * 86_400
        key = (account_id, region, plan_id, key_id, self._day)
        place = self._rows.get(key)
        if place is None:
            place = self._rows[key] = self._row("use", key, 1)
        self._counters[place] += 1

    def traffic(
        self,
        label: TrafficLabel,
        key_id: str,
        status: int,
        latency: float,
        integration_latency: float,
        cache: int = 0,
        *,
        data: int = 0,
        integration_failed: bool = False,
    ) -> None:
        now = self._now()
        if not self._minute <= now < self._minute + 60:
            self._minute = int(now) // 60 * 60
            self._of_minute.clear()
        place = self._of_minute.get((label, key_id))
        if place is None:
            place = self._of_minute[label, key_id] = self._traffic_row(label, key_id, self._minute)
        counters = self._counters
        counters[place] += 1
        if status >= 400:
            counters[place + (2 if status >= 500 else 1)] += 1
            if status == 429 and not integration_latency and cache != 1:
                counters[place + THROTTLED_AT] += 1
        counters[place + 3] += int(latency * 1_000_000)
        if integration_latency:
            counters[place + 4] += int(integration_latency * 1_000_000)
            counters[place + INTEGRATION_BUCKETS_AT + bisect_left(_BOUNDS, integration_latency)] += 1
        if cache:
            counters[place + 4 + cache] += 1
        if data:
            counters[place + 8] += data
        if integration_failed:
            counters[place + 7] += 1
        counters[place + BUCKETS_AT + bisect_left(_BOUNDS, latency)] += 1

    def _traffic_row(self, label: TrafficLabel, key_id: str, minute: int) -> int:
        key = label, key_id, minute
        known = self._rows.get(key)
        if known is not None:  # the clock went back
            return known
        if label.detailed:
            self._shown.watch(label)
        members = (
            label.account_id, label.region, label.api_id, label.stage_name, label.resource, label.method, key_id, minute,
            label.canary,
        )  # fmt: skip
        place = self._rows[key] = self._row("traffic", members, TRAFFIC_WIDTH)
        return place

    def _row(self, kind: str, members: tuple[object, ...], width: int) -> int:
        try:
            return self._journal.row(kind, members, width)
        except JournalFull:
            self._seal()
            return self._journal.row(kind, members, width)

    # Batches
    def _begin(self) -> Journal:
        journal = self._free.pop() if self._free else self._create()
        journal.begin()
        return journal

    def _create(self) -> Journal:
        """Another journal. Without room on disk it is memory, which does not outlive the process; beyond the bound, the batch
        that waits longest gives its place."""
        if len(self._sealed) < _MOST_JOURNALS:
            try:
                return self._create_file()
            except OSError as error:
                logger.error("usage is counted in memory alone: no journal can be made: %s", error)
                return Journal(None)
        journal = self._sealed.pop(0)
        METRICS.values[_lost] += sum(row.count for row in journal.batch(self._origin).traffic)
        journal.free()
        return journal

    def _create_file(self) -> Journal:
        while True:
            path = self._directory / f"{self._origin}-{uuid.uuid4().hex}.journal"
            try:
                return Journal(path)
            except BlockingIOError:
                continue  # another worker looked whether the new file was left behind; it removes it
            except OSError:
                path.unlink(missing_ok=True)
                raise

    def _seal(self) -> None:
        """The open batch is complete; count into the next one."""
        self._shown.add(self._journal.batch(self._origin).traffic)
        self._sealed.append(self._journal)
        self._journal = self._begin()
        self._counters = self._journal.counters
        self._rows.clear()
        self._of_minute.clear()

    # Delivering
    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except Exception:
                logger.exception("usage is not delivered")

    async def flush(self) -> bool:
        """Deliver what was counted; false when the stream did not take all of it."""
        if not self._sealed and not self._journal.empty:
            self._seal()
        METRICS.values[_spooled] = len(self._sealed)
        while self._sealed:
            journal = self._sealed[0]
            if not await self._deliver(journal):
                return False
            self._sealed.remove(journal)
            journal.free()
            self._keep(journal)
        METRICS.values[_spooled] = 0
        now = time.monotonic()
        if now - self._last_adoption >= _ADOPT_SECONDS:
            self._last_adoption = now
            await self._adopt()
        return True

    def _keep(self, journal: Journal) -> None:
        if len(self._free) < 2:
            self._free.append(journal)
        else:
            journal.close(remove=True)

    async def _deliver(self, journal: Journal) -> bool:
        data = usage.encode_batch(journal.batch(self._origin))
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._redis.xadd(usage.STREAM, {usage.FIELD: data})
        except (RedisError, OSError, TimeoutError) as error:
            logger.info("usage waits for its stream: %s", error)
            return False
        METRICS.values[_delivered] += 1
        return True

    async def _adopt(self) -> None:
        """Deliver what dead workers left behind, under the ids that they gave it."""
        mine = {journal.path for journal in (self._journal, *self._sealed, *self._free)}
        for path in self._directory.glob("*.journal"):
            if path in mine:
                continue
            try:
                journal = Journal(path)
            except OSError:
                continue  # its owner lives, or another worker is faster
            delivered = not journal.open or await self._deliver(journal)
            METRICS.values[_adopted] += delivered
            journal.close(remove=delivered)
            if not delivered:
                return

    async def close(self) -> None:
        """Deliver what is left; what nobody takes stays on disk for the next worker."""
        await self.flush()
        await self.flush()
        keep = {id(journal) for journal in self._sealed}
        if not self._journal.empty:
            keep.add(id(self._journal))
        for journal in (self._journal, *self._sealed, *self._free):
            journal.close(remove=id(journal) not in keep)
