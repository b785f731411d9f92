"""What dashboards show of a subject: numbers, charts, and the first methods and keys as bars that lead to narrower dashboards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from apps.metering import dashboards
from apps.metering.dashboards import Order, Subject, Window
from apps.metering.reports import Point, Totals
from apps.usage_plans.models import ApiKey
from portal.bar_lists import BarList, Entry, bar_list
from portal.chart_scales import format_number, with_unit
from portal.charts import Chart, Series, bar_chart, line_chart
from portal.console.gate import Console

_MOST = 8
_NEXT_TO = {"requests": 1, "4xx": 2, "throttled": 3, "5xx": 4}
"""Series' colours by what they tell, the same in every chart."""


@dataclass(frozen=True)
class Range:
    """A length of time and the step in which it is drawn; `clock` is how a step is labelled, `refresh` the seconds between looks."""

    name: str
    label: str
    length: timedelta
    step: timedelta
    clock: str
    refresh: int = 0


RANGES = {
    one.name: one
    for one in (
        Range("15m", "15 min", timedelta(minutes=15), timedelta(minutes=1), "%H:%M", 2),
        Range("1h", "1 h", timedelta(hours=1), timedelta(minutes=1), "%H:%M", 2),
        Range("24h", "24 h", timedelta(hours=24), timedelta(minutes=30), "%H:%M", 30),
        Range("7d", "7 d", timedelta(days=7), timedelta(hours=3), "%a %H:%M"),
        Range("30d", "30 d", timedelta(days=30), timedelta(days=1), "%b %d"),
    )
}


@dataclass(frozen=True)
class Board:
    """A dashboard: whose answers, over which time, and what was chosen in the address of its page."""

    console: Console
    subject: Subject
    chosen: dict[str, str]

    @property
    def range(self) -> Range:
        return RANGES.get(self.console.request.GET.get("period", ""), RANGES["1h"])

    @property
    def links(self) -> list[tuple[Range, str]]:
        """The same for other ranges."""
        return [(one, "?" + urlencode({**self.chosen, "period": one.name})) for one in RANGES.values()]

    @property
    def here(self) -> str:
        """The address of what is shown, for looking again."""
        return "?" + urlencode({**self.chosen, "period": self.range.name})

    def narrower(self, url: str = "", **chosen: str) -> str:
        """The address of a dashboard of part of this, or with a `url` of another page, over the same time."""
        kept = chosen if url else {**self.chosen, **chosen}
        return f"{url}?" + urlencode({**kept, "period": self.range.name})

    def window(self) -> Window:
        return dashboards.window(timezone.now(), self.range.length, self.range.step)


Lists = Callable[[Board, Window], list[BarList]]


def numbers(board: Board, lists: Lists) -> dict[str, Any]:
    """What parts/dashboard.html draws."""
    time = board.window()
    points = dashboards.series(board.subject, time)
    totals = dashboards.total(points)
    labels = [point.start.strftime(board.range.clock) for point in points]
    seconds = (time.end - time.start).total_seconds()
    return {
        "board": board,
        "totals": totals,
        "rate": _rate(totals.count, seconds),
        "share_4xx": with_unit(totals.share(totals.errors_4xx), "%"),
        "share_5xx": with_unit(totals.share(totals.errors_5xx), "%"),
        "integration_p95": totals.integration_quantile(0.95),
        "hit_rate": with_unit(totals.cache_hit_rate, "%"),
        "charts": _charts(points, labels, totals) if totals.count else [],
        "lists": lists(board, time) if totals.count else [],
    }


def _rate(count: int, seconds: float) -> str:
    """In the unit of which there is at least one."""
    units = ((1.0, "a second"), (60.0, "a minute"), (3_600.0, "an hour"))
    length, name = next((unit for unit in units if count / seconds * unit[0] >= 1), units[-1])
    return with_unit(count / seconds * length, name)


def _charts(points: Sequence[Point], labels: list[str], totals: Totals) -> list[Chart]:
    sums = [point.totals for point in points]
    drawn = [_requests(sums, labels), _errors(sums, labels)]
    drawn.append(_quantiles("latency", "Latency", labels, [(one.p50, one.p95, one.p99) for one in sums]))
    if totals.integration_buckets:
        shares = (0.50, 0.95, 0.99)
        of_back_ends = [tuple(one.integration_quantile(share) for share in shares) for one in sums]
        drawn.append(_quantiles("integration-latency", "Integration latency", labels, of_back_ends))
    if totals.cache_hit_rate is not None:
        hits = Series("Hits", tuple(one.cache_hit_rate for one in sums))
        drawn.append(line_chart("cache", "Cache hit rate", labels, [hits], unit="%"))
    return drawn


