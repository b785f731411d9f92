"""Reports of targets' health on their way to Redis, for people who look; what Redis does not take is told anew soon."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from apps.core import target_health
from apps.core.target_health import HEALTHY, UNHEALTHY, UNKNOWN, BalancerHealth, HealthReport, TargetHealth
from gateway_runtime.ports import Clock
from gateway_runtime.upstream.balancing import Balancer, Target

logger = logging.getLogger("gateway_runtime.upstream")

_PATIENCE = 2.0
_TIDY_EVERY = 30  # reports

Places = Callable[[], Iterable[tuple[tuple[str, str], Iterable[Balancer]]]]


class TargetReports:
    """Owned by one worker. `places` gives the load balancers by account and region."""

    def __init__(self, redis: Redis, worker: str, clock: Clock, places: Places) -> None:
        self._redis = redis
        self._worker = worker
        self._clock = clock
        self._places = places
        self._told = 0

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            await asyncio.sleep(target_health.REPORT_SECONDS)
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self.tell()
            except (RedisError, OSError, TimeoutError) as error:
                logger.info("health of targets is not told: %s", error)

    async def tell(self) -> None:
        """Tell once how the targets are; accounts without load balancers cost nothing."""
        tidy = self._told % _TIDY_EVERY == 0
        self._told += 1
        for (account_id, region), balancers in self._places():
            found = tuple(self._of(balancer) for balancer in balancers)
            if not found:
                continue
            key = target_health.key(account_id, region)
            report = target_health.encode(HealthReport(at=self._clock.time(), balancers=found))
            await self._redis.hset(key, self._worker, report)
            await self._redis.expire(key, target_health.KEPT_SECONDS)
            if tidy:
                await self._forget_the_dead(key)

    async def _forget_the_dead(self, key: str) -> None:
        """Workers come and go under new names."""
        reports = await self._redis.hgetall(key)
        oldest = self._clock.time() - target_health.KEPT_SECONDS
        dead = [worker for worker, report in reports.items() if _told_at(report) < oldest]
        if dead:
            await self._redis.hdel(key, *dead)

    def _of(self, balancer: Balancer) -> BalancerHealth:
        checks = balancer.document.health_check is not None
        return BalancerHealth(
            arn=balancer.arn, targets=tuple(self._how_is(target, checks=checks) for target in balancer.targets)
        )

    def _how_is(self, target: Target, *, checks: bool) -> TargetHealth:
        now = self._clock.monotonic()
        state, error, checked = UNKNOWN, "", None
        if target.checked_at is not None:
            checked = self._clock.time() - (now - target.checked_at)
            # A sound target that fails is not given up yet, and not known to be well either.
            state = UNHEALTHY if not target.sound else UNKNOWN if target.failing else HEALTHY
            error = target.fault
        elif not checks:
            error = "It is not checked."
        if target.sound and not target.is_well(now):
            state, error = UNHEALTHY, "Calls did not reach it; it is tried again in a while."
        return TargetHealth(
            host=target.host, port=target.port, weight=target.weight, state=state, checked=checked, error=error
        )


def _told_at(report: bytes | str) -> float:
    try:
        return target_health.decode(report if isinstance(report, bytes) else report.encode()).at
    except msgspec.DecodeError:
        return 0.0  # another release's
