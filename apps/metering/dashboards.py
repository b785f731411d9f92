"""What dashboards read: as many rows as there are points, however many methods and keys have answered.

A dashboard is about a *subject* (an account, an API, a stage, a method or a key) and a *window* of time. Series and sums have
percentiles; lists of many are sorted by what the database adds up, and only those that are shown get their percentiles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeVar

from django.db.models import F, FloatField, Q, QuerySet, Sum
from django.db.models.functions import Cast

from apps.metering.models import TrafficMinute, TrafficRollup
from apps.metering.reports import SUM_COLUMNS, Point, Sums, Totals
from apps.metering.rollups import HOUR, KEPT, MINUTE, Scope, floor

Group = TypeVar("Group", bound=Hashable)
Place = tuple[str, ...]
LONGEST = KEPT[HOUR]


class Order(Enum):
    """By what a list is sorted, the most first: requests, answers of 4xx and 5xx, or mean latency."""

    REQUESTS = "requests"
    ERRORS = "errors"
    LATENCY = "latency"


@dataclass(frozen=True)
class Subject:
    """Whose answers. Everything that is given narrows; a method is `resource` and `method`, of WebSocket APIs a route alone.

    `canary` True or False is the canary of a stage or what is left of it; None is both.
    """

    account_id: str
    region: str
    api_id: str = ""
    stage_name: str = ""
    resource: str | None = None
    method: str | None = None
    key_id: str | None = None
    canary: bool | None = None


@dataclass(frozen=True)
class Window:
    """A time in steps: `start` (included) lies on a multiple of `step`, `end` is excluded."""

    start: datetime
    end: datetime
    step: timedelta

    @property
    def grain(self) -> int:
        """The step of the rows that a series reads."""
        return MINUTE if self.step.total_seconds() % HOUR else HOUR

    @property
    def list_grain(self) -> int:
        """The step of the rows that lists add up: hours, once there are many of them."""
        whole = not self.start.timestamp() % HOUR
        return HOUR if whole and self.end - self.start > timedelta(hours=2) else self.grain


def window(now: datetime, length: timedelta, step: timedelta) -> Window:
    """The last `length` up to now. The running step is the last one; a time of more than two hours begins with an hour."""
    first = floor(now - length + step, int(step.total_seconds()))
    if length > timedelta(hours=2):
        first = floor(first, HOUR)
    return Window(first, now + timedelta(microseconds=1), step)


def series(subject: Subject, time: Window) -> list[Point]:
    """Every step of the window, quiet ones included."""
    seconds = int(time.step.total_seconds())
    origin = time.start.timestamp()
    found = _sketched(*_rows(subject, time, time.grain), lambda start: int((start.timestamp() - origin) // seconds))
    steps = int(-(-(time.end.timestamp() - origin) // seconds))
    return [Point(time.start + at * time.step, found.get(at) or Totals()) for at in range(steps)]


def total(points: Iterable[Point]) -> Totals:
    """A series in one sum."""
    whole = Totals()
    for point in points:
        whole.include(point.totals)
    return whole


def methods(subject: Subject, time: Window, order: Order, most: int) -> list[tuple[Place, Totals]]:
    """The first by resource and HTTP method, of an API or a stage, or of what a key has called. A key's have no percentiles."""
    if subject.key_id is not None:
        return _ranked(_minutes(subject, time), ("resource", "method"), order, most)
    rows, _ = _scoped(Scope.METHOD, subject, time, time.list_grain)
    found = _ranked(rows, ("resource", "method"), order, most)
    if not found:
        return []
    shown = Q()
    for (resource, method), _ in found:
        shown |= Q(resource=resource, method=method)
    sketches = _sketched_by(rows.filter(shown), ("resource", "method"))
    return [(place, sketches.get(place, sums)) for place, sums in found]


def stages(subject: Subject, time: Window, order: Order, most: int) -> list[tuple[Place, Totals]]:
    """The first by API id and stage name, of an account or an API, or of what a key has called; without percentiles."""
    scope = Scope.STAGE if subject.key_id is None else Scope.KEY
    if scope == Scope.KEY and time.list_grain == MINUTE:
        return _ranked(_minutes(subject, time), ("api_id", "stage_name"), order, most)
    return _ranked(_scoped(scope, subject, time, time.list_grain)[0], ("api_id", "stage_name"), order, most)


def apis(subject: Subject, time: Window, order: Order, most: int) -> list[tuple[str, Totals]]:
    """The first of an account by API id; without percentiles."""
    rows, _ = _scoped(Scope.STAGE, subject, time, time.list_grain)
    return [(place[0], sums) for place, sums in _ranked(rows, ("api_id",), order, most)]


