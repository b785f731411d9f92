"""Geometry of server-rendered charts: series of numbers in, positions and SVG paths out.

Templates (components/chart.html, sparkline.html, meter.html) place what these functions return as SVG attributes:
positions are percentages ("12.5%") of the plot, so text keeps its size at any width; paths are drawn in a
0..1000 by 0..1000 box that the browser stretches. Everything is a string already, so that no locale turns a
decimal point into a comma. Charts are pure data: no I/O, no clock, no Django.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from portal.chart_scales import BOX, box_unit, format_number, nice_ticks, percent, with_unit

MAX_SERIES = 6
"""How many series colours the style sheet has; later series share the last one."""


_Point = tuple[float, float]
"""A place in the plot: shares of its width and height (0..1), from the upper left."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one kind of bar. A value of None is a gap: nothing was measured. A `tone` of 0 is the colour of its place."""

    name: str
    values: tuple[float | None, ...]
    tone: int = 0


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis, as a percentage of its length; anchor is SVG's text-anchor."""

    at: str
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Line:
    """A drawn series: its stroke, and the area under it (empty when several lines would hide each other)."""

    name: str
    tone: int
    path: str
    area: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A point that stands alone between two gaps, which no stroke would show."""

    x: str
    y: str
    tone: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, or one layer of a stacked bar."""

    x: str
    y: str
    width: str
    height: str
    tone: int


