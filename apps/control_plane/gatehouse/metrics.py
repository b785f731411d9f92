"""What stages answered, by the metrics that CloudWatch has of each kind of API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


def _integration_latency(totals: Totals) -> Shape:
    shares = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
    return _sum_of("integration_latency_sum")(totals) | {
        name: totals.integration_quantile(share) for name, share in shares.items()
    }


_COUNT = _Metric("Count", lambda totals: {"sampleCount": float(totals.count), "sum": float(totals.count)})
_INTEGRATION_LATENCY = _Metric("Milliseconds", _integration_latency)

_METRICS = {
    "4XXError": _Metric("Count", _sum_of("errors_4xx")),
    "5XXError": _Metric("Count", _sum_of("errors_5xx")),
    "CacheHitCount": _Metric("Count", _sum_of("cache_hits")),
    "CacheMissCount": _Metric("Count", _sum_of("cache_misses")),
    "Count": _COUNT,
    "IntegrationLatency": _INTEGRATION_LATENCY,
    "Latency": _Metric("Milliseconds", _latency),
}

_HTTP_METRICS = {
    "4xx": _Metric("Count", _sum_of("errors_4xx")),
    "5xx": _Metric("Count", _sum_of("errors_5xx")),
    "Count": _COUNT,
    "DataProcessed": _Metric("Bytes", _sum_of("data_processed")),
    "IntegrationLatency": _INTEGRATION_LATENCY,
    "Latency": _Metric("Milliseconds", _latency),
}

# With the kind of the events that each is about, None for all of them.
_WEBSOCKET_METRICS: tuple[tuple[dict[str, _Metric], str | None], ...] = (
    ({"ConnectCount": _COUNT}, "CONNECT"),
    ({"MessageCount": _COUNT}, "MESSAGE"),
    (
        {
            "ClientError": _Metric("Count", _sum_of("errors_4xx")),
            "ExecutionError": _Metric("Count", _sum_of("errors_5xx")),
            "IntegrationError": _Metric("Count", _sum_of("integration_errors")),
            "IntegrationLatency": _INTEGRATION_LATENCY,
        },
        None,
    ),
)


@operation("GetTrafficMetrics", "gatehouse")
def get_traffic_metrics(caller: Caller, request: Shape) -> Shape:
    """The metrics of an API, or of one of its stages or methods; by default of the last hour, by the minute.

    Percentiles differ from the true ones by 5 % at most. Periods without an answer have no datapoint.
    """
    api = caller.rest_api(request["restApiId"])
    resource, method = request.get("resourcePath"), request.get("httpMethod")
    if (resource is None) != (method is None):
        raise BadRequestException("A method is named by resourcePath and httpMethod together")
    return {"metrics": _shown(_METRICS, _points(caller, request, api.id, resource, method))}


@operation("GetApiMetrics", "gatehouse")
def get_api_metrics(caller: Caller, request: Shape) -> Shape:
    """The metrics of an HTTP or WebSocket API, or of one of its stages or routes; otherwise as GetTrafficMetrics."""
    api, key = caller.api(request["apiId"]), request.get("routeKey")
    if api.websocket:
        shown: list[Shape] = []
        for metrics, kind in _WEBSOCKET_METRICS:
            shown += _shown(metrics, _points(caller, request, api.id, key, kind))
        return {"metrics": shown}
    verb, _, path = (key or "").partition(" ")
    resource, method = (path, verb) if path else (key, None)
    return {"metrics": _shown(_HTTP_METRICS, _points(caller, request, api.id, resource, method))}


def _points(
    caller: Caller, request: Shape, api_id: str, resource: str | None, method: str | None
) -> list[reports.Point]:
    """What was answered in the periods that are asked for, without those that had nothing to answer."""
    period = int(request.get("period") or _PERIOD)
    if period < _PERIOD or period % _PERIOD:
        raise BadRequestException("A period is a multiple of 60 seconds")
    end = _moment(request.get("endTime")) or datetime.now(UTC)
    start = _moment(request.get("startTime")) or end - _LENGTH
    if not start < end or (end - start).total_seconds() / period > _LARGEST:
        raise BadRequestException(f"Ask for a time of 1 to {_LARGEST} periods")
    wanted = reports.Filter(
        account_id=caller.account_id,
        region=caller.region,
        start=start,
        end=end,
        api_id=api_id,
        stage_name=request.get("stageName"),
        resource=resource,
        method=method,
    )
    return [point for point in reports.traffic(wanted, timedelta(seconds=period)) if point.totals.count]


def _shown(metrics: Mapping[str, _Metric], points: list[reports.Point]) -> list[Shape]:
    return [
        {"metricName": name, "unit": metric.unit, "datapoints": [_datapoint(metric, point) for point in points]}
        for name, metric in metrics.items()
    ]


def _datapoint(metric: _Metric, point: reports.Point) -> Shape:
    made = {"timestamp": point.start, **metric.point(point.totals)}
    return {name: value for name, value in made.items() if value is not None}


def _moment(value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value
