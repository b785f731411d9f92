"""Batches are counted once, whatever happens to whoever counts them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Sum

from apps.core.usage import FIELD, STREAM, KeyUse, Traffic, UsageBatch, encode_batch
from apps.metering import stream, tasks
from apps.metering.models import DailyUsage, TrafficMinute
from apps.metering.models import UsageBatch as AddedBatch

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = 1_790_000_040


def key_use(count=1, **members):
    members = {"plan_id": "plan11", "key_id": "key1", "day": "2026-09-21"} | members
    return KeyUse(account_id="123456789012", region="us-east-1", count=count, **members)


def traffic(count=1, **members):
    members = {"resource": "/pets", "method": "GET", "key_id": "key1", "minute": MINUTE, "errors_4xx": 0} | members
    members = {"latency_buckets": {3: count}, "latency_ms": 4.0 * count} | members
    return Traffic(
        account_id="123456789012",
        region="us-east-1",
        api_id="a1b2c3d4e5",
        stage_name="prod",
        count=count,
        errors_5xx=0,
        integration_latency_ms=3.0 * count,
        **members,
    )


def batch(*uses, seen=()):
    return UsageBatch(batch_id=str(uuid4()), origin="test", uses=uses, traffic=tuple(seen))


def append(valkey, *batches):
    for one in batches:
        valkey.xadd(STREAM, {FIELD: encode_batch(one)})


def used():
    return DailyUsage.objects.aggregate(total=Sum("used"))["total"] or 0


def test_uses_of_a_key_on_a_day_add_up_in_one_row(valkey):
    append(valkey, batch(key_use(2), key_use(3)), batch(key_use(4)))
    assert stream.drain() == 2

    append(valkey, batch(key_use(1)))
    stream.drain()

    row = DailyUsage.objects.get()
    assert (row.account_id, row.plan_id, row.key_id, row.day, row.used) == (
        "123456789012",
        "plan11",
        "key1",
        date(2026, 9, 21),
        10,
    )
    assert valkey.xlen(STREAM) == 0


def test_keys_plans_and_days_are_counted_apart(valkey):
    append(valkey, batch(key_use(1), key_use(2, key_id="key2"), key_use(3, day="2026-09-22"), key_use(4, plan_id="p2")))

    stream.drain()

    assert sorted(DailyUsage.objects.values_list("used", flat=True)) == [1, 2, 3, 4]


def test_traffic_of_a_minute_adds_up_with_its_latencies(valkey):
    append(valkey, batch(seen=[traffic(2), traffic(3, errors_4xx=1)]))
    stream.drain()
    append(valkey, batch(seen=[traffic(5)]), batch(seen=[traffic(7, minute=MINUTE + 60)]))
    stream.drain()

    first, second = TrafficMinute.objects.order_by("minute")
    assert (first.count, first.errors_4xx, first.latency_ms, first.integration_latency_ms) == (10, 1, 40.0, 30.0)
    assert first.latency_buckets == {"3": 10}
    assert second.count == 7


def test_a_batch_delivered_twice_counts_once(valkey):
    one = batch(key_use(5))
    append(valkey, one, one)
    stream.drain()
    append(valkey, one)

    assert stream.drain() == 0

    assert (used(), AddedBatch.objects.count(), valkey.xlen(STREAM)) == (5, 1, 0)


def test_more_than_one_round_is_drained_at_once(valkey):
    append(valkey, *(batch(key_use(1)) for _ in range(stream.BATCHES_AT_ONCE * 2 + 7)))

    stream.drain()

    assert (used(), valkey.xlen(STREAM)) == (stream.BATCHES_AT_ONCE * 2 + 7, 0)


def test_an_empty_stream_costs_the_database_nothing(valkey, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert stream.drain() == 0


@pytest.mark.parametrize(
    "fields",
    [
        {b"other": b"field"},
        {FIELD: b"\xff not json"},
        {FIELD: b"{}"},
        {FIELD: encode_batch(batch(key_use(1, day="yesterday")))},
        {FIELD: encode_batch(batch(key_use(-1)))},
        {FIELD: encode_batch(batch(key_use(1, key_id="k" * 129)))},
        {FIELD: encode_batch(batch(seen=[traffic(1, minute=61)]))},
        {FIELD: encode_batch(batch(seen=[traffic(1, latency_buckets={999: 1})]))},
        {FIELD: encode_batch(UsageBatch(batch_id="x" * 37, origin="test"))},
    ],
)
def test_a_malformed_entry_is_set_aside_and_blocks_nobody(valkey, fields, caplog):
    valkey.xadd(STREAM, fields)
    append(valkey, batch(key_use(1)))

    stream.drain()

    assert (used(), valkey.xlen(STREAM)) == (1, 0)
    ((_, kept),) = valkey.xrange(stream.REFUSED_STREAM)
    assert kept[b"reason"]
    assert fields.items() <= kept.items()
    assert "is refused" in caplog.text


def test_what_callers_choose_is_made_to_fit(valkey):
    append(valkey, batch(seen=[traffic(1, method="M" * 40, resource="/a\0b")]))

    stream.drain()

    row = TrafficMinute.objects.get()
    assert (row.method, row.resource) == ("M" * 16, "/a�b")


def test_an_unreachable_valkey_fails_no_task(settings, caplog):
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"

    tasks.drain_usage()
    tasks.seed_quota_counters()

    assert "usage waits" in caplog.text


def test_drains_side_by_side_count_every_batch_once(valkey):
    batches = [batch(key_use(1), key_use(2, key_id=f"key{n % 7}"), seen=[traffic(3)]) for n in range(600)]
    append(valkey, *batches, *batches[:50])
    added = []

    def drain():
        try:
            added.append(stream.drain())
        finally:
            connection.close()

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sum(added) == 600
    assert used() == 1800
    assert TrafficMinute.objects.get().count == 1800
    assert valkey.xlen(STREAM) == 0


# Loads the product once, then forks a drain that never ends for every line it reads, and reaps it when it has been killed.
DRAINS = """
import os, sys
import django
django.setup()
from apps.metering import stream
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        while True:
            stream.drain(at_once=10)
    print(child, flush=True)
    os.waitpid(child, 0)