@dataclass(frozen=True, slots=True)
class Hit:
    """The full-height column around one label; its text is what the pointer reads there."""

    x: str
    width: str
    text: str


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A series' name, colour and latest (line) or total (bar) value."""

    name: str
    tone: int
    value: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything components/chart.html draws, the table for screen readers included."""

    id: str
    title: str
    summary: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]
    bars: tuple[Bar, ...]
    hits: tuple[Hit, ...]
    legend: tuple[LegendEntry, ...]
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_empty: bool


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A trend without axes; summary is its accessible name."""

    path: str
    area: str
    summary: str


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of a limit is used; tone turns to warning at 80 % and to danger at 100 %."""

    width: str
    tone: str
    used_label: str
    limit_label: str
    used_plain: str
    limit_plain: str


def line_chart(
    chart_id: str, title: str, labels: Sequence[str], series: Sequence[Series], *, unit: str = "", x_ticks: int = 6
) -> Chart:
    """Draw one line per series over equally spaced labels.

    `chart_id` must be unique in the page. `unit` is appended to read-out values ("ms", "%"). Every series has as many
    values as there are labels (ValueError otherwise). The axis starts at zero.
    """
    _check(labels, series)
    ticks = nice_ticks(_highest(series))
    top = ticks[-1]
    count = len(labels)
    xs = [0.5 if count == 1 else index / (count - 1) for index in range(count)]
    lines = tuple(_line(one, tone, xs, top, filled=len(series) == 1) for one, tone in _toned(series))
    dots = tuple(dot for one, tone in _toned(series) for dot in _lonely(one, tone, xs, top))
    latest = tuple(LegendEntry(one.name, tone, with_unit(_last(one.values), unit)) for one, tone in _toned(series))
    return _chart(
        chart_id, title, labels, series, unit, ticks, _x_ticks(labels, xs, x_ticks), latest, lines=lines, dots=dots
    )


def bar_chart(
    chart_id: str, title: str, labels: Sequence[str], series: Sequence[Series], *, unit: str = "", x_ticks: int = 6
) -> Chart:
    """Draw one bar per label, the series stacked in their order from the ground up.

    Arguments and errors as in `line_chart`; a gap counts as nothing, negative values raise ValueError.
    """
    _check(labels, series)
    if any(value < 0 for one in series for value in one.values if value is not None):
        raise ValueError("a stacked bar cannot show a negative value")
    stacks = [sum(one.values[index] or 0 for one in series) for index in range(len(labels))]
    ticks = nice_ticks(max(stacks, default=0), whole=all(float(stack).is_integer() for stack in stacks))
    centres = [(index + 0.5) / len(labels) for index in range(len(labels))]
    totals = tuple(
        LegendEntry(one.name, tone, with_unit(sum(value or 0 for value in one.values), unit))
        for one, tone in _toned(series)
    )
    bars = tuple(_bars(series, ticks[-1], len(labels)))
    return _chart(chart_id, title, labels, series, unit, ticks, _x_ticks(labels, centres, x_ticks), totals, bars=bars)


def sparkline(values: Sequence[float | None], *, label: str = "Trend") -> Sparkline:
    """Draw a trend; the lowest value touches the ground unless all values are equal."""
    known = [value for value in values if value is not None]
    if not known:
        return Sparkline("", "", f"{label}: no data")
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    flat = high == low
    steps = max(len(values) - 1, 1)
    points: list[tuple[float, float] | None] = [
        None if value is None else (index / steps, 0.5 if flat else 0.04 + 0.92 * (1 - (value - low) / span))
        for index, value in enumerate(values)
    ]
    runs = _runs(points)
    summary = f"{label}: from {format_number(known[0])} to {format_number(known[-1])}, highest {format_number(high)}"
    return Sparkline(_stroke(runs), _area(runs), summary)


def meter(used: float, limit: float) -> Meter:
    """Relate a used amount to its limit; use beyond the limit fills the meter."""
    share = 1.0 if limit <= 0 else min(max(used / limit, 0.0), 1.0)
    tone = "danger" if share >= 1 else "warning" if share >= 0.8 else "accent"
    return Meter(percent(share), tone, format_number(used), format_number(limit), f"{used:g}", f"{limit:g}")


def _chart(
    chart_id: str,
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    unit: str,
    ticks: tuple[float, ...],
    x_ticks: tuple[Tick, ...],
    legend: tuple[LegendEntry, ...],
    lines: tuple[Line, ...] = (),
    dots: tuple[Dot, ...] = (),
    bars: tuple[Bar, ...] = (),
) -> Chart:
    top = ticks[-1]
    return Chart(
        id=chart_id,
        title=title,
        summary=_summary(labels, series, unit),
        x_ticks=x_ticks,
        y_ticks=tuple(Tick(percent(1 - tick / top), format_number(tick)) for tick in ticks),
        lines=lines,
        dots=dots,
        bars=bars,
        hits=_hits(labels, series, unit, between=bool(bars)),
        legend=legend,
        headers=("Time", *(one.name for one in series)),
        rows=tuple(
            (label, *(with_unit(one.values[index], unit) for one in series)) for index, label in enumerate(labels)
        ),
        is_empty=all(value is None for one in series for value in one.values),
    )


def _check(labels: Sequence[str], series: Sequence[Series]) -> None:
    for one in series:
        if len(one.values) != len(labels):
            raise ValueError(f"series {one.name!r} has {len(one.values)} values for {len(labels)} labels")


def _toned(series: Sequence[Series]) -> list[tuple[Series, int]]:
    return [(one, one.tone or min(index, MAX_SERIES)) for index, one in enumerate(series, start=1)]


def _highest(series: Sequence[Series]) -> float:
    return max((value for one in series for value in one.values if value is not None), default=0.0)


def _last(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)


def _points(one: Series, xs: Sequence[float], top: float) -> list[_Point | None]:
    return [
        None if value is None else (x, 1 - min(max(value / top, 0.0), 1.0))
        for x, value in zip(xs, one.values, strict=True)
    ]


def _line(one: Series, tone: int, xs: Sequence[float], top: float, *, filled: bool) -> Line:
    runs = _runs(_points(one, xs, top))
    return Line(one.name, tone, _stroke(runs), _area(runs) if filled else "")


def _lonely(one: Series, tone: int, xs: Sequence[float], top: float) -> list[Dot]:
    runs = _runs(_points(one, xs, top))
    return [Dot(percent(run[0][0]), percent(run[0][1]), tone) for run in runs if len(run) == 1]


def _runs(points: Sequence[_Point | None]) -> list[list[_Point]]:
    """Cut a series at its gaps."""
    runs: list[list[_Point]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def _stroke(runs: Sequence[Sequence[_Point]]) -> str:
    return " ".join("M" + " L".join(f"{box_unit(x)},{box_unit(y)}" for x, y in run) for run in runs if len(run) > 1)


def _area(runs: Sequence[Sequence[_Point]]) -> str:
    return " ".join(
        f"{_stroke([run])} L{box_unit(run[-1][0])},{BOX} L{box_unit(run[0][0])},{BOX} Z" for run in runs if len(run) > 1
    )


def _bars(series: Sequence[Series], top: float, count: int) -> list[Bar]:
    slot = 1 / max(count, 1)
    width = slot * (0.72 if count <= 40 else 0.86)
    bars: list[Bar] = []
    for index in range(count):
        ground = 0.0
        for one, tone in _toned(series):
            height = (one.values[index] or 0) / top
            if height > 0:
                left = slot * index + (slot - width) / 2
                y = 1 - ground - height
                bars.append(Bar(percent(left), percent(y), percent(width), percent(height), tone))
                ground += height
    return bars


def _hits(labels: Sequence[str], series: Sequence[Series], unit: str, *, between: bool) -> tuple[Hit, ...]:
    """One column per label: a bar's slot, or the halfway lines between two points of a line."""
    count = len(labels)
    hits: list[Hit] = []
    for index, label in enumerate(labels):
        if between or count == 1:
            left, right = index / count, (index + 1) / count
        else:
            left, right = max(index - 0.5, 0) / (count - 1), min(index + 0.5, count - 1) / (count - 1)
        text = f"{label}: " + ", ".join(f"{one.name} {with_unit(one.values[index], unit)}" for one in series)
        hits.append(Hit(percent(left), percent(right - left), text))
    return tuple(hits)


def _x_ticks(labels: Sequence[str], xs: Sequence[float], wanted: int) -> tuple[Tick, ...]:
    if not labels:
        return ()
    stride = max(1, math.ceil(len(labels) / max(wanted, 1)))
    return tuple(Tick(percent(xs[index]), labels[index], _anchor(xs[index])) for index in range(0, len(labels), stride))


def _anchor(x: float) -> str:
    return "start" if x <= 0.01 else "end" if x >= 0.99 else "middle"


def _summary(labels: Sequence[str], series: Sequence[Series], unit: str) -> str:
    if not labels:
        return "No data."
    parts = [
        f"{one.name}: latest {with_unit(_last(one.values), unit)}, highest {with_unit(max(known), unit)}"
        for one in series
        if (known := [value for value in one.values if value is not None])
    ]
    return f"From {labels[0]} to {labels[-1]}. " + "; ".join(parts) + "."
