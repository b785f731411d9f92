"""Health checks of targets: each worker asks for itself, never more than a few at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable

from apps.core.documents import HealthCheck
from gateway_runtime.upstream.balancing import Balancer, Target
from gateway_runtime.upstream.errors import UpstreamError
from gateway_runtime.upstream.origin import Origin
from gateway_runtime.upstream.pool import UpstreamPool

logger = logging.getLogger("gateway_runtime.upstream")

_AT_ONCE = 32
_TICK = 0.5  # seconds
_LONGEST_FAULT = 200


class HealthChecks:
    """Asks the targets of the load balancers that `balancers` gives, each after its interval."""

    def __init__(
        self, balancers: Callable[[], Iterable[Balancer]], pool: UpstreamPool, monotonic: Callable[[], float]
    ) -> None:
        self._balancers = balancers
        self._pool = pool
        self._monotonic = monotonic
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Check for ever."""
        try:
            while True:
                self.begin_due()
                await asyncio.sleep(_TICK)
        finally:
            for task in self._running:
                task.cancel()

    def begin_due(self) -> list[asyncio.Task[None]]:
        """Begin the checks that are due; the tasks that do them."""
        now = self._monotonic()
        begun = []
        for balancer in self._balancers():
            check = balancer.document.health_check
            if check is not None and balancer.check_due <= now:
                balancer.check_due = now + check.interval_seconds
                begun += [asyncio.create_task(self._check(balancer, target, check)) for target in balancer.targets]
        for task in begun:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return begun

    async def _check(self, balancer: Balancer, target: Target, check: HealthCheck) -> None:
        before = target.sound
        async with self._free:
            fault = await self._fault(target, check)
        target.checked_at = self._monotonic()
        target.failing = bool(fault)
        target.fault = fault or target.fault
        target.checked(not fault, check)
        if target.sound is not before:
            state = "well" if target.sound else "unwell"
            logger.warning("target %s:%d of %s is %s", target.host, target.port, balancer.arn, state)

    async def _fault(self, target: Target, check: HealthCheck) -> str:
        """What is wrong with a target; nothing when it is well."""
        origin = Origin("http", target.host, check.port or target.port)
        try:
            if check.path is None:
                async with asyncio.timeout(check.timeout_seconds):
                    (await self._pool.connector.connect(origin, _Silent)).close()
                return ""
            headers = ((b"user-agent", b"Gatehouse-HealthChecker"), (b"connection", b"close"))
            answer = await self._pool.request(
                origin, b"GET", check.path.encode(), headers, timeout=check.timeout_seconds
            )
        except TimeoutError:
            return f"It did not answer within {check.timeout_seconds} seconds."
        except (UpstreamError, OSError, ValueError) as error:
            return f"It cannot be reached: {error}"[:_LONGEST_FAULT]
        answer.close()
        return "" if 200 <= answer.status < 400 else f"It answered {answer.status}."


class _Silent(asyncio.Protocol):
    """A connection that says nothing."""

    _transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def close(self) -> None:
        with contextlib.suppress(OSError):
            if self._transport is not None:
                self._transport.close()