def _requests(sums: Sequence[Totals], labels: list[str]) -> Chart:
    good = tuple(float(one.count - one.errors_4xx - one.errors_5xx) for one in sums)
    series = [
        Series("2xx and 3xx", good, _NEXT_TO["requests"]),
        Series("4xx", tuple(float(one.errors_4xx) for one in sums), _NEXT_TO["4xx"]),
        Series("5xx", tuple(float(one.errors_5xx) for one in sums), _NEXT_TO["5xx"]),
    ]
    return bar_chart("requests", "Requests by status", labels, series)


def _errors(sums: Sequence[Totals], labels: list[str]) -> Chart:
    series = [
        Series(name, tuple(one.share(getattr(one, member)) for one in sums), _NEXT_TO[name])
        for name, member in (("4xx", "errors_4xx"), ("throttled", "throttled"), ("5xx", "errors_5xx"))
    ]
    return line_chart("errors", "Share of errors", labels, series, unit="%")


def _quantiles(chart_id: str, title: str, labels: list[str], found: Sequence[tuple[float | None, ...]]) -> Chart:
    columns = list(zip(*found, strict=True))
    series = [Series(name, column) for name, column in zip(("p50", "p95", "p99"), columns, strict=True)]
    return line_chart(chart_id, title, labels, series, unit="ms")


Place = tuple[str, ...]
Named = Callable[[Place], Entry]


def top(
    list_id: str, title: str, found: Sequence[tuple[Place, Totals]], order: Order, named: Named, note: str = ""
) -> BarList:
    """A list of places with what they are sorted by; `named` says what a place is called and where it leads."""
    tones = {Order.REQUESTS: _NEXT_TO["requests"], Order.LATENCY: 5, Order.ERRORS: _NEXT_TO["5xx"]}
    entries = [_measured(named(place), sums, order) for place, sums in found]
    return bar_list(list_id, title, sorted(entries, key=lambda one: -one.number), note=note, tone=tones[order])


def _measured(entry: Entry, sums: Totals, order: Order) -> Entry:
    if order is Order.LATENCY:
        shown = sums.latency if sums.p95 is None else sums.p95
        number, value = shown or 0.0, with_unit(shown, "ms")
        note = f"{'mean' if sums.p95 is None else 'p95'} of {format_number(sums.count)}"
    elif order is Order.ERRORS:
        number = float(sums.errors_4xx + sums.errors_5xx)
        value, note = f"{int(number):,}", f"{with_unit(100 * number / sums.count, '%')} of {format_number(sums.count)}"
    else:
        number, value = float(sums.count), f"{sums.count:,}"
        note = f"{with_unit(sums.share(sums.errors_4xx + sums.errors_5xx), '%')} errors"
    return Entry(entry.label, number, value, note, entry.url, entry.verb)


def method_lists(board: Board, time: Window, named: Named, what: str = "methods") -> list[BarList]:
    """The busiest, the slowest and those with the most errors."""
    return [
        top(f"{order.value}-{what}", title, dashboards.methods(board.subject, time, order, _MOST), order, named)
        for order, title in (
            (Order.REQUESTS, f"Busiest {what}"),
            (Order.LATENCY, f"Slowest {what}"),
            (Order.ERRORS, f"{what.capitalize()} with most errors"),
        )
    ]


def key_list(board: Board, time: Window, key_url: Callable[[str], str]) -> BarList:
    """The busiest keys by their names."""
    found = dashboards.keys(board.subject, time, Order.REQUESTS, _MOST)
    mine = ApiKey.objects.filter(
        account_id=board.subject.account_id, region=board.subject.region, key_id__in=[key_id for key_id, _ in found]
    )
    names = dict(mine.values_list("key_id", "name"))

    def named(place: Place) -> Entry:
        key_id = place[0]
        if not key_id:
            return Entry("Without a key", 0, "")
        label = names.get(key_id) or key_id
        return Entry(label, 0, "", url=board.narrower(key_url(key_id)) if key_id in names else "")

    return top("keys", "Busiest keys", [((key_id,), sums) for key_id, sums in found], Order.REQUESTS, named)
