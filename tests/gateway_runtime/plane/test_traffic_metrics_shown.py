"""Prometheus: a stage's numbers, and a method's where the stage asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from apps.core.documents import MethodSetting
from apps.core.usage import Traffic
from gateway_runtime.metrics import METRICS
from gateway_runtime.ports import TrafficLabel
from gateway_runtime.stores.traffic_metrics import TrafficMetrics
from gateway_runtime.stores.usage import UsageMeter
from tests.gateway_runtime.plane.builders import get, mock, rest_api, stage
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness


def shown(name: str, **labels: str) -> float:
    return METRICS.values[METRICS.counter(name, "", **labels)]


async def test_counts_are_shown_by_stage_and_of_chosen_methods(tmp_path: Path, clock: FakeClock) -> None:
    client: Redis = Redis.from_url("unix:///nowhere/valkey.sock")
    meter = UsageMeter(client, tmp_path, clock, "w1")
    plain = TrafficLabel("1" * 12, "r", "shown00001", "prod", "/pets", "GET")
    detailed = TrafficLabel("1" * 12, "r", "shown00001", "prod", "/cats", "GET", True)

    meter.traffic(plain, "", 200, 0.02, 0.01, 1)
    meter.traffic(detailed, "", 404, 0.02, 0.01, 2)
    meter.traffic(detailed, "", 502, 0.02, 0.01)
    await meter.close()
    await client.aclose()

    of_stage = {"api": "shown00001", "stage": "prod"}
    assert shown("gatehouse_stage_requests_total", **of_stage) == 3
    assert shown("gatehouse_stage_errors_4xx_total", **of_stage) == 1
    assert shown("gatehouse_stage_errors_5xx_total", **of_stage) == 1
    assert shown("gatehouse_stage_cache_hits_total", **of_stage) == 1
    assert shown("gatehouse_stage_cache_misses_total", **of_stage) == 1
    assert shown("gatehouse_stage_integration_latency_seconds_total", **of_stage) == pytest.approx(0.03)
    histogram = METRICS.histogram("gatehouse_stage_integration_latency_seconds", "", **of_stage)
    in_buckets = METRICS.values[histogram._offset : histogram._sum]
    assert sum(in_buckets) == 3
    assert METRICS.values[histogram._sum] == pytest.approx(0.03)
    assert shown("gatehouse_method_requests_total", **of_stage, resource="/cats", method="GET") == 2
    assert shown("gatehouse_method_requests_total", **of_stage, resource="/pets", method="GET") == 0


async def test_a_method_is_chosen_by_its_setting(gateway: GatewayHarness) -> None:
    settings = {"~1pets/GET": MethodSetting(metrics_enabled=True)}
    gateway.serve(rest_api(get("/pets", mock()), get("/cats", mock()), stage("prod", method_settings=settings)))

    await gateway.get("/prod/pets")
    await gateway.get("/prod/cats")

    assert [label.detailed for label, _, _ in gateway.meter.answers] == [True, False]


async def test_hits_and_misses_of_a_stage_s_cache_are_counted(gateway: GatewayHarness) -> None:
    setting = MethodSetting(
        caching_enabled=True, cache_ttl_in_seconds=300, require_authorization_for_cache_control=False
    )
    settings = {"*/*": setting}
    cached = stage("prod", method_settings=settings, cache_cluster_size=0.5)
    gateway.serve(rest_api(get("/pets", mock(200, "kept")), cached, stage("plain")))

    for path in ("/prod/pets", "/prod/pets", "/plain/pets"):
        await gateway.get(path)

    assert gateway.meter.cache == [2, 1, 0]


def test_the_number_of_series_is_bounded() -> None:
    metrics = TrafficMetrics(most=2)

    for number in range(5):
        metrics.add([_row(f"bounded{number:03}")])

    assert shown("gatehouse_stage_requests_total", api="bounded001", stage="prod") == 1
    assert shown("gatehouse_stage_requests_total", api="other", stage="other") == 3


def _row(api: str) -> Traffic:
    return Traffic(
        account_id="1" * 12, region="r", api_id=api, stage_name="prod", resource="/", method="GET", key_id="",
        minute=0, count=1, errors_4xx=0, errors_5xx=0, latency_ms=1.0, integration_latency_ms=0.0, latency_buckets={5: 1},
    )  # fmt: skip
