"""Token buckets that all workers of all nodes share, leased from Valkey so that most requests ask nobody.

While Valkey does not answer in time each worker decides by itself. Where the limit is being reached, a worker goes on with what it has
admitted of late, from the refusal that told of it: everybody's parts together are the limit, however many there are and whoever has more of the traffic.
Far from the limit it has a part of the limit as large as its siblings'. When Valkey is back it is told what was granted meanwhile.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable
from weakref import WeakSet, WeakValueDictionary

from apps.core import limit_keys
from gateway_runtime.ports import Clock
from gateway_runtime.stores.lua import TAKE
from gateway_runtime.stores.memory import MemoryBucket
from gateway_runtime.stores.script_calls import ScriptCalls, StoreAway

LEASE_SECONDS = 0.1  # how long a lease serves, and how much of the rate all leases together hold
_LONGEST_REFUSAL = 0.02
_WINDOW = (
    0.5  # seconds over which a worker knows what it admits, and for which a refusal tells that the limit is reached
)
_REMEMBERED_MS = 1000  # how long Valkey keeps the place of a lease whose worker has died


class RedisBucket:
    """One worker's view of a shared bucket: the tokens it holds on lease, and until when."""

    __slots__ = (
        "__weakref__", "admitted", "burst", "counted_from", "empty_until", "key", "lease", "lease_until", "leased", "local", "name", "rate",
        "recently", "refused_at", "renewal", "term", "want",
    )  # fmt: skip

    def __init__(self, name: str, key: str, rate: float, burst: int) -> None:
        self.name = name
        self.key = key
        self.rate = rate
        self.burst = burst
        self.lease = 0
        self.lease_until = 0.0
        self.term = 0  # counts leases: a token put aside goes back only into the lease it came from
        self.renewal: asyncio.Future[None] | None = None  # done when the call that renews the lease is answered
        self.empty_until = 0.0  # Valkey has just refused: what comes before then is refused without asking
        self.want = 0
        self.local: MemoryBucket | None = None
        self.leased = 0  # the size of the lease when it began
        self.admitted = 0  # tokens that were used since `counted_from`
        self.counted_from = 0.0
        self.recently = 0.0  # tokens a second in the window before
        self.refused_at = -math.inf  # when Valkey last refused

    def count(self, admitted: int, now: float) -> None:
        """So many more were admitted, and what that is a second."""
        self.admitted += admitted
        passed = now - self.counted_from
        if passed >= _WINDOW:
            # A window that began long ago says nothing of late.
            self.recently = self.admitted / passed if passed < 4 * _WINDOW else 0.0
            self.admitted, self.counted_from = 0, now