def keys(subject: Subject, time: Window, order: Order, most: int) -> list[tuple[str, Totals]]:
    """The first by key id, "" for calls without a key; without percentiles."""
    if subject.resource is not None or time.list_grain == MINUTE:
        rows: QuerySet[TrafficMinute] | QuerySet[TrafficRollup] = _minutes(subject, time)
    else:
        rows, _ = _scoped(Scope.KEY, subject, time, HOUR)
    return [(place[0], sums) for place, sums in _ranked(rows, ("key_id",), order, most)]


def _rows(subject: Subject, time: Window, grain: int) -> tuple[QuerySet[TrafficMinute] | QuerySet[TrafficRollup], str]:
    """The fewest rows that are about the subject, and which of their fields is the time."""
    if subject.key_id is not None:
        if grain == MINUTE or subject.resource is not None:
            return _minutes(subject, time), "minute"
        return _scoped(Scope.KEY, subject, time, grain)
    if subject.resource is not None:
        return _scoped(Scope.METHOD, subject, time, grain)
    return _scoped(Scope.STAGE if subject.api_id else Scope.ACCOUNT, subject, time, grain)


def _scoped(scope: Scope, subject: Subject, time: Window, grain: int) -> tuple[QuerySet[TrafficRollup], str]:
    rows = TrafficRollup.objects.filter(
        account_id=subject.account_id, scope=scope, step=grain, start__gte=floor(time.start, grain), start__lt=time.end
    )
    return rows.filter(**_narrowed(subject)), "start"


def _minutes(subject: Subject, time: Window) -> QuerySet[TrafficMinute]:
    rows = TrafficMinute.objects.filter(
        account_id=subject.account_id, minute__gte=floor(time.start, MINUTE), minute__lt=time.end
    )
    return rows.filter(**_narrowed(subject))


def _narrowed(subject: Subject) -> dict[str, str | bool]:
    given: dict[str, str | bool | None] = {
        "region": subject.region,
        "api_id": subject.api_id or None,
        "stage_name": subject.stage_name or None,
        "resource": subject.resource,
        "method": subject.method,
        "key_id": subject.key_id,
        "canary": subject.canary,
    }
    return {name: value for name, value in given.items() if value is not None}


def _sketched(
    rows: QuerySet[TrafficMinute] | QuerySet[TrafficRollup], time_field: str, group_of: Callable[[datetime], Group]
) -> dict[Group, Totals]:
    found: dict[Group, Totals] = defaultdict(Totals)
    for start, *sums in rows.values_list(time_field, *SUM_COLUMNS).iterator(chunk_size=2000):
        found[group_of(start)].add(Sums(*sums))
    return found


def _sketched_by(rows: QuerySet[TrafficRollup], by: tuple[str, ...]) -> dict[Place, Totals]:
    found: dict[Place, Totals] = defaultdict(Totals)
    for values in rows.values_list(*by, *SUM_COLUMNS).iterator(chunk_size=2000):
        found[values[: len(by)]].add(Sums(*values[len(by) :]))
    return found


def _ranked(
    rows: QuerySet[TrafficMinute] | QuerySet[TrafficRollup], by: tuple[str, ...], order: Order, most: int
) -> list[tuple[Place, Totals]]:
    """The first groups, added up by the database."""
    sums = rows.order_by().values(*by).annotate(
        answers=Sum("count"), c4=Sum("errors_4xx"), c5=Sum("errors_5xx"), c429=Sum("throttled"), ms=Sum("latency_ms"),
        back_end_ms=Sum("integration_latency_ms"), hits=Sum("cache_hits"), misses=Sum("cache_misses"),
    ).filter(answers__gt=0)  # fmt: skip
    if order is Order.REQUESTS:
        sums = sums.order_by("-answers", *by)
    elif order is Order.ERRORS:
        sums = sums.annotate(errors=F("c4") + F("c5")).filter(errors__gt=0).order_by("-errors", *by)
    else:
        sums = sums.annotate(mean=F("ms") / Cast("answers", FloatField())).order_by("-mean", *by)
    return [
        (
            tuple(row[name] for name in by),
            Totals(
                count=row["answers"], errors_4xx=row["c4"], errors_5xx=row["c5"], throttled=row["c429"],
                latency_sum=row["ms"], integration_latency_sum=row["back_end_ms"],
                cache_hits=row["hits"], cache_misses=row["misses"],
            ),
        )
        for row in sums[:most]
    ]  # fmt: skip
