"""What pages read of usage: traffic over time, and a key's days. One query each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet, Sum

from apps.core.quota_periods import period_start
from apps.core.usage import quantile
from apps.metering.models import DailyUsage, TrafficMinute

MINUTE = timedelta(minutes=1)
LARGEST_SERIES = 5_000

KeyIds = Collection[str] | QuerySet[Any, Any]
"""Of API keys; a query of them will do."""


@dataclass(frozen=True)
class Filter:
    """Which traffic: of an account in a region, and optionally of one API, one stage, one method, or some keys.

    `start` (included) and `end` (excluded) are aware; counts are kept by minute. `key_ids` empty means no key at all,
    None any; the key "" stands for calls without one.
    """

    account_id: str
    region: str
    start: datetime
    end: datetime
    api_id: str | None = None
    stage_name: str | None = None
    resource: str | None = None
    method: str | None = None
    key_ids: Collection[str] | None = None


@dataclass
class Totals:
    """Sums over some minutes; latencies are milliseconds, None where nothing was answered."""

    count: int = 0
    errors_4xx: int = 0
    errors_5xx: int = 0
    throttled: int = 0
    latency_sum: float = 0.0
    integration_latency_sum: float = 0.0
    cache_hits: int = 0
    cache_misses: int = 0
    integration_errors: int = 0
    data_processed: int = 0
    buckets: Counter[int] = field(default_factory=Counter)
    integration_buckets: Counter[int] = field(default_factory=Counter)

    @property
    def latency(self) -> float | None:
        return self.latency_sum / self.count if self.count else None

    @property
    def integration_latency(self) -> float | None:
        return self.integration_latency_sum / self.count if self.count else None

    @property
    def p50(self) -> float | None:
        return quantile(self.buckets, 0.50)

    @property
    def p95(self) -> float | None:
        return quantile(self.buckets, 0.95)

    @property
    def p99(self) -> float | None:
        return quantile(self.buckets, 0.99)

    def integration_quantile(self, share: float) -> float | None:
        """Of the requests for which an integration was asked."""
        return quantile(self.integration_buckets, share)

    @property
    def cache_hit_rate(self) -> float | None:
        """Percent of the requests that a cache could have answered; None where there is no cache."""
        asked = self.cache_hits + self.cache_misses
        return 100 * self.cache_hits / asked if asked else None

    def share(self, count: int) -> float | None:
        """So many of the answers in percent; None without answers."""
        return 100 * count / self.count if self.count else None

    def include(self, other: Totals) -> None:
        """Add other sums."""
        for name, value in vars(other).items():
            if isinstance(value, Counter):
                getattr(self, name).update(value)
            else:
                setattr(self, name, getattr(self, name) + value)

    def add(self, row: Sums) -> None:
        """Add a row's sums."""
        self.count += row.answers
        self.errors_4xx += row.errors_4xx
        self.errors_5xx += row.errors_5xx
        self.throttled += row.throttled
        self.latency_sum += row.latency_ms
        self.integration_latency_sum += row.integration_latency_ms
        self.cache_hits += row.cache_hits
        self.cache_misses += row.cache_misses
        self.integration_errors += row.integration_errors
        self.data_processed += row.data_processed
        for at, count in row.latency_buckets.items():
            self.buckets[int(at)] += count
        for at, count in row.integration_buckets.items():
            self.integration_buckets[int(at)] += count


class Point(NamedTuple):
    """One step of a series: from `start` for the length of the step."""

    start: datetime
    totals: Totals


class Sums(NamedTuple):
    """What a row adds up, as `SUM_COLUMNS` are read."""

    answers: int
    errors_4xx: int
    errors_5xx: int
    throttled: int
    latency_ms: float
    integration_latency_ms: float
    cache_hits: int
    cache_misses: int
    integration_errors: int
    data_processed: int
    latency_buckets: dict[str, int]
    integration_buckets: dict[str, int]


SUM_COLUMNS = tuple("count" if name == "answers" else name for name in Sums._fields)


def traffic(wanted: Filter, step: timedelta) -> list[Point]:
    """The series: every step from start to end, quiet ones included. `step` is whole minutes.

    Steps lie on multiples of `step` since the epoch. Raises ValueError for other steps and for more points than a chart can use.
    """
    if step < MINUTE or step % MINUTE:
        raise ValueError("a step is whole minutes")
    seconds = int(step.total_seconds())
    first = int(wanted.start.timestamp()) // seconds * seconds
    starts = range(first, int(wanted.end.timestamp()), seconds)
    if len(starts) > LARGEST_SERIES:
        raise ValueError(f"{len(starts)} points are more than a series can have: choose a longer step")
    found: dict[int, Totals] = defaultdict(Totals)
    for minute, *sums in _rows(wanted).values_list("minute", *SUM_COLUMNS).iterator(chunk_size=2000):
        found[int(minute.timestamp()) // seconds * seconds].add(Sums(*sums))
    return [Point(datetime.fromtimestamp(start, UTC), found.get(start) or Totals()) for start in starts]


def usage_of_keys(account_id: str, region: str, key_ids: KeyIds, start: date, end: date) -> list[tuple[date, int]]:
    """Requests of some keys together, under all plans, for each day from start to end (both included)."""
    rows = DailyUsage.objects.filter(account_id=account_id, region=region, key_id__in=key_ids, day__range=(start, end))
    used = dict(rows.values("day").annotate(total=Sum("used")).values_list("day", "total"))
    return [(day, used.get(day, 0)) for day in _days(start, end)]


def used_in_period(
    account_id: str, region: str, plan_id: str, key_ids: Iterable[str], period: str, offset: int, today: date
) -> dict[str, int]:
    """What each of the keys has used of its quota in the period that holds `today`; keys that used nothing have 0."""
    keys = list(key_ids)
    rows = DailyUsage.objects.filter(
        account_id=account_id,
        region=region,
        plan_id=plan_id,
        key_id__in=keys,
        day__range=(period_start(period, today, offset), today),
    )
    used = dict(rows.values("key_id").annotate(total=Sum("used")).values_list("key_id", "total"))
    return {key_id: used.get(key_id, 0) for key_id in keys}


def _rows(wanted: Filter) -> QuerySet[TrafficMinute]:
    rows = TrafficMinute.objects.filter(
        account_id=wanted.account_id, region=wanted.region, minute__gte=wanted.start, minute__lt=wanted.end
    )
    exact = {
        "api_id": wanted.api_id,
        "stage_name": wanted.stage_name,
        "resource": wanted.resource,
        "method": wanted.method,
        "key_id__in": None if wanted.key_ids is None else list(wanted.key_ids),
    }
    return rows.filter(**{name: value for name, value in exact.items() if value is not None})


def _days(start: date, end: date) -> Iterator[date]:
    for number in range((end - start).days + 1):
        yield start + timedelta(days=number)