class RedisBuckets:
    """Exact over everybody while Valkey answers; with `1/workers` of the limit in each worker while it does not."""

    def __init__(self, calls: ScriptCalls, clock: Clock, worker: str, workers: int) -> None:
        self._calls = calls
        self._clock = clock
        self._now = clock.monotonic
        self._worker = worker
        self._workers = workers
        self._known: WeakValueDictionary[str, RedisBucket] = WeakValueDictionary()
        self._leased: WeakSet[RedisBucket] = WeakSet()

    def bucket(self, name: str, scope: tuple[str, ...], rate: float, burst: int) -> RedisBucket:
        key = limit_keys.bucket(*scope)
        bucket = self._known.get(key)
        if bucket is None:
            bucket = self._known[key] = RedisBucket(name, key, rate, burst)
        elif (bucket.rate, bucket.burst) != (rate, burst):
            bucket.rate, bucket.burst = rate, burst
            if bucket.local is not None:
                bucket.local.change(rate, burst)
        return bucket

    def take(self, buckets: tuple[RedisBucket, ...]) -> RedisBucket | Awaitable[RedisBucket | None] | None:
        now = self._now()
        for bucket in buckets:
            if bucket.lease <= 0 or now >= bucket.lease_until:
                if now < bucket.empty_until:
                    return bucket
                return self._ask(buckets, now) if self._calls.available else self._take_locally(buckets)
        for bucket in buckets:
            bucket.lease -= 1
        return None

    def _take_locally(self, buckets: tuple[RedisBucket, ...]) -> RedisBucket | None:
        for bucket in buckets:
            if bucket.local is None:
                bucket.local = self._local(bucket)
            if not bucket.local.has_token():
                return bucket
        for bucket in buckets:
            if bucket.local is not None:
                bucket.local.take()
        return None

    def _local(self, bucket: RedisBucket) -> MemoryBucket:
        """What a worker has of a limit by itself, from now on."""
        now = self._now()
        is_reached = now - bucket.refused_at < 2 * _WINDOW
        share = float(self._workers)
        if is_reached and bucket.rate > 0:
            share = max(1.0, bucket.rate / bucket.recently) if bucket.recently else share
        local = MemoryBucket(bucket.name, bucket.rate, bucket.burst, self._clock, share)
        if is_reached:
            local.begin_empty(bucket.refused_at)
        return local

    async def _ask(self, buckets: tuple[RedisBucket, ...], now: float) -> RedisBucket | None:
        """One call for all buckets without a lease; the others' tokens are put aside until it is answered."""
        renewal = next((bucket.renewal for bucket in buckets if bucket.renewal is not None), None)
        if renewal is not None:
            await renewal
            now = self._now()
            if all(bucket.lease > 0 and now < bucket.lease_until for bucket in buckets):
                for bucket in buckets:
                    bucket.lease -= 1
                return None
        asked: list[RedisBucket] = []
        aside: list[tuple[RedisBucket, int]] = []
        for bucket in buckets:
            if bucket.lease > 0 and now < bucket.lease_until:
                bucket.lease -= 1
                aside.append((bucket, bucket.term))
            else:
                asked.append(bucket)
        renewing = [bucket for bucket in asked if bucket.renewal is None]
        try:
            answers = await self._call(asked, renewing, now, need=1)
        except StoreAway:
            return self._take_locally(buckets)
        refused = next((bucket for bucket, extra in zip(asked, answers, strict=True) if extra < 0), None)
        if refused is not None:
            for bucket, term in aside:
                if bucket.term == term:
                    bucket.lease += 1
        return refused

    async def _call(self, asked: list[RedisBucket], renewing: list[RedisBucket], now: float, need: int) -> list[int]:
        """Ask Valkey for a token of each bucket, and renew the leases of those in `renewing`."""
        arguments: list[object] = [self._worker, _REMEMBERED_MS, need]
        for bucket in asked:
            renews = bucket in renewing
            back = self._end_lease(bucket, now) if renews else 0
            if renews and bucket.local is not None:
                back -= bucket.local.missing()
            want = bucket.want if renews and need else 0
            arguments += [bucket.rate, bucket.burst, int(renews), back, want, 8 * self._workers]
        renewal: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for bucket in renewing:
            bucket.renewal = renewal
        try:
            answers: list[int] = await self._calls.call(TAKE, [bucket.key for bucket in asked], arguments)
        finally:
            for bucket in renewing:
                bucket.renewal = None
            renewal.set_result(None)
        admitted = need if all(extra >= 0 for extra in answers) else 0
        for bucket, extra in zip(asked, answers, strict=True):
            bucket.count(admitted, now)
            if bucket in renewing and bucket.local is not None:
                bucket.count(bucket.local.granted, now)
                bucket.local = None  # Valkey has been told
            if bucket in renewing and extra > 0:
                bucket.lease = bucket.leased = extra
                self._leased.add(bucket)
            elif extra < 0:
                bucket.refused_at = now
                bucket.empty_until = now + min(_LONGEST_REFUSAL, 0.5 / bucket.rate if bucket.rate > 0 else 1.0)
        return answers

    def _end_lease(self, bucket: RedisBucket, now: float) -> int:
        """The tokens to give back; how soon the lease was used up decides how many to want next."""
        left = max(0, bucket.lease)
        bucket.count(bucket.leased - left, now)
        bucket.leased = 0
        if now < bucket.lease_until:
            most = int(bucket.rate * LEASE_SECONDS / self._workers)
            bucket.want = min(most, max(1, 2 * bucket.want))
        elif left or now > bucket.lease_until + LEASE_SECONDS:
            bucket.want = max(0, bucket.want - left) if left else 0
        bucket.lease = 0
        bucket.lease_until = now + LEASE_SECONDS
        bucket.term += 1
        self._leased.discard(bucket)
        return left

    async def settle(self) -> None:
        """Give back what leases that have ended hold; called about as often as leases end."""
        now = self._now()
        ended = [bucket for bucket in self._leased if now >= bucket.lease_until and bucket.renewal is None]
        if ended and self._calls.available:
            try:
                await self._call(ended, ended, now, need=0)
            except StoreAway:
                return  # Valkey forgets the leases by itself

    async def close(self) -> None:
        """Give every lease back."""
        held = list(self._leased)
        if held and self._calls.available:
            try:
                await self._call(held, held, self._now(), need=0)
            except StoreAway:
                return
