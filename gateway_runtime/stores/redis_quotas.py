"""Quota counters that all workers of all nodes share, leased from Valkey in small parts."""

from __future__ import annotations

from collections import OrderedDict

from gateway_runtime.ports import Clock, Granted, QuotaPeriod
from gateway_runtime.stores.lua import GRANT
from gateway_runtime.stores.script_calls import ScriptCalls, StoreAway

_LEASE_SECONDS = 0.1
_LARGEST_LEASE = 1000
_COUNTERS = 100_000
_KEPT_MS = 24 * 3600 * 1000  # a counter outlives its period by a day, for whoever wants to look


class _Counter:
    """One worker's view of a counter. `known` is the value last seen; `owed` was granted while Valkey was away."""

    __slots__ = ("asking", "known", "lease", "lease_until", "owed", "period", "want")

    def __init__(self, period: QuotaPeriod) -> None:
        self.period = period
        self.lease = 0
        self.lease_until = 0.0
        self.known = 0
        self.owed = 0
        self.want = 0
        self.asking = False


class RedisQuotas:
    """Never grants more than the limit while Valkey answers; while it does not, each worker grants its part of what was left
    when last seen, and reports it afterwards."""

    def __init__(self, calls: ScriptCalls, clock: Clock, workers: int) -> None:
        self._calls = calls
        self._now = clock.monotonic
        self._workers = workers
        self._counters: OrderedDict[str, _Counter] = OrderedDict()
        self._open: set[_Counter] = set()  # hold a lease or owe something

    def grant(self, period: QuotaPeriod) -> Granted:
        counter = self._counters.get(period.key)
        if counter is None:
            counter = self._remember(period)
        if counter.lease > 0 and self._now() < counter.lease_until and counter.period is period:
            counter.lease -= 1
            return True
        counter.period = period
        return self._ask(counter) if self._calls.available else self._grant_locally(counter)

    def _remember(self, period: QuotaPeriod) -> _Counter:
        counter = self._counters[period.key] = _Counter(period)
        while len(self._counters) > _COUNTERS:
            _, oldest = self._counters.popitem(last=False)
            self._open.discard(oldest)
        return counter

    def _grant_locally(self, counter: _Counter) -> bool:
        if counter.known + counter.owed * self._workers >= counter.period.limit:
            return False
        counter.owed += 1
        self._open.add(counter)
        return True

    async def _ask(self, counter: _Counter) -> bool:
        try:
            return await self._call(counter, need=1)
        except StoreAway:
            return self._grant_locally(counter)

    async def _call(self, counter: _Counter, need: int) -> bool:
        now = self._now()
        renews = not counter.asking
        back = owed = want = 0
        if renews:
            back, counter.lease = counter.lease, 0
            if now < counter.lease_until:
                counter.want = min(_LARGEST_LEASE, max(1, 2 * counter.want))
            else:
                counter.want = max(0, counter.want - back) if back else 0
            counter.lease_until = now + _LEASE_SECONDS
            want = counter.want if need else 0
            owed, counter.owed = counter.owed, 0
            counter.asking = True
        period = counter.period
        arguments = [
            period.limit, need, want, 8 * self._workers, back, owed, counter.known, int(period.ends_at * 1000) + _KEPT_MS,
        ]  # fmt: skip
        try:
            extra, used = await self._calls.call(GRANT, [period.key], arguments)
        except StoreAway:
            counter.owed += owed
            raise
        finally:
            if renews:
                counter.asking = False
        counter.known = used
        if renews and extra > 0:
            counter.lease = extra
            self._open.add(counter)
        elif renews:
            self._open.discard(counter)
        return bool(extra >= 0)

    async def settle(self) -> None:
        """Give back what ended leases hold, and report what was granted without Valkey."""
        if not self._calls.available:
            return
        now = self._now()
        for counter in [found for found in self._open if now >= found.lease_until and not found.asking]:
            try:
                await self._call(counter, need=0)
            except StoreAway:
                return

    async def close(self) -> None:
        """Give every lease back."""
        for counter in self._open:
            counter.lease_until = 0.0
        await self.settle()
