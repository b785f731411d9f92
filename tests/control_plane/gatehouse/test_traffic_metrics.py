"""GetTrafficMetrics: what was answered, by CloudWatch's names."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.core.usage import LATENCY_BOUNDS_MS
from apps.metering.models import TrafficMinute
from tests.builders import a_rest_api, a_websocket_api, an_http_api

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def answered(caller: Caller, api: str, minutes: int, latency: float, count: int = 10, **members: Any) -> None:
    known = {"stage_name": "prod", "resource": "/pets", "method": "GET", "errors_4xx": 2, "errors_5xx": 1}
    TrafficMinute.objects.create(
        account_id=caller.account_id,
        region=caller.region,
        api_id=api,
        minute=NOON + timedelta(minutes=minutes),
        count=count,
        latency_ms=latency * count,
        integration_latency_ms=latency * count / 2,
        cache_hits=3,
        cache_misses=4,
        latency_buckets={str(bisect_left(LATENCY_BOUNDS_MS, latency)): count},
        integration_buckets={str(bisect_left(LATENCY_BOUNDS_MS, latency / 2)): count},
        **{**known, **members},
    )


def metrics(caller: Caller, api: str, **request: Any) -> dict[str, list[dict[str, Any]]]:
    asked = {"restApiId": api, "startTime": NOON, "endTime": NOON + timedelta(hours=1), **request}
    told = registry.call(caller, "gatehouse", "GetTrafficMetrics", asked)
    return {metric["metricName"]: metric["datapoints"] for metric in told["metrics"]}


@pytest.fixture
def api(caller: Caller) -> str:
    return a_rest_api(caller)


def test_every_metric_of_cloudwatch_has_its_datapoints(caller: Caller, api: str) -> None:
    answered(caller, api, 0, 100.0)
    answered(caller, api, 1, 200.0, key_id="key1")

    found = metrics(caller, api, period=300)

    assert set(found) == {
        "4XXError", "5XXError", "CacheHitCount", "CacheMissCount", "Count", "IntegrationLatency", "Latency",
    }  # fmt: skip
    assert {name: points[0]["sum"] for name, points in found.items()} == {
        "4XXError": 4, "5XXError": 2, "CacheHitCount": 6, "CacheMissCount": 8, "Count": 20,
        "IntegrationLatency": 1500, "Latency": 3000,
    }  # fmt: skip
    [latency] = found["Latency"]
    assert latency["timestamp"] == NOON
    assert latency["average"] == 150
    assert latency["p50"] == pytest.approx(100, rel=0.05)
    assert latency["p99"] == pytest.approx(200, rel=0.05)
    assert found["4XXError"][0]["average"] == 0.2
    assert found["IntegrationLatency"][0]["p95"] == pytest.approx(100, rel=0.06)


def test_a_stage_and_a_method_have_their_own(caller: Caller, api: str) -> None:
    answered(caller, api, 0, 10.0)
    answered(caller, api, 0, 10.0, count=5, stage_name="test")
    answered(caller, api, 0, 10.0, count=7, method="POST")

    def count(**request: str) -> float:
        return metrics(caller, api, **request)["Count"][0]["sum"]

    assert count() == 22
    assert count(stageName="prod") == 17
    assert count(stageName="prod", resourcePath="/pets", httpMethod="POST") == 7


def test_minutes_without_an_answer_have_no_datapoint(caller: Caller, api: str) -> None:
    answered(caller, api, 5, 10.0)

    assert [point["timestamp"] for point in metrics(caller, api)["Count"]] == [NOON + timedelta(minutes=5)]


@pytest.mark.parametrize(
    "request_",
    [
        {"period": 30},
        {"period": 90},
        {"httpMethod": "GET"},
        {"endTime": NOON},
        {"endTime": NOON + timedelta(days=30)},
    ],
)
def test_what_cannot_be_told_is_refused(caller: Caller, api: str, request_: dict[str, Any]) -> None:
    with pytest.raises(BadRequestException):
        metrics(caller, api, **request_)


def test_an_api_of_another_account_is_unknown(caller: Caller, api: str) -> None:
    stranger = Caller(
        account_id="210987654321", region=caller.region, principal="arn:aws:iam::210987654321:root", via="seed"
    )

    with pytest.raises(NotFoundException):
        metrics(stranger, api)


# HTTP and WebSocket APIs ------------------------------------------------------------------------------


def api_metrics(caller: Caller, api: str, **request: Any) -> dict[str, float]:
    asked = {"apiId": api, "startTime": NOON, "endTime": NOON + timedelta(hours=1), "period": 3600, **request}
    told = registry.call(caller, "gatehouse", "GetApiMetrics", asked)
    return {metric["metricName"]: sum(point["sum"] for point in metric["datapoints"]) for metric in told["metrics"]}


def test_an_http_api_has_its_own_names_for_metrics(caller: Caller) -> None:
    api = an_http_api(caller)
    answered(caller, api, 0, 100.0, data_processed=5_000)
    answered(caller, api, 1, 100.0, resource="$default", method="ANY", data_processed=70)

    assert api_metrics(caller, api) == {
        "4xx": 4, "5xx": 2, "Count": 20, "DataProcessed": 5_070, "IntegrationLatency": 1000, "Latency": 2000,
    }  # fmt: skip
    assert api_metrics(caller, api, routeKey="GET /pets")["DataProcessed"] == 5_000
    assert api_metrics(caller, api, routeKey="$default")["DataProcessed"] == 70


def test_a_websocket_api_tells_connections_from_messages(caller: Caller) -> None:
    api = a_websocket_api(caller)
    answered(caller, api, 0, 10.0, count=3, resource="$connect", method="CONNECT", errors_4xx=1, errors_5xx=0)
    answered(caller, api, 0, 10.0, count=7, resource="say", method="MESSAGE", integration_errors=2)

    assert api_metrics(caller, api) == {
        "ConnectCount": 3, "MessageCount": 7, "ClientError": 3, "ExecutionError": 1, "IntegrationError": 2,
        "IntegrationLatency": 50,
    }  # fmt: skip
    assert api_metrics(caller, api, routeKey="$connect")["MessageCount"] == 0


def test_the_metrics_of_another_accounts_api_are_not_found(caller: Caller) -> None:
    with pytest.raises(NotFoundException):
        api_metrics(caller, "nosuch0000")