"""
KILLS = 60
BATCHES_A_KILL = 100


@pytest.fixture
def drains(valkey, settings):
    """Starts drains in processes of their own, on this test's database and Valkey."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        database_url = f"sqlite:///{name}"
    else:
        database_url = urlsplit(os.environ["GATEHOUSE_TEST_DATABASE_URL"])._replace(path=f"/{name}").geturl()
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": settings.REDIS_URL,
        "GATEHOUSE_SECRET_KEY": "a-secret-of-the-test-suite",
        "DJANGO_SETTINGS_MODULE": "portal.settings.portal",
    }
    with subprocess.Popen(
        [sys.executable, "-c", DRAINS], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"

        def start():
            process.stdin.write("one more\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield start
        process.stdin.close()


def test_a_drain_that_is_killed_at_any_moment_loses_and_doubles_nothing(valkey, drains):
    chance = random.Random(20260921)
    for _ in range(KILLS):
        # What the last one left in the stream is there as well.
        append(
            valkey,
            *(
                batch(key_use(1), key_use(2, key_id=f"key{number % 5}"), seen=[traffic(3)])
                for number in range(BATCHES_A_KILL)
            ),
        )
        waiting = valkey.xlen(STREAM)
        child = drains()
        deadline = time.monotonic() + chance.uniform(0.005, 0.09)
        while time.monotonic() < deadline and valkey.xlen(STREAM) > waiting // 10:
            pass
        os.kill(child, signal.SIGKILL)

    stream.drain()

    sent = KILLS * BATCHES_A_KILL
    assert valkey.xlen(STREAM) == 0
    assert AddedBatch.objects.count() == sent
    assert used() == sent * 3
    assert TrafficMinute.objects.aggregate(total=Sum("count"))["total"] == sent * 3


def test_pruning_forgets_old_batches_and_minutes_and_keeps_the_days(valkey, time_machine):
    this_minute = int(time.time()) // 60 * 60
    append(valkey, batch(key_use(5), seen=[traffic(5, minute=this_minute)]))
    stream.drain()

    time_machine.move_to(datetime.now(UTC) + timedelta(days=8))
    tasks.prune()
    assert (AddedBatch.objects.count(), TrafficMinute.objects.count(), used()) == (0, 1, 5)

    time_machine.move_to(datetime.now(UTC) + timedelta(days=36))
    tasks.prune()
    assert (TrafficMinute.objects.count(), used()) == (0, 5)
