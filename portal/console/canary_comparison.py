"""A canary beside its stage, as numbers and as lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.deployments.models import Stage, StageCanary
from apps.metering import dashboards
from apps.metering.canaries import Verdict, compare
from apps.metering.dashboards import Subject, Window
from apps.metering.reports import Totals
from portal.chart_scales import with_unit
from portal.charts import Chart, Series, line_chart

_SHOWN = timedelta(minutes=30)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Line:
    """One number of both."""

    label: str
    base: str
    canary: str


def side_by_side(stage: Stage, row: StageCanary) -> dict[str, Any]:
    """What the canary's page shows of it: since its release, and the last half an hour as lines."""
    api, now = stage.rest_api, timezone.now()
    subject = Subject(api.account_id, api.region, api.id, stage.name)
    found = compare(subject, row.measured_from, now)
    difference = found.error_difference
    verdict: Verdict = found.verdict
    return {
        "verdict": verdict,
        "lines": _lines(found.base, found.canary),
        "difference": "" if difference is None else f"{difference:+.2f} points",
        "charts": _charts(subject, row, dashboards.window(now, _SHOWN, _MINUTE)),
    }


def _lines(base: Totals, canary: Totals) -> list[Line]:
    def both(label: str, shown: Callable[[Totals], str]) -> Line:
        return Line(label, shown(base), shown(canary))

    return [
        both("Requests", lambda one: f"{one.count:,}"),
        both("4xx", lambda one: with_unit(one.share(one.errors_4xx), "%")),
        both("5xx", lambda one: with_unit(one.share(one.errors_5xx), "%")),
        both("p50", lambda one: with_unit(one.p50, "ms")),
        both("p95", lambda one: with_unit(one.p95, "ms")),
    ]


def _charts(subject: Subject, row: StageCanary, time: Window) -> list[Chart]:
    sides = []
    for canary in (False, True):
        side = Subject(subject.account_id, subject.region, subject.api_id, subject.stage_name, canary=canary)
        sides.append(dashboards.series(side, time))
    labels = [point.start.strftime("%H:%M") for point in sides[0]]
    # What an earlier canary answered in these minutes is not this one's.
    sides[1] = [point._replace(totals=Totals()) if point.start < row.measured_from else point for point in sides[1]]

    def chart(chart_id: str, title: str, unit: str, value: Callable[[Totals], float | None]) -> Chart:
        series = [
            Series(name, tuple(value(point.totals) for point in side), tone)
            for name, side, tone in zip(("Stage", "Canary"), sides, (1, 5), strict=True)
        ]
        return line_chart(chart_id, title, labels, series, unit=unit)

    return [
        chart("canary-errors", "Share of 5xx", "%", lambda one: one.share(one.errors_5xx)),
        chart("canary-latency", "p95 latency", "ms", lambda one: one.p95),
    ]
