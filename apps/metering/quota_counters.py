"""Quota counters after a loss: a Redis that forgot them gets back what the ledger knows of the running periods."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta

from apps.core import limit_keys
from apps.core.quota_periods import next_period_start, period_start
from apps.deployments import valkey
from apps.metering.models import DailyUsage
from apps.usage_plans.models import UsagePlan

# Redis has this as long as it has its data. It comes and goes together with the counters.
SEEDED = "gatehouse:quota-seeded"

# A runtime may have counted since the loss, so that the ledger's sum is added to what is there. The mark is looked at and set with
# it in one step: two who seed at once add once. ARGV: the mark's value, then name, sum and end of each counter.
_SEED = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX') == false then return 0 end
for i = 2, #ARGV, 3 do
  redis.call('INCRBY', ARGV[i], ARGV[i + 1])
  redis.call('EXPIREAT', ARGV[i], ARGV[i + 2])
end
return 1
"""

_LONGEST_PERIOD = timedelta(days=31)


def seed_quota_counters(now: datetime | None = None) -> bool:
    """Give a Redis without counters those of the running periods; False when it has them. One GET in that case.

    Counters end a day after their period. Raises `redis.RedisError`.
    """
    client = valkey.client(valkey.PATIENT)
    if client.exists(SEEDED):
        return False
    now = now or datetime.now(UTC)
    arguments: list[str | int] = [now.isoformat()]
    for name, (used, end) in _counters(now.astimezone(UTC).date()).items():
        arguments += [name, used, int(datetime.combine(end, time(), UTC).timestamp())]
    return bool(client.eval(_SEED, 1, SEEDED, *arguments))


def _counters(today: date) -> dict[str, tuple[int, date]]:
    """The running period's counters: name → (requests, the day after which nobody needs it)."""
    plans = {
        (plan.account_id, plan.region, plan.plan_id): (plan.quota_period, plan.quota_offset)
        for plan in UsagePlan.objects.filter(quota_limit__isnull=False, quota_period__isnull=False)
    }
    sums: dict[tuple[str, str, str, str], int] = defaultdict(int)
    recent = DailyUsage.objects.filter(day__gt=today - _LONGEST_PERIOD, day__lte=today)
    for account_id, region, plan_id, key_id, day, used in recent.values_list(
        "account_id", "region", "plan_id", "key_id", "day", "used"
    ).iterator():
        period, offset = plans.get((account_id, region, plan_id), (None, 0))
        if period is not None and day >= period_start(period, today, offset):
            sums[account_id, region, plan_id, key_id] += used
    counters = {}
    for (account_id, region, plan_id, key_id), used in sums.items():
        period, offset = plans[account_id, region, plan_id]
        assert period is not None
        name = limit_keys.quota_counter(account_id, region, plan_id, key_id, period_start(period, today, offset))
        counters[name] = (used, next_period_start(period, today, offset) + timedelta(days=1))
    return counters
