"""The runtimes of all functions on this host: started when they are needed, kept while they may be needed again."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from apps.core.function_documents import FunctionVersion
from apps.core.function_names import FunctionName
from gateway_runtime.ending import end
from gateway_runtime.functions.code import BadCode
from gateway_runtime.functions.commands import CannotRun
from gateway_runtime.functions.errors import FunctionThrottled
from gateway_runtime.functions.invocation import Invocation
from gateway_runtime.functions.limits import FunctionLimits
from gateway_runtime.functions.runtime import Owner, Runtime

logger = logging.getLogger("gateway_runtime.functions")

_SWEEP_SECONDS = 0.1


class PoolKey(NamedTuple):
    """What all runtimes of a pool have in common; `edition` tells states of a folder apart that changes in place."""

    function: FunctionName
    version: FunctionVersion
    edition: str = ""


Start = Callable[[PoolKey, Owner], Awaitable[Runtime]]


class Pool:
    """The runtimes of one version, and the invocations that wait for one."""

    def __init__(self, pools: Pools, key: PoolKey) -> None:
        self._pools = pools
        self.key = key
        self.idle: list[Runtime] = []
        self.runtimes: set[Runtime] = set()
        self.starting = 0
        self.waiting: deque[Invocation] = deque()
        self.retired = False

    @property
    def size(self) -> int:
        return len(self.runtimes) + self.starting

    @property
    def coming(self) -> int:
        """Runtimes that have not asked for an event yet."""
        return self.starting + sum(not runtime.started for runtime in self.runtimes)

    def submit(self, invocation: Invocation) -> None:
        """Run an invocation now, or as soon as a runtime is free. Raises `FunctionThrottled` when too many wait."""
        if self.idle:
            self.idle.pop().assign(invocation)
            return
        if len(self.waiting) >= self._pools.limits.waiting_per_function:
            raise FunctionThrottled(f"too many invocations of {self.key.function.arn} wait")
        self.waiting.append(invocation)
        self._pools.grow(self)

    def withdraw(self, invocation: Invocation) -> None:
        """Whoever asked has gone; one that runs already runs to its end."""
        if invocation in self.waiting:
            self.waiting.remove(invocation)

    def retire(self) -> None:
        """The version is no more: what runs may end, nothing is kept."""
        self.retired = True
        self.stop_idle()

    def stop_idle(self, before: float = float("inf")) -> None:
        for runtime in [each for each in self.idle if each.idle_since < before]:
            self.idle.remove(runtime)
            runtime.stop()

    # The runtimes' owner
    def ready(self, runtime: Runtime) -> None:
        while self.waiting:
            invocation = self.waiting.popleft()
            if not invocation.answer.done():
                runtime.assign(invocation)
                return
        if self.retired or self._pools.is_short(self):
            runtime.stop()
        else:
            self.idle.append(runtime)

    def gone(self, runtime: Runtime) -> None:
        self.runtimes.discard(runtime)
        if runtime in self.idle:
            self.idle.remove(runtime)
        if not runtime.started:
            while self.waiting:
                invocation = self.waiting.popleft()
                invocation.log_tail = runtime.tail
                invocation.end(*runtime.init_error(invocation.request_id))
        self._pools.place_free(self)

    async def start_one(self, start: Start) -> None:
        try:
            runtime = await start(self.key, self)
        except (BadCode, CannotRun, OSError, ValueError) as error:
            logger.error("%s does not start: %s", self.key.function.arn, error)
            self.starting -= 1
            while self.waiting:
                self.waiting.popleft().fail("Runtime.InvalidEntrypoint", f"{error}")
            self._pools.place_free(self)
        else:
            self.starting -= 1
            if not runtime.is_gone:
                self.runtimes.add(runtime)


class Pools:
    """All pools. `start` starts one runtime; it raises OSError, ValueError, `BadCode` or `CannotRun`."""

    def __init__(self, limits: FunctionLimits, start: Start) -> None:
        self.limits = limits
        self._start = start
        self._pools: dict[PoolKey, Pool] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._sweeping: asyncio.TimerHandle | None = None

    def pool(self, key: PoolKey) -> Pool:
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = Pool(self, key)
            if self._sweeping is None:
                self._sweeping = self._loop.call_later(_SWEEP_SECONDS, self._sweep)
        return pool

    def has(self, key: PoolKey) -> bool:
        return key in self._pools

    def retain(self, wanted: Callable[[PoolKey], bool]) -> None:
        """Retire the pools of versions that are no more."""
        for key, pool in list(self._pools.items()):
            if not pool.retired and not wanted(key):
                pool.retire()
                self._forget_if_unused(pool)

    @property
    def size(self) -> int:
        return sum(pool.size for pool in self._pools.values())

    def grow(self, pool: Pool) -> None:
        """Start runtimes for the invocations that wait in a pool, as far as its limit and the host's allow."""
        while len(pool.waiting) > pool.coming and pool.size < self.limits.processes_per_function:
            if self.size >= self.limits.processes and not self._make_room():
                return
            pool.starting += 1
            task = self._loop.create_task(pool.start_one(self._start))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def is_short(self, keeping: Pool) -> bool:
        """Whether another pool waits for the place that an idle runtime would take."""
        return self.size >= self.limits.processes and any(
            pool.waiting and pool is not keeping and pool.size < self.limits.processes_per_function
            for pool in self._pools.values()
        )

    def place_free(self, by: Pool) -> None:
        """A runtime is gone: others may grow."""
        for pool in list(self._pools.values()):
            if pool.waiting:
                self.grow(pool)
        self._forget_if_unused(by)

    def _make_room(self) -> bool:
        """End the runtime that has been idle for longest; false when none is idle."""
        idle = [(pool.idle[0].idle_since, pool) for pool in self._pools.values() if pool.idle]
        if not idle:
            return False
        _, pool = min(idle, key=lambda found: found[0])
        runtime = pool.idle.pop(0)
        pool.runtimes.discard(runtime)
        runtime.stop()
        return True

    def _forget_if_unused(self, pool: Pool) -> None:
        if not pool.size and not pool.waiting and self._pools.get(pool.key) is pool:
            del self._pools[pool.key]

    def _sweep(self) -> None:
        before = self._loop.time() - self.limits.idle_seconds
        for pool in list(self._pools.values()):
            pool.stop_idle(before)
            for runtime in pool.runtimes:
                runtime.check_memory()
        self._sweeping = self._loop.call_later(_SWEEP_SECONDS, self._sweep) if self._pools else None

    async def close(self) -> None:
        """End every runtime."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        await end(self._tasks)
        runtimes = [runtime for pool in self._pools.values() for runtime in pool.runtimes]
        for runtime in runtimes:
            runtime.stop()
        await asyncio.gather(*(runtime.exited.wait() for runtime in runtimes))
