"""Counts that survive: the journal, its delivery, and what dead workers leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from bisect import bisect_left
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from apps.core import usage
from apps.core.usage import LATENCY_BOUNDS_MS, UsageBatch
from gateway_runtime.ports import TrafficLabel
from gateway_runtime.stores.journal import BUCKETS_AT, THROTTLED_AT, Journal
from gateway_runtime.stores.usage import UsageMeter
from tests.gateway_runtime.plane.harness import FakeClock

LABEL = TrafficLabel("123456789012", "us-east-1", "api0000001", "prod", "/pets", "GET")
USE = ("123456789012", "us-east-1", "plan01", "key0000001")


@pytest.fixture
async def stream(valkey_url: str) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(valkey_url)
    await client.delete(usage.STREAM)
    yield client
    await client.aclose()


async def delivered(stream: Redis) -> list[UsageBatch]:
    return [usage.decode_batch(fields[usage.FIELD]) for _, fields in await stream.xrange(usage.STREAM)]


async def test_what_is_counted_is_delivered_once(stream: Redis, tmp_path: Path, clock: FakeClock) -> None:
    meter = UsageMeter(stream, tmp_path, clock, "w1")
    for _ in range(3):
        meter.use(*USE)
    meter.traffic(LABEL, "key0000001", 200, 0.0042, 0.003)
    meter.traffic(LABEL, "key0000001", 404, 0.9, 0.0, 1)
    meter.traffic(LABEL, "", 503, 60.0, 0.0)

    assert await meter.flush()
    assert await meter.flush()

    [batch] = await delivered(stream)
    assert [(use.key_id, use.day, use.count) for use in batch.uses] == [("key0000001", "2023-11-14", 3)]
    keyed, anonymous = batch.traffic
    assert (keyed.count, keyed.errors_4xx, keyed.errors_5xx, keyed.minute) == (2, 1, 0, 1_699_999_980)
    assert (keyed.latency_ms, keyed.integration_latency_ms) == (904.2, 3.0)
    assert keyed.latency_buckets == {bisect_left(LATENCY_BOUNDS_MS, latency): 1 for latency in (4.2, 900)}
    assert (keyed.cache_hits, keyed.cache_misses) == (1, 0)
    assert (anonymous.key_id, anonymous.errors_5xx, anonymous.latency_ms) == ("", 1, 60_000.0)
    await meter.close()


async def test_midnight_and_minutes_begin_new_rows(stream: Redis, tmp_path: Path, clock: FakeClock) -> None:
    meter = UsageMeter(stream, tmp_path, clock, "w1")
    for _ in range(2):
        meter.use(*USE)
        meter.traffic(LABEL, "", 200, 0.001, 0.0)
        clock.pass_seconds(2 * 3600)
    await meter.close()

    [batch] = await delivered(stream)
    assert [use.day for use in batch.uses] == ["2023-11-14", "2023-11-15"]
    assert len({row.minute for row in batch.traffic}) == 2


async def test_while_the_stream_is_away_nothing_is_lost(stream: Redis, tmp_path: Path, clock: FakeClock) -> None:
    away: Redis = Redis.from_url(f"unix://{tmp_path}/nothing.sock")
    meter = UsageMeter(away, tmp_path / "journal", clock, "w1")
    for _ in range(5):
        meter.use(*USE)
        assert not await meter.flush()
    await meter.close()

    heir = UsageMeter(stream, tmp_path / "journal", clock, "w2")
    assert await heir.flush()

    assert sum(use.count for batch in await delivered(stream) for use in batch.uses) == 5
    assert len(list((tmp_path / "journal").glob("*.journal"))) == 1
    await heir.close()


async def test_more_methods_than_one_journal_holds_are_all_counted(
    stream: Redis, tmp_path: Path, clock: FakeClock
) -> None:
    meter = UsageMeter(stream, tmp_path, clock, "w1")
    labels = [TrafficLabel("1" * 12, "r", "a", "s", f"/pets/{at}", "GET") for at in range(1500)]
    for label in labels:
        meter.traffic(label, "", 200, 0.001, 0.0)
    await meter.close()

    batches = await delivered(stream)
    assert sum(row.count for batch in batches for row in batch.traffic) == 1500
    assert len({batch.batch_id for batch in batches}) == len(batches) > 1
    assert list(tmp_path.glob("*.journal")) == []


_VICTIM = """
import sys, os, time
from pathlib import Path
from redis.asyncio import Redis
from gateway_runtime.ports import SystemClock
from gateway_runtime.stores.usage import UsageMeter
meter = UsageMeter(Redis(), Path(sys.argv[1]), SystemClock(), "victim")
for _ in range(1234):
    meter.use("123456789012", "us-east-1", "plan01", "key0000001")
