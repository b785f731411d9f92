"""What stages answered, by the metrics that CloudWatch has of REST APIs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.registry import Shape, operation
from apps.metering import reports
from apps.metering.reports import Totals

_PERIOD = 60
_LENGTH = timedelta(hours=1)
_LARGEST = 1_440  # datapoints of a metric, as on CloudWatch


class _Metric(NamedTuple):
    """A metric's unit, and the datapoint that it makes of what was answered in a period."""

    unit: str
    point: Callable[[Totals], Shape]


def _sum_of(name: str) -> Callable[[Totals], Shape]:
    def point(totals: Totals) -> Shape:
        total = float(getattr(totals, name))
        average = total / totals.count if totals.count else None
        return {"sampleCount": float(totals.count), "sum": total, "average": average}

    return point


def _latency(totals: Totals) -> Shape:
    return {
        "sampleCount": float(totals.count),
        "sum": totals.latency_sum,
        "average": totals.latency,
        "p50": totals.p50,
        "p95": totals.p95,
        "p99": totals.p99,
    }


_METRICS = {
    "4XXError": _Metric("Count", _sum_of("errors_4xx")),
    "5XXError": _Metric("Count", _sum_of("errors_5xx")),
    "CacheHitCount": _Metric("Count", _sum_of("cache_hits")),
    "CacheMissCount": _Metric("Count", _sum_of("cache_misses")),
    "Count": _Metric("Count", lambda totals: {"sampleCount": float(totals.count), "sum": float(totals.count)}),
    "IntegrationLatency": _Metric("Milliseconds", _sum_of("integration_latency_sum")),
    "Latency": _Metric("Milliseconds", _latency),
}


@operation("GetTrafficMetrics", "gatehouse")
def get_traffic_metrics(caller: Caller, request: Shape) -> Shape:
    """The metrics of an API, or of one of its stages or methods; by default of the last hour, by the minute.

    Percentiles differ from the true ones by 5 % at most. Periods without an answer have no datapoint.
    """
    api = caller.rest_api(request["restApiId"])
    period = int(request.get("period") or _PERIOD)
    if period < _PERIOD or period % _PERIOD:
        raise BadRequestException("A period is a multiple of 60 seconds")
    if (request.get("resourcePath") is None) != (request.get("httpMethod") is None):
        raise BadRequestException("A method is named by resourcePath and httpMethod together")
    end = _moment(request.get("endTime")) or datetime.now(UTC)
    start = _moment(request.get("startTime")) or end - _LENGTH
    if not start < end or (end - start).total_seconds() / period > _LARGEST:
        raise BadRequestException(f"Ask for a time of 1 to {_LARGEST} periods")
    wanted = reports.Filter(
        account_id=caller.account_id,
        region=caller.region,
        start=start,
        end=end,
        api_id=api.id,
        stage_name=request.get("stageName"),
        resource=request.get("resourcePath"),
        method=request.get("httpMethod"),
    )
    points = [point for point in reports.traffic(wanted, timedelta(seconds=period)) if point.totals.count]
    return {
        "metrics": [
            {"metricName": name, "unit": metric.unit, "datapoints": [_datapoint(metric, point) for point in points]}
            for name, metric in _METRICS.items()
        ]
    }


def _datapoint(metric: _Metric, point: reports.Point) -> Shape:
    made = {"timestamp": point.start, **metric.point(point.totals)}
    return {name: value for name, value in made.items() if value is not None}


def _moment(value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value
