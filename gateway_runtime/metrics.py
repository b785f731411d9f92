"""Numbers of the hot path: plain list slots in each worker, written to a small file now and then, merged by the master.

A worker asks once for a slot (`counter`, `gauge`, `histogram`) and then adds to `values[slot]`: no lock, no call, no
label look-up. `flush` writes all values with one system call into the page cache, so what a killed worker counted up to
its last flush is not lost. `Merged` adds the files of all workers up and renders the Prometheus text format.
"""

from __future__ import annotations

import json
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

MAX_SLOTS = 400_000
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

Labels = tuple[tuple[str, str], ...]


class Series(NamedTuple):
    """One line of a worker's series file: where its values begin and what they mean."""

    offset: int
    kind: str
    name: str
    help: str
    labels: Labels
    bounds: tuple[float, ...]

    @property
    def width(self) -> int:
        """A histogram has a value per bound, one for what is above all, and the sum."""
        return len(self.bounds) + 2 if self.kind == "histogram" else 1


class Histogram:
    """Counts observations into fixed buckets."""

    __slots__ = ("_bounds", "_offset", "_sum", "_values")

    def __init__(self, values: list[float], offset: int, bounds: tuple[float, ...]) -> None:
        self._values = values
        self._offset = offset
        self._bounds = bounds
        self._sum = offset + len(bounds) + 1

    def observe(self, value: float) -> None:
        self._values[self._offset + bisect_left(self._bounds, value)] += 1
        self._values[self._sum] += value

    def add(self, value: float, count: int) -> None:
        """So many observations of about this value; their sum is added by itself."""
        self._values[self._offset + bisect_left(self._bounds, value)] += count

    def add_to_sum(self, total: float) -> None:
        self._values[self._sum] += total


class Metrics:
    """The slots of one process. Asking again for the same name and labels gives the same slot; beyond `MAX_SLOTS`
    all further series share slot 0, which is shown as `gatehouse_metrics_overflow_total`."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self._known: dict[tuple[str, Labels], Series] = {}
        self._unwritten: list[Series] = []
        self._series_file = -1
        self._values_file = -1
        self.counter("gatehouse_metrics_overflow_total", "Increments of series beyond the maximum")

    def counter(self, name: str, help_text: str, **labels: str) -> int:
        """The slot of a counter: `values[slot] += 1`."""
        return self._slot("counter", name, help_text, labels, ())

    def gauge(self, name: str, help_text: str, **labels: str) -> int:
        """The slot of a gauge: `values[slot] = now`. Workers' gauges are added up."""
        return self._slot("gauge", name, help_text, labels, ())

    def histogram(self, name: str, help_text: str, bounds: Sequence[float] = SECONDS, **labels: str) -> Histogram:
        """A histogram with ascending upper bounds."""
        return Histogram(self.values, self._slot("histogram", name, help_text, labels, tuple(bounds)), tuple(bounds))

    def _slot(self, kind: str, name: str, text: str, labels: dict[str, str], bounds: tuple[float, ...]) -> int:
        key = (name, tuple(sorted(labels.items())))
        known = self._known.get(key)
        if known is None:
            known = Series(len(self.values), kind, name, text, key[1], bounds)
            if len(self.values) + known.width > MAX_SLOTS and kind != "histogram":
                return 0
            self._known[key] = known
            self._unwritten.append(known)
            self.values.extend([0.0] * known.width)
        return known.offset

    def write_to(self, directory: Path, worker: str) -> None:
        """From now on `flush` writes to files of this directory; the name tells workers apart."""
        flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC
        self._series_file = os.open(directory / f"{worker}.series", flags | os.O_APPEND, 0o600)
        self._values_file = os.open(directory / f"{worker}.values", flags, 0o600)
        self._unwritten = list(self._known.values())

    def flush(self) -> None:
        """Write new series, then all values."""
        if self._values_file < 0:
            return
        if self._unwritten:
            lines = "".join(json.dumps(series) + "\n" for series in self._unwritten)
            os.write(self._series_file, lines.encode())
            self._unwritten.clear()
        os.pwrite(self._values_file, array("d", self.values).tobytes(), 0)


METRICS = Metrics()


class Merged:
    """The sum over all workers, living and gone."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._retired: dict[tuple[str, Labels], tuple[Series, list[float]]] = {}

    def retire(self, worker: str) -> None:
        """Keep the counters of a worker that exited and remove its files; its gauges are gone with it."""
        self._add(self._retired, (item for item in self._read(worker) if item[0].kind != "gauge"))
        for suffix in ("series", "values"):
            (self._directory / f"{worker}.{suffix}").unlink(missing_ok=True)

    def render(self) -> str:
        """The Prometheus text format."""
        totals = {key: (series, list(values)) for key, (series, values) in self._retired.items()}
        for path in sorted(self._directory.glob("*.series")):
            self._add(totals, self._read(path.stem))
        lines: list[str] = []
        described = ""
        for (name, _), (series, values) in sorted(totals.items(), key=lambda item: item[0]):
            if name != described:
                lines += (f"# HELP {name} {series.help}", f"# TYPE {name} {series.kind}")
                described = name
            lines += _lines(series, values)
        return "\n".join(lines) + "\n"

    @staticmethod
    def _add(
        totals: dict[tuple[str, Labels], tuple[Series, list[float]]], found: Iterable[tuple[Series, list[float]]]
    ) -> None:
        for series, values in found:
            key = (series.name, series.labels)
            if key in totals and len(totals[key][1]) == len(values):
                totals[key] = (series, [a + b for a, b in zip(totals[key][1], values, strict=True)])
            else:
                totals[key] = (series, values)

    def _read(self, worker: str) -> Iterable[tuple[Series, list[float]]]:
        try:
            lines = (self._directory / f"{worker}.series").read_text().splitlines(keepends=True)
            raw = (self._directory / f"{worker}.values").read_bytes()
        except FileNotFoundError:
            return
        values = array("d", raw[: len(raw) - len(raw) % 8])
        for line in lines:
            if not line.endswith("\n"):
                continue
            offset, kind, name, text, labels, bounds = json.loads(line)
            pairs = tuple((str(key), str(value)) for key, value in labels)
            series = Series(offset, kind, name, text, pairs, tuple(bounds))
            if offset + series.width <= len(values):
                yield series, list(values[offset : offset + series.width])


def _lines(series: Series, values: list[float]) -> list[str]:
    if series.kind != "histogram":
        return [f"{series.name}{_labels(series.labels)} {_number(values[0])}"]
    lines = []
    total = 0.0
    for bound, count in zip((*map(str, series.bounds), "+Inf"), values, strict=False):
        total += count
        lines.append(f"{series.name}_bucket{_labels((*series.labels, ('le', bound)))} {_number(total)}")
    lines.append(f"{series.name}_sum{_labels(series.labels)} {_number(values[-1])}")
    lines.append(f"{series.name}_count{_labels(series.labels)} {_number(total)}")
    return lines


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    escape = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    return "{" + ",".join(f'{name}="{value.translate(escape)}"' for name, value in labels) + "}"
