"""Traffic of the last day in a word's space: one grouped query for as many APIs or keys as a page lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone

from apps.metering import dashboards
from apps.metering.dashboards import Subject
from apps.metering.models import TrafficRollup
from apps.metering.reports import Totals
from apps.metering.rollups import HOUR, Scope, floor
from portal.chart_scales import with_unit
from portal.charts import Sparkline, sparkline

_HOURS = 24


@dataclass(frozen=True)
class Trend:
    """Requests of the last 24 hours, as a number and by the hour."""

    requests: int
    sparkline: Sparkline


@dataclass(frozen=True)
class LastDay(Trend):
    """The same with what it adds up to."""

    totals: Totals

    @property
    def share_4xx(self) -> str:
        return with_unit(self.totals.share(self.totals.errors_4xx), "%")

    @property
    def share_5xx(self) -> str:
        return with_unit(self.totals.share(self.totals.errors_5xx), "%")


def last_day(account_id: str, region: str) -> LastDay | None:
    """All APIs of an account in a region; None where nothing was asked for."""
    time = dashboards.window(timezone.now(), timedelta(hours=_HOURS), timedelta(hours=1))
    points = dashboards.series(Subject(account_id, region), time)
    totals = dashboards.total(points)
    if not totals.count:
        return None
    spark = sparkline([float(point.totals.count) for point in points], label="Requests by the hour")
    return LastDay(totals.count, spark, totals)


def trends_of_apis(account_id: str, api_ids: Iterable[str]) -> dict[str, Trend]:
    """By API id; APIs without traffic have no entry."""
    rows = TrafficRollup.objects.filter(account_id=account_id, scope=Scope.STAGE, api_id__in=list(api_ids))
    return _trends(rows, "api_id")


def trends_of_keys(account_id: str, key_ids: Iterable[str]) -> dict[str, Trend]:
    """By the id of the API key; keys without traffic have no entry."""
    rows = TrafficRollup.objects.filter(account_id=account_id, scope=Scope.KEY, key_id__in=list(key_ids))
    return _trends(rows, "key_id")


def requests_of_keys(account_id: str, keys: QuerySet[Any, Any]) -> dict[str, int]:
    """The sums alone, by the id of the API key, of as many keys as a query of their ids finds."""
    rows = TrafficRollup.objects.filter(
        account_id=account_id, scope=Scope.KEY, step=HOUR, start__gte=_hours()[0], key_id__in=keys
    )
    return dict(rows.values_list("key_id").annotate(requests=Sum("count")).order_by())


def _hours() -> list[datetime]:
    last = floor(timezone.now(), HOUR)
    return [last - timedelta(hours=ago) for ago in range(_HOURS - 1, -1, -1)]


def _trends(rows: QuerySet[TrafficRollup], by: str) -> dict[str, Trend]:
    hours = _hours()
    sums: dict[str, dict[datetime, int]] = {}
    counted = rows.filter(step=HOUR, start__gte=hours[0]).values(by, "start")
    for row in counted.annotate(requests=Sum("count")).order_by():
        sums.setdefault(row[by], {})[row["start"]] = row["requests"]
    return {
        name: Trend(
            sum(found.values()), sparkline([float(found.get(hour, 0)) for hour in hours], label="Requests by the hour")
        )
        for name, found in sums.items()
    }
