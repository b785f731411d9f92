"""What workers tell of targets' health: checks as they went, calls that did not arrive, and nothing of the dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from apps.core import target_health
from apps.core.documents import HealthCheck
from apps.core.target_health import HealthReport, TargetHealth
from gateway_runtime.stores.target_reports import TargetReports
from gateway_runtime.upstream.health_checks import HealthChecks
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import PLACE
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness
from tests.gateway_runtime.plane.test_linked_back_ends import BALANCER, closed_port, links

KEY = target_health.key(PLACE["account_id"], PLACE["region"])
CHECK = HealthCheck(path="/health", unhealthy_threshold=1, healthy_threshold=1)


@pytest.fixture
async def redis(valkey_url: str) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(valkey_url)
    await client.delete(KEY)
    yield client
    await client.aclose()


def reports_of(gateway: GatewayHarness, redis: Redis, clock: FakeClock, worker: str = "w1") -> TargetReports:
    return TargetReports(redis, worker, clock, lambda: gateway.current.snapshot.links.places())


async def check(gateway: GatewayHarness, clock: FakeClock) -> None:
    checks = HealthChecks(lambda: gateway.current.snapshot.links.balancers(), gateway.pool, clock.monotonic)
    await asyncio.gather(*checks.begin_due())


async def told(redis: Redis, worker: bytes = b"w1") -> list[TargetHealth]:
    report = target_health.decode((await redis.hgetall(KEY))[worker])
    [balancer] = report.balancers
    assert balancer.arn == BALANCER
    return list(balancer.targets)


async def test_targets_are_unknown_before_they_are_checked(
    gateway: GatewayHarness, redis: Redis, clock: FakeClock, backend: Backend
) -> None:
    gateway.serve(links((backend.port, 3), check=CHECK))

    await reports_of(gateway, redis, clock).tell()

    [target] = await told(redis)
    assert (target.port, target.weight, target.state, target.checked) == (backend.port, 3, "unknown", None)


async def test_a_check_tells_who_is_well_and_what_is_wrong_with_the_others(
    gateway: GatewayHarness, redis: Redis, clock: FakeClock, backend: Backend
) -> None:
    gateway.serve(links((backend.port, 1), (closed_port(), 1), check=CHECK))
    await check(gateway, clock)
    checked = clock.time()
    clock.pass_seconds(3)

    await reports_of(gateway, redis, clock).tell()

    well, unwell = await told(redis)
    assert (well.state, well.error) == ("healthy", "")
    assert unwell.state == "unhealthy"
    assert unwell.error.startswith("It cannot be reached")
    assert unwell.checked == pytest.approx(checked)


async def test_a_target_that_calls_do_not_reach_is_unhealthy_without_a_check(
    gateway: GatewayHarness, redis: Redis, clock: FakeClock
) -> None:
    gateway.serve(links((closed_port(), 1)))
    [balancer] = gateway.current.snapshot.links.balancers()
    reports = reports_of(gateway, redis, clock)
    await reports.tell()
    assert [(one.state, one.error) for one in await told(redis)] == [("unknown", "It is not checked.")]

    for _ in range(3):
        balancer.targets[0].missed(clock.monotonic())
    await reports.tell()

    [target] = await told(redis)
    assert (target.state, target.error) == ("unhealthy", "Calls did not reach it; it is tried again in a while.")


async def test_reports_of_dead_workers_are_forgotten(gateway: GatewayHarness, redis: Redis, clock: FakeClock) -> None:
    gateway.serve(links((closed_port(), 1)))
    await redis.hset(KEY, "dead", target_health.encode(HealthReport(at=clock.time() - 61, balancers=())))
    await redis.hset(KEY, "other-release", b"?")
    await redis.hset(KEY, "sibling", target_health.encode(HealthReport(at=clock.time() - 1, balancers=())))

    await reports_of(gateway, redis, clock).tell()

    assert sorted(await redis.hkeys(KEY)) == [b"sibling", b"w1"]
    assert 0 < await redis.ttl(KEY) <= target_health.KEPT_SECONDS


async def test_a_target_that_begins_to_fail_is_not_known_to_be_well(
    gateway: GatewayHarness, redis: Redis, clock: FakeClock
) -> None:
    gateway.serve(links((closed_port(), 1), check=HealthCheck(unhealthy_threshold=2)))
    states = []
    for _ in range(2):
        await check(gateway, clock)
        await reports_of(gateway, redis, clock).tell()
        states.append((await told(redis))[0].state)
        clock.pass_seconds(20)

    assert states == ["unknown", "unhealthy"]
