"""What stages answered, for Prometheus: added up from usage batches, several times a second and never while a request waits.

Each stage has its series; a method has its own where the stage asks for detailed metrics (`metricsEnabled`), as on CloudWatch.
Their number is bounded: what finds no place is counted under the API `other`.
"""

from __future__ import annotations

from collections.abc import Iterable

from apps.core.usage import LATENCY_BOUNDS_MS, Traffic
from gateway_runtime.metrics import METRICS, SECONDS
from gateway_runtime.ports import TrafficLabel

_MOST_SERIES = 2_000
_MOST_WATCHED = 10_000

Method = tuple[str, str, str, str]  # API, stage, resource, method


class _Series:
    """The numbers of one stage or one method."""

    def __init__(self, of: str, **labels: str) -> None:
        def counter(name: str, text: str) -> int:
            return METRICS.counter(f"gatehouse_{of}_{name}", f"{text}, by {of}", **labels)

        self._slots = (
            counter("requests_total", "Count: requests answered"),
            counter("errors_4xx_total", "4XXError: answers of 400 to 499"),
            counter("errors_5xx_total", "5XXError: answers of 500 to 599"),
            counter("cache_hits_total", "CacheHitCount: answers from the stage's cache"),
            counter("cache_misses_total", "CacheMissCount: requests that the stage's cache had no answer for"),
            counter("integration_latency_seconds_total", "IntegrationLatency: time of back ends"),
            counter("integration_errors_total", "IntegrationError: answers of routes' back ends of 400 and above"),
            counter("data_processed_bytes_total", "DataProcessed: bytes of routes in both directions"),
        )
        self._latency = METRICS.histogram(f"gatehouse_{of}_latency_seconds", f"Latency, by {of}", SECONDS, **labels)
        self._integration_latency = METRICS.histogram(
            f"gatehouse_{of}_integration_latency_seconds",
            f"IntegrationLatency of those asked, by {of}",
            SECONDS,
            **labels,
        )

    def add(self, row: Traffic) -> None:
        numbers = (
            row.count,
            row.errors_4xx,
            row.errors_5xx,
            row.cache_hits,
            row.cache_misses,
            row.integration_latency_ms / 1000,
            row.integration_errors,
            row.data_processed,
        )
        for slot, number in zip(self._slots, numbers, strict=True):
            METRICS.values[slot] += number
        for histogram, buckets, total in (
            (self._latency, row.latency_buckets, row.latency_ms),
            (self._integration_latency, row.integration_buckets, row.integration_latency_ms),
        ):
            for at, count in buckets.items():
                histogram.add(LATENCY_BOUNDS_MS[min(at, len(LATENCY_BOUNDS_MS) - 1)] / 1000, count)
            histogram.add_to_sum(total / 1000)


class TrafficMetrics:
    """One worker's."""

    def __init__(self, most: int = _MOST_SERIES) -> None:
        self._most = most
        self._watched: set[Method] = set()
        self._known: dict[tuple[str, ...], _Series] = {}

    def watch(self, label: TrafficLabel) -> None:
        """Show a method by itself. The stage asks for that."""
        if len(self._watched) < _MOST_WATCHED:
            self._watched.add((label.api_id, label.stage_name, label.resource, label.method))

    def add(self, rows: Iterable[Traffic]) -> None:
        for row in rows:
            self._series("stage", row.api_id, row.stage_name).add(row)
            method = (row.api_id, row.stage_name, row.resource, row.method)
            if method in self._watched:
                self._series("method", *method).add(row)

    def _series(self, of: str, *place: str) -> _Series:
        key = (of, *place)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= self._most:
                place = ("other",) * len(place)
            names = ("api", "stage", "resource", "method")
            known = _Series(of, **dict(zip(names, place, strict=False)))
            if len(self._known) < self._most:
                self._known[key] = known
        return known
