"""Traffic of the last day in a word's space: one grouped query for as many APIs or keys as a page lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncHour
from django.utils import timezone

from apps.metering.models import TrafficMinute
from portal.charts import Sparkline, sparkline

_HOURS = 24


@dataclass(frozen=True)
class Trend:
    """Requests of the last 24 hours, as a number and by the hour."""

    requests: int
    sparkline: Sparkline


def trends_of_apis(api_ids: Iterable[str]) -> dict[str, Trend]:
    """By API id; APIs without traffic have no entry."""
    return _trends(TrafficMinute.objects.filter(api_id__in=list(api_ids)), "api_id")


def trends_of_keys(account_id: str, key_ids: Iterable[str]) -> dict[str, Trend]:
    """By the id of the API key; keys without traffic have no entry."""
    return _trends(TrafficMinute.objects.filter(account_id=account_id, key_id__in=list(key_ids)), "key_id")


def _trends(rows: QuerySet[TrafficMinute], by: str) -> dict[str, Trend]:
    last = timezone.now().replace(minute=0, second=0, microsecond=0)
    hours = [last - timedelta(hours=ago) for ago in range(_HOURS - 1, -1, -1)]
    sums: dict[str, dict[datetime, int]] = {}
    counted = rows.filter(minute__gte=hours[0]).annotate(hour=TruncHour("minute")).values(by, "hour")
    for row in counted.annotate(requests=Sum("count")).order_by():
        sums.setdefault(row[by], {})[row["hour"]] = row["requests"]
    return {
        name: Trend(
            sum(found.values()), sparkline([float(found.get(hour, 0)) for hour in hours], label="Requests by the hour")
        )
        for name, found in sums.items()
    }
