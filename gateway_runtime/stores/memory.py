"""Token buckets and quota counters of one process: for tests, single workers, and for as long as Redis is away."""

from __future__ import annotations

from collections import OrderedDict
from weakref import WeakValueDictionary

from gateway_runtime.ports import Clock, QuotaPeriod

_COUNTERS = 100_000


class MemoryBucket:
    """Starts full. `share` divides rate and burst among processes that cannot speak to each other; `granted` are the tokens taken."""

    __slots__ = ("__weakref__", "_at", "_clock", "_share", "_tokens", "burst", "granted", "name", "rate")

    def __init__(self, name: str, rate: float, burst: int, clock: Clock, share: float = 1) -> None:
        self.name = name
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._share = share
        self._tokens = self._capacity()
        self._at = clock.monotonic()
        self.granted = 0

    def _capacity(self) -> float:
        """At least one token, or else a small burst would refuse everything when it is divided."""
        return max(self.burst / self._share, 1.0) if self.burst > 0 else 0.0

    def change(self, rate: float, burst: int) -> None:
        """Continue under other limits."""
        self._refill()
        self.rate, self.burst = rate, burst
        self._tokens = min(self._tokens, self._capacity())

    def _refill(self) -> None:
        now = self._clock.monotonic()
        passed = max(0.0, now - self._at)
        self._at = now
        self._tokens = min(self._capacity(), self._tokens + passed * self.rate / self._share)

    def begin_empty(self, since: float) -> None:
        """Begin with what has come since it had no token (monotonic seconds)."""
        self._tokens, self._at = 0.0, since
        self._refill()

    def missing(self) -> int:
        """The tokens that it has granted and that time has not brought back."""
        self._refill()
        return min(self.granted, max(0, round(self._capacity() - self._tokens)))

    def has_token(self) -> bool:
        # A sliver of tolerance: ten refills of a tenth are one token.
        if self._tokens < 1.0:
            self._refill()
        return self._tokens >= 1.0 - 1e-9

    def take(self) -> None:
        """Take the token that `has_token` saw."""
        self._refill()
        self._tokens -= 1.0
        self.granted += 1


class MemoryBuckets:
    """Buckets live as long as something that is compiled refers to them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: WeakValueDictionary[tuple[str, ...], MemoryBucket] = WeakValueDictionary()

    def bucket(self, name: str, scope: tuple[str, ...], rate: float, burst: int) -> MemoryBucket:
        bucket = self._known.get(scope)
        if bucket is None:
            bucket = self._known[scope] = MemoryBucket(name, rate, burst, self._clock)
        elif (bucket.rate, bucket.burst) != (rate, burst):
            bucket.change(rate, burst)
        return bucket

    def take(self, buckets: tuple[MemoryBucket, ...]) -> MemoryBucket | None:
        for bucket in buckets:
            if not bucket.has_token():
                return bucket
        for bucket in buckets:
            bucket.take()
        return None


class MemoryQuotas:
    """Counters by key, the least recently used forgotten beyond a bound."""

    def __init__(self) -> None:
        self._used: OrderedDict[str, int] = OrderedDict()

    def grant(self, period: QuotaPeriod) -> bool:
        used = self._used.get(period.key, 0)
        if used >= period.limit:
            return False
        self._used[period.key] = used + 1
        self._used.move_to_end(period.key)
        if len(self._used) > _COUNTERS:
            self._used.popitem(last=False)
        return True
