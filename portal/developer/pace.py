"""How often one visitor may use try-it: a small bucket each, kept in the web process."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from django.http import HttpRequest

_MOST_VISITORS = 10_000


class Pace:
    """Token buckets by visitor: `rate` calls a second, `burst` at once. The least recent visitors are forgotten first."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, float(burst), clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_for(self, visitor: str) -> int:
        """0 and one call taken, or the whole seconds until the next one is there."""
        with self._lock:
            now = self._clock()
            tokens, at = self._buckets.pop(visitor, (self._burst, now))
            tokens = min(self._burst, tokens + (now - at) * self._rate)
            allowed = tokens >= 1
            self._buckets[visitor] = (tokens - 1 if allowed else tokens, now)
            while len(self._buckets) > _MOST_VISITORS:
                self._buckets.popitem(last=False)
        return 0 if allowed else math.ceil((1 - tokens) / self._rate)

    def forget_everybody(self) -> None:
        """Start anew, as a restart does."""
        with self._lock:
            self._buckets.clear()


def visitor(request: HttpRequest) -> str:
    """Who is asking: the person, or the address of a stranger."""
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return f"address:{request.META.get('REMOTE_ADDR', '')}"


PACE = Pace(rate=3, burst=6)
"""For all that the portal asks the gateway for its visitors."""
