"""What dashboards read of rollups: the same numbers as the minutes, in few rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from apps.metering import dashboards, tasks
from apps.metering.dashboards import Order, Subject, Window
from apps.metering.models import TrafficMinute, TrafficRollup
from tests.counted import answers, report

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
API = Subject("000000000000", "us-east-1", "api1")
THIS_HOUR = Window(NOON, NOON + HOUR, MINUTE)
THIS_DAY = Window(NOON - 23 * HOUR, NOON + HOUR, 30 * MINUTE)
THIS_WEEK = Window(NOON - timedelta(days=7), NOON + HOUR, 3 * HOUR)


def served(count=1, minutes=0, api="api1", **members):
    report(answers(api, count, at=NOON + timedelta(minutes=minutes), **members))


def counts(subject, time):
    return [point.totals.count for point in dashboards.series(subject, time) if point.totals.count]


def whole(subject, time=THIS_HOUR):
    return dashboards.total(dashboards.series(subject, time))


def test_a_series_has_every_step_of_its_window():
    served(3, 0)
    served(4, 59)
    served(8, 60)

    points = dashboards.series(API, THIS_HOUR)

    assert len(points) == 60
    assert [points[0].totals.count, points[59].totals.count, whole(API).count] == [3, 4, 7]
    assert points[1].start == NOON + MINUTE


@pytest.mark.parametrize("time", [THIS_HOUR, THIS_DAY, THIS_WEEK])
def test_every_window_tells_the_same_of_the_same_answers(time):
    served(90, ms=10, back_end_ms=4, errors_4xx=9, throttled=5)
    served(10, ms=1000, back_end_ms=900, errors_5xx=3, cache_hits=1, cache_misses=3, key_id="key1")

    for subject in (
        API,
        Subject(API.account_id, API.region),
        Subject("000000000000", "us-east-1", "api1", "prod", "/pets"),
    ):
        told = whole(subject, time)
        assert (told.count, told.errors_4xx, told.errors_5xx, told.throttled) == (100, 9, 3, 5)
        assert told.cache_hit_rate == 25
        assert told.p50 == pytest.approx(10, rel=0.06)
        assert told.p99 == pytest.approx(1000, rel=0.06)
        assert told.integration_quantile(0.5) == pytest.approx(4, rel=0.06)


@pytest.mark.parametrize("time", [THIS_HOUR, THIS_DAY, THIS_WEEK])
def test_a_subject_is_narrowed_by_stage_method_key_and_canary(time):
    served(1)
    served(2, stage_name="dev")
    served(4, method="POST")
    served(8, key_id="key1")
    served(16, canary=True)
    served(32, api="api2")
    served(64, account_id="999999999999")
    served(128, region="eu-west-1")

    def count(**members):
        return whole(Subject(**({"account_id": "000000000000", "region": "us-east-1"} | members)), time).count

    assert count() == 63
    assert count(api_id="api1") == 31
    assert count(api_id="api1", stage_name="prod") == 29
    assert count(api_id="api1", resource="/pets", method="POST") == 4
    assert count(key_id="key1") == 8
    assert count(api_id="api1", stage_name="prod", canary=True) == 16
    assert count(api_id="api1", stage_name="prod", canary=False) == 13


def test_lists_are_in_the_order_asked_for():
    served(100, ms=5)
    served(10, method="POST", ms=50, errors_5xx=2)
    served(1, resource="/slow", ms=500)

    def order(by):
        return [place for place, _ in dashboards.methods(API, THIS_HOUR, by, 10)]

    assert order(Order.REQUESTS) == [("/pets", "GET"), ("/pets", "POST"), ("/slow", "GET")]
    assert order(Order.LATENCY) == [("/slow", "GET"), ("/pets", "POST"), ("/pets", "GET")]
    assert order(Order.ERRORS) == [("/pets", "POST")]
    [(_, slowest)] = dashboards.methods(API, THIS_HOUR, Order.LATENCY, 1)
    assert slowest.p95 == pytest.approx(500, rel=0.06)


@pytest.mark.parametrize("time", [THIS_HOUR, THIS_DAY, THIS_WEEK])
def test_keys_stages_and_apis_have_lists_of_their_own(time):
    served(5, key_id="key1")
    served(3, key_id="key2", stage_name="dev")
    served(1, api="api2", key_id="key1")
    account = Subject("000000000000", "us-east-1")
    of_key = Subject("000000000000", "us-east-1", key_id="key1")

    def listed(found):
        return [(place, sums.count) for place, sums in found]

    assert listed(dashboards.keys(API, time, Order.REQUESTS, 9)) == [("key1", 5), ("key2", 3)]
    assert listed(
        dashboards.keys(Subject("000000000000", "us-east-1", "api1", resource="/pets"), time, Order.REQUESTS, 1)
    ) == [("key1", 5)]
    assert listed(dashboards.apis(account, time, Order.REQUESTS, 9)) == [("api1", 8), ("api2", 1)]
    assert listed(dashboards.stages(of_key, time, Order.REQUESTS, 9)) == [(("api1", "prod"), 5), (("api2", "prod"), 1)]
    assert listed(dashboards.methods(of_key, time, Order.REQUESTS, 9)) == [(("/pets", "GET"), 6)]


def test_a_thousand_keys_make_no_more_rows_to_read(django_assert_num_queries):
    report(*(answers("api1", at=NOON, key_id=f"key{at}") for at in range(1_000)))

    minutes = TrafficRollup.objects.filter(step=60)
    assert sorted(minutes.values_list("scope", "count")) == [("account", 1000), ("method", 1000), ("stage", 1000)]
    with django_assert_num_queries(1):
        assert whole(API).count == 1000


def test_a_window_ends_with_the_step_that_runs():
    now = NOON + timedelta(minutes=17, seconds=30)

    hour = dashboards.window(now, HOUR, MINUTE)
    day = dashboards.window(now, 24 * HOUR, 30 * MINUTE)

    assert (hour.start, hour.end > now, hour.grain, hour.list_grain) == (NOON - timedelta(minutes=42), True, 60, 60)
    assert (day.start, day.grain, day.list_grain) == (NOON - 24 * HOUR, 60, 3600)


def test_old_rollups_are_forgotten():
    report(answers("api1", ago=3 * 24 * 60), answers("api1", ago=40 * 24 * 60), answers("api1"))

    tasks.prune()

    assert TrafficRollup.objects.filter(step=60, scope="stage").count() == 1
    assert TrafficRollup.objects.filter(step=3600, scope="stage").count() == 2


def test_minutes_of_before_are_rolled_up():
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    report(*(answers("api1", 2, at=hour - timedelta(hours=ago), key_id=f"key{ago}", ms=20) for ago in (0, 0, 5, 100)))
    expected = sorted(TrafficRollup.objects.filter(step=3600).values_list("scope", "start", "key_id", "count"))
    recent = TrafficRollup.objects.filter(step=60, scope="stage").exclude(start__lt=hour - timedelta(days=2))
    minutes = sorted(recent.values_list("start", "count"))
    TrafficRollup.objects.all().delete()
    assert TrafficMinute.objects.exists()

    import_module("apps.metering.migrations.0004_rollups").roll_up(apps, None)

    assert sorted(TrafficRollup.objects.filter(step=3600).values_list("scope", "start", "key_id", "count")) == expected
    assert sorted(TrafficRollup.objects.filter(step=60, scope="stage").values_list("start", "count")) == minutes
    assert all(row.latency_buckets for row in TrafficRollup.objects.all())