print("counted", flush=True)
time.sleep(60)
"""


async def test_a_killed_worker_loses_nothing_and_its_heir_delivers_under_the_same_id(
    stream: Redis, tmp_path: Path, clock: FakeClock
) -> None:
    victim = subprocess.Popen([sys.executable, "-c", _VICTIM, str(tmp_path)], stdout=subprocess.PIPE)
    assert victim.stdout is not None
    assert victim.stdout.readline() == b"counted\n"
    meter = UsageMeter(stream, tmp_path, clock, "heir")
    await meter.flush()
    assert await delivered(stream) == []  # its owner lives

    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    victim.stdout.close()
    left = next(path for path in tmp_path.glob("victim-*.journal"))
    kept = left.read_bytes()
    heir = UsageMeter(stream, tmp_path, clock, "heir2")
    await heir.flush()
    left.write_bytes(kept)  # as if the heir had died between delivering and forgetting
    await heir.close()
    second = UsageMeter(stream, tmp_path, clock, "heir3")
    await second.flush()

    batches = await delivered(stream)
    assert [use.count for batch in batches for use in batch.uses] == [1234, 1234]
    assert len({batch.batch_id for batch in batches}) == 1
    await meter.close()
    await second.close()


async def test_without_room_for_a_journal_counting_goes_on_in_memory(
    stream: Redis, tmp_path: Path, clock: FakeClock
) -> None:
    directory = tmp_path / "journal"
    meter = UsageMeter(stream, directory, clock, "w" * 250)  # a name too long for any file

    meter.use(*USE)
    await meter.close()

    assert [use.count for batch in await delivered(stream) for use in batch.uses] == [1]


async def test_a_refusal_is_told_from_a_back_end_s_own_429(stream: Redis, tmp_path: Path, clock: FakeClock) -> None:
    meter = UsageMeter(stream, tmp_path, clock, "w1")
    meter.traffic(LABEL, "", 429, 0.0001, 0.0)
    meter.traffic(LABEL, "", 429, 0.02, 0.0199)
    meter.traffic(LABEL, "", 429, 0.0001, 0.0, 1)
    meter.traffic(LABEL, "", 200, 0.02, 0.0199)
    await meter.close()

    [batch] = await delivered(stream)
    [row] = batch.traffic
    assert (row.count, row.errors_4xx, row.throttled) == (4, 3, 1)
    assert row.integration_buckets == {bisect_left(LATENCY_BOUNDS_MS, 19.9): 2}


async def test_a_canary_is_counted_apart(stream: Redis, tmp_path: Path, clock: FakeClock) -> None:
    meter = UsageMeter(stream, tmp_path, clock, "w1")
    meter.traffic(LABEL, "", 200, 0.001, 0.0)
    meter.traffic(replace(LABEL, canary=True), "", 500, 0.001, 0.0)
    await meter.close()

    [batch] = await delivered(stream)
    assert [(row.canary, row.errors_5xx) for row in batch.traffic] == [(False, 0), (True, 1)]


async def test_what_an_earlier_release_left_behind_is_delivered(
    stream: Redis, tmp_path: Path, clock: FakeClock
) -> None:
    left = Journal(tmp_path / "left.journal")
    left.begin()
    row = left.row("traffic", ("1" * 12, "r", "a", "s", "/pets", "GET", "", 60), THROTTLED_AT)
    left.counters[row], left.counters[row + BUCKETS_AT + 3] = 5, 5
    other = left.row("traffic", ("1" * 12, "r", "a", "s", "/cats", "GET", "", 60), THROTTLED_AT)
    left.counters[other] = 7
    left._map[:4] = b"GHJ3"
    left.close()

    meter = UsageMeter(stream, tmp_path, clock, "w1")
    await meter.flush()
    await meter.close()

    [batch] = await delivered(stream)
    first, second = batch.traffic
    assert (first.count, first.latency_buckets, first.throttled, first.canary) == (5, {3: 5}, 0, False)
    assert (second.count, second.integration_buckets) == (7, {})
