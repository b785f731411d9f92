"""The first few of something as bars with names: components/bar_list.html. Pure data, as `portal.charts`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.chart_scales import percent


@dataclass(frozen=True, slots=True)
class Entry:
    """One of the list: `number` is how long its bar is, `value` and `note` how that reads; `verb` is an HTTP method before the label."""

    label: str
    number: float
    value: str
    note: str = ""
    url: str = ""
    verb: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """An entry with the width of its bar."""

    entry: Entry
    width: str


@dataclass(frozen=True, slots=True)
class BarList:
    """A titled list; `tone` is the colour of its bars, as of a chart's series."""

    id: str
    title: str
    note: str
    tone: int
    bars: tuple[Bar, ...]


def bar_list(list_id: str, title: str, entries: Iterable[Entry], *, note: str = "", tone: int = 1) -> BarList:
    """The entries in their order; the longest bar is as wide as the list."""
    shown = tuple(entries)
    longest = max((entry.number for entry in shown), default=0) or 1
    bars = tuple(Bar(entry, percent(max(entry.number, 0) / longest)) for entry in shown)
    return BarList(list_id, title, note, tone, bars)
