"""The ledger of usage: batches are added to the counts, each exactly once.

A batch's id and its counts are written in one transaction. Whoever dies before the commit has added nothing, whoever adds a
batch again finds its id. Of two who add the same batch at once, one commits and the other's unique violation makes it look again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple, TypeVar

from django.db import IntegrityError, OperationalError, transaction

from apps.core.usage import KeyUse, Traffic, UsageBatch
from apps.metering import rollups
from apps.metering.models import Answers, DailyUsage, TrafficMinute, TrafficRollup
from apps.metering.models import UsageBatch as AddedBatch

_ATTEMPTS = 5
_ROWS_AT_ONCE = 500

UseKey = tuple[str, str, str, str, date]


class TrafficKey(NamedTuple):
    """What is one row of `TrafficMinute`."""

    account_id: str
    region: str
    api_id: str
    stage_name: str
    resource: str
    method: str
    key_id: str
    minute: datetime
    canary: bool


Key = TypeVar("Key", TrafficKey, rollups.Place)
Row = TypeVar("Row", TrafficMinute, TrafficRollup)

_SUMS = (
    "count", "errors_4xx", "errors_5xx", "throttled", "latency_ms", "integration_latency_ms", "cache_hits", "cache_misses",
    "integration_errors", "data_processed",
)  # fmt: skip
_SKETCHES = ("latency_buckets", "integration_buckets")
_ADDED_UP = [*_SUMS, *_SKETCHES]


def add(batches: Iterable[UsageBatch]) -> int:
    """Add the batches that are not in the ledger yet; answers how many those were.

    Raises `django.db.DataError` (PostgreSQL) when a value does not fit its column, `OperationalError` when the database is away.
    """
    by_id = {batch.batch_id: batch for batch in batches}
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _add_new(by_id)
        except (IntegrityError, OperationalError):
            # Someone else added one of them, or a row of theirs, at the same moment; or PostgreSQL found a deadlock.
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _add_new(by_id: dict[str, UsageBatch]) -> int:
    known = set(AddedBatch.objects.filter(batch_id__in=list(by_id)).values_list("batch_id", flat=True))
    new = [batch for batch_id, batch in by_id.items() if batch_id not in known]
    if new:
        AddedBatch.objects.bulk_create([AddedBatch(batch_id=batch.batch_id) for batch in new])
        _add_uses([use for batch in new for use in batch.uses])
        _add_traffic([traffic for batch in new for traffic in batch.traffic])
    return len(new)


def _add_uses(uses: list[KeyUse]) -> None:
    sums: dict[UseKey, int] = defaultdict(int)
    for use in uses:
        key = (use.account_id, use.region, use.plan_id, use.key_id, date.fromisoformat(use.day))
        sums[key] += use.count
    if not sums:
        return
    accounts, regions, plans, keys, days = (set(column) for column in zip(*sums, strict=True))
    present = DailyUsage.objects.select_for_update().filter(
        account_id__in=accounts, region__in=regions, plan_id__in=plans, key_id__in=keys, day__in=days
    )
    known = {(r.account_id, r.region, r.plan_id, r.key_id, r.day): r for r in present.order_by("pk")}
    fresh, changed = [], []
    for key, count in sums.items():
        row = known.get(key)
        if row is None:
            account_id, region, plan_id, key_id, day = key
            fresh.append(
                DailyUsage(account_id=account_id, region=region, plan_id=plan_id, key_id=key_id, day=day, used=count)
            )
        else:
            row.used += count
            changed.append(row)
    DailyUsage.objects.bulk_create(fresh, batch_size=_ROWS_AT_ONCE)
    # The rows are there and locked: this is an UPDATE of all of them in one statement.
    DailyUsage.objects.bulk_create(
        changed, batch_size=_ROWS_AT_ONCE, update_conflicts=True, unique_fields=["id"], update_fields=["used"]
    )


def _add_traffic(traffic: list[Traffic]) -> None:
    minutes: dict[TrafficKey, TrafficMinute] = {}
    for item in traffic:
        key = _key(item)
        _increase(minutes.setdefault(key, TrafficMinute(**key._asdict())), item)
    if not minutes:
        return
    sums: dict[rollups.Place, TrafficRollup] = {}
    for row in minutes.values():
        for place in rollups.places(row):
            _increase(sums.setdefault(place, TrafficRollup(**place._asdict())), row)
    _merge(TrafficMinute, minutes, TrafficKey, ("account_id", "region", "api_id", "stage_name", "key_id", "minute"))
    _merge(TrafficRollup, sums, rollups.Place, ("account_id", "api_id", "scope", "step", "start", "key_id"))


def _merge(model: type[Row], sums: Mapping[Key, Row], key_of: Callable[..., Key], narrowed_by: tuple[str, ...]) -> None:
    """Add the sums to the rows of their keys; `narrowed_by` names the members by which those rows are looked for."""
    fields = next(iter(sums))._fields
    wanted = {f"{name}__in": {getattr(key, name) for key in sums} for name in narrowed_by}
    fresh = dict(sums)
    changed = []
    for row in model._default_manager.select_for_update().filter(**wanted).order_by("pk"):
        addition = fresh.pop(key_of(*(getattr(row, name) for name in fields)), None)
        if addition is not None:
            _increase(row, addition)
            changed.append(row)
    model._default_manager.bulk_create(fresh.values(), batch_size=_ROWS_AT_ONCE)
    # The rows are there and locked: this is an UPDATE of all of them in one statement.
    model._default_manager.bulk_create(
        changed, batch_size=_ROWS_AT_ONCE, update_conflicts=True, unique_fields=["id"], update_fields=_ADDED_UP
    )


def _key(item: Traffic) -> TrafficKey:
    return TrafficKey(
        item.account_id,
        item.region,
        item.api_id,
        item.stage_name,
        _storable(item.resource, 1024),
        _storable(item.method, 16),
        item.key_id,
        datetime.fromtimestamp(item.minute, UTC),
        item.canary,
    )


def _storable(text: str, limit: int) -> str:
    """What a caller of an API chose, as a column takes it: PostgreSQL refuses NUL and longer text."""
    return text.replace("\0", "�")[:limit]


def _increase(row: Answers, by: Traffic | Answers) -> None:
    for name in _SUMS:
        setattr(row, name, getattr(row, name) + getattr(by, name))
    for name in _SKETCHES:
        merged = dict(getattr(row, name))
        for at, count in getattr(by, name).items():
            merged[str(at)] = merged.get(str(at), 0) + count
        setattr(row, name, merged)
