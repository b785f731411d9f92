"""What an API has answered: requests, errors and latency over an hour, a day or a week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from django.http import HttpResponseBase
from django.utils import timezone

from apps.metering import reports
from apps.usage_plans.models import ApiKey
from portal.charts import Chart, Series, bar_chart, line_chart
from portal.console.api_frame import api_frame
from portal.console.commands import Command
from portal.console.gate import Console, console_page

_BUSIEST = 10
Group = TypeVar("Group")


@dataclass(frozen=True)
class Period:
    """A length of time and the step in which it is drawn; `clock` is how a step is labelled."""

    name: str
    label: str
    length: timedelta
    step: timedelta
    clock: str


PERIODS = {
    "1h": Period("1h", "1 h", timedelta(hours=1), timedelta(minutes=1), "%H:%M"),
    "24h": Period("24h", "24 h", timedelta(hours=24), timedelta(minutes=30), "%H:%M"),
    "7d": Period("7d", "7 d", timedelta(days=7), timedelta(hours=3), "%a %H:%M"),
}


@dataclass(frozen=True)
class Busy:
    """One line of a table of the busiest."""

    label: str
    totals: reports.Totals
    verb: str = ""


@console_page("GET")
def traffic(console: Console, api_id: str) -> HttpResponseBase:
    """The charts; the numbers are swapped in every two seconds while the last hour is shown."""
    frame = api_frame(console, api_id, "traffic")
    period = PERIODS.get(console.request.GET.get("period", "1h"), PERIODS["1h"])
    names = [stage.name for stage in frame.stages]
    stage = console.request.GET.get("stage", "")
    stage = stage if stage in names else ""
    return frame.page(
        "console/traffic.html",
        period=period,
        periods=PERIODS.values(),
        stage_name=stage,
        **numbers(frame.api, period, stage),
        cli=[Command("GetUsage", {"usagePlanId": "PLAN_ID", "startDate": "2026-01-01", "endDate": "2026-01-31"})],
    )


class MeteredApi(Protocol):
    """An API of any kind, as far as its numbers are concerned."""

    @property
    def id(self) -> str: ...
    @property
    def account_id(self) -> str: ...
    @property
    def region(self) -> str: ...


def numbers(
    api: MeteredApi, period: Period, stage: str, resource: str | None = None, method: str | None = None
) -> dict[str, Any]:
    """What traffic.html draws: totals, charts, and the busiest methods and keys, of a stage or all, of one method or all."""
    now = timezone.now()
    wanted = reports.Filter(
        account_id=api.account_id,
        region=api.region,
        start=now - period.length,
        end=now,
        api_id=api.id,
        stage_name=stage or None,
        resource=resource,
        method=method,
    )
    points = reports.traffic(wanted, period.step)
    labels = [point.start.strftime(period.clock) for point in points]
    totals = reports.totals(wanted)
    return {
        "totals": totals,
        "error_share": 100 * (totals.errors_4xx + totals.errors_5xx) / totals.count if totals.count else 0,
        "requests_chart": _requests_chart(points, labels),
        "latency_chart": _latency_chart(points, labels),
        "methods": [
            Busy(path or "(no resource)", sums, verb) for (path, verb), sums in _first(reports.by_method(wanted))
        ],
        "keys": _keys(api, wanted),
    }


def _requests_chart(points: list[reports.Point], labels: list[str]) -> Chart:
    good = tuple(point.totals.count - point.totals.errors_4xx - point.totals.errors_5xx for point in points)
    bad = tuple(point.totals.errors_4xx for point in points)
    broken = tuple(point.totals.errors_5xx for point in points)
    series = [Series("2xx and 3xx", good), Series("4xx", bad), Series("5xx", broken)]
    return bar_chart("requests", "Requests", labels, series)


def _latency_chart(points: list[reports.Point], labels: list[str]) -> Chart:
    series = [
        Series("p50", tuple(point.totals.p50 for point in points)),
        Series("p95", tuple(point.totals.p95 for point in points)),
        Series("p99", tuple(point.totals.p99 for point in points)),
    ]
    return line_chart("latency", "Latency", labels, series, unit="ms")


def _keys(api: MeteredApi, wanted: reports.Filter) -> list[Busy]:
    found = dict(_first(reports.by_key(wanted)))
    mine = ApiKey.objects.filter(account_id=api.account_id, region=api.region, key_id__in=found)
    names = dict(mine.values_list("key_id", "name"))
    return [Busy((names.get(key_id) or key_id) if key_id else "Without a key", sums) for key_id, sums in found.items()]


def _first(found: dict[Group, reports.Totals]) -> list[tuple[Group, reports.Totals]]:
    return list(found.items())[:_BUSIEST]
