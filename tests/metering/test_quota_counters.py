"""A Valkey that lost its data gets the quota counters of the running periods back."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from apps.core.limit_keys import quota_counter
from apps.metering.models import DailyUsage
from apps.metering.quota_counters import seed_quota_counters
from tests.rows import REGION, make_plan

pytestmark = pytest.mark.django_db(transaction=True)

# A Wednesday: its week began on Sunday the 22nd, its month on the 1st.
NOW = datetime(2030, 9, 25, 12, tzinfo=UTC)


def spend(plan, day, used, key_id="key1"):
    DailyUsage.objects.create(
        account_id=plan.account_id, region=REGION, plan_id=plan.plan_id, key_id=key_id, day=day, used=used
    )


def counter(plan, start, key_id="key1"):
    return quota_counter(plan.account_id, REGION, plan.plan_id, key_id, start)


def test_counters_hold_what_was_used_in_the_running_period(account, valkey):
    day, week, month = (
        make_plan(account, period, quota_limit=100, quota_period=period) for period in ("DAY", "WEEK", "MONTH")
    )
    for plan in (day, week, month):
        for used_on, used in (
            (date(2030, 8, 31), 1000),
            (date(2030, 9, 1), 100),
            (date(2030, 9, 22), 10),
            (NOW.date(), 1),
        ):
            spend(plan, used_on, used)

    assert seed_quota_counters(NOW)

    assert valkey.get(counter(day, date(2030, 9, 25))) == b"1"
    assert valkey.get(counter(week, date(2030, 9, 22))) == b"11"
    assert valkey.get(counter(month, date(2030, 9, 1))) == b"111"
    assert valkey.expiretime(counter(day, date(2030, 9, 25))) == datetime(2030, 9, 27, tzinfo=UTC).timestamp()


def test_plans_without_a_quota_have_no_counters(account, valkey):
    spend(make_plan(account), NOW.date(), 5)

    seed_quota_counters(NOW)

    assert valkey.dbsize() == 1


def test_seeding_happens_once_for_a_loss(account, valkey):
    plan = make_plan(account, quota_limit=100, quota_period="DAY")
    spend(plan, NOW.date(), 5)

    assert [seed_quota_counters(NOW), seed_quota_counters(NOW)] == [True, False]
    assert valkey.get(counter(plan, NOW.date())) == b"5"

    valkey.flushall()
    assert seed_quota_counters(NOW)
    assert valkey.get(counter(plan, NOW.date())) == b"5"


def test_what_a_runtime_granted_since_the_loss_is_not_forgotten(account, valkey):
    plan = make_plan(account, quota_limit=100, quota_period="DAY")
    spend(plan, NOW.date(), 5)
    valkey.set(counter(plan, NOW.date()), 3)

    seed_quota_counters(NOW)

    assert valkey.get(counter(plan, NOW.date())) == b"8"


def test_two_that_seed_at_once_add_once(account, valkey):
    plan = make_plan(account, quota_limit=100, quota_period="DAY")
    spend(plan, NOW.date(), 5)

    def seed():
        try:
            seed_quota_counters(NOW)
        finally:
            connection.close()

    threads = [threading.Thread(target=seed) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert valkey.get(counter(plan, NOW.date())) == b"5"
