"""The numbers that pages show."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.usage import LATENCY_BOUNDS_MS, RELATIVE_ACCURACY, quantile
from apps.metering import reports
from apps.metering.models import DailyUsage, TrafficMinute

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 9, 23, 12, tzinfo=UTC)
ACCOUNT = {"account_id": "123456789012", "region": "us-east-1"}


def seen(minutes, count=1, *, bucket=0, **members):
    """Answers of GET /pets by key1, so many minutes after noon, all in one latency bucket."""
    members = {"api_id": "a1", "stage_name": "prod", "resource": "/pets", "method": "GET", "key_id": "key1"} | members
    members = ACCOUNT | {"latency_ms": 10.0 * count} | members
    TrafficMinute.objects.create(
        minute=NOON + timedelta(minutes=minutes), count=count, latency_buckets={str(bucket): count}, **members
    )


def wanted(hours=1, **members):
    return reports.Filter(**ACCOUNT, start=NOON, end=NOON + timedelta(hours=hours), **members)


def total(**members):
    """All of the hour."""
    [point] = reports.traffic(wanted(**members), timedelta(hours=1))
    return point.totals


def spend(day, used, **members):
    DailyUsage.objects.create(**(ACCOUNT | {"plan_id": "p1", "key_id": "key1", "day": day, "used": used} | members))


def test_a_series_has_every_step_and_the_quiet_ones_are_zero(django_assert_num_queries):
    seen(0, 2)
    seen(4, 3, errors_4xx=1)
    seen(29, 5, errors_5xx=2)
    seen(60, 100)

    with django_assert_num_queries(1):
        points = reports.traffic(wanted(), timedelta(minutes=10))

    assert [point.totals.count for point in points] == [5, 0, 5, 0, 0, 0]
    assert [point.start.minute for point in points] == [0, 10, 20, 30, 40, 50]
    assert (points[0].totals.errors_4xx, points[2].totals.errors_5xx) == (1, 2)
    assert points[0].totals.latency == 10.0
    assert points[1].totals.p99 is None


def test_traffic_is_of_the_account_the_api_the_stage_and_the_keys_asked_for():
    seen(0, 1)
    seen(0, 2, api_id="a2")
    seen(0, 4, stage_name="dev")
    seen(0, 8, key_id="key2")
    seen(0, 16, account_id="999999999999")
    seen(0, 32, method="POST")

    def count(**members):
        return total(**members).count

    assert count() == 1 + 2 + 4 + 8 + 32
    assert count(api_id="a1") == 1 + 4 + 8 + 32
    assert count(api_id="a1", stage_name="prod") == 1 + 8 + 32
    assert count(key_ids=["key2"]) == 8
    assert count(key_ids=[]) == 0
    assert count(api_id="a1", stage_name="prod", method="POST", resource="/pets") == 32


def test_percentiles_come_from_the_merged_sketches():
    seen(0, 90, bucket=bisect_left(LATENCY_BOUNDS_MS, 1))
    seen(1, 9, bucket=bisect_left(LATENCY_BOUNDS_MS, 100), method="POST")
    seen(2, 1, bucket=len(LATENCY_BOUNDS_MS), key_id="")

    totals = total()

    assert totals.p50 == pytest.approx(1, rel=RELATIVE_ACCURACY)
    assert totals.p95 == totals.p99 == pytest.approx(100, rel=RELATIVE_ACCURACY)
    assert quantile(totals.buckets, 1.0) == LATENCY_BOUNDS_MS[-1]


@given(st.lists(st.floats(0.11, 59_000), min_size=1, max_size=200), st.floats(0.01, 1))
def test_a_percentile_is_as_near_as_promised(latencies, share):
    buckets = Counter(bisect_left(LATENCY_BOUNDS_MS, latency) for latency in latencies)
    true = sorted(latencies)[max(math.ceil(share * len(latencies) - 1e-9), 1) - 1]

    assert quantile(buckets, share) == pytest.approx(true, rel=RELATIVE_ACCURACY + 1e-9)


@pytest.mark.parametrize("step", [timedelta(seconds=30), timedelta(seconds=90), timedelta(0)])
def test_a_step_that_is_not_whole_minutes_is_refused(step):
    with pytest.raises(ValueError, match="whole minutes"):
        reports.traffic(wanted(), step)


def test_a_series_that_no_chart_could_show_is_refused():
    with pytest.raises(ValueError, match="longer step"):
        reports.traffic(wanted(hours=24 * 35), timedelta(minutes=1))


def test_the_days_of_keys_are_told_together_and_without_gaps():
    spend(date(2026, 9, 1), 3)
    spend(date(2026, 9, 3), 4)
    spend(date(2026, 9, 3), 5, plan_id="p2")
    spend(date(2026, 9, 3), 10, key_id="key2")

    def days(*key_ids):
        found = reports.usage_of_keys(*ACCOUNT.values(), key_ids, date(2026, 9, 1), date(2026, 9, 3))
        return [used for _, used in found]

    assert days("key1") == [3, 0, 9]
    assert days("key1", "key2") == [3, 0, 19]


def test_what_is_used_of_a_quota_is_counted_from_the_start_of_its_period():
    spend(date(2026, 9, 19), 100)
    spend(date(2026, 9, 20), 10)
    spend(date(2026, 9, 23), 1)

    found = reports.used_in_period(*ACCOUNT.values(), "p1", ["key1", "key2"], "WEEK", 0, date(2026, 9, 23))

    assert found == {"key1": 11, "key2": 0}
