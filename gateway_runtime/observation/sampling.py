"""Which requests of many are looked at: so many a second, or those and a share of the others."""

from __future__ import annotations

import math
from collections.abc import Callable


class Sample:
    """So many of the things that happen in a second, the first `at_once` of a burst among them. Times are monotonic seconds."""

    __slots__ = ("_interval", "_window", "due")

    def __init__(self, per_second: float, at_once: int = 20) -> None:
        self._interval = 1 / per_second if per_second > 0 else math.inf
        self._window = self._interval * (at_once - 1)
        self.due = -math.inf if per_second > 0 else math.inf

    def take(self, now: float) -> bool:
        """Whether what happens now belongs to it."""
        if now < self.due:
            return False
        self.due = max(now - self._window, self.due) + self._interval
        return True


class TraceSampler:
    """X-Ray's rule: the first requests of each second are traced, and a share (0 to 1) of the others."""

    def __init__(self, per_second: float, share: float, chance: Callable[[], float]) -> None:
        self._sample = Sample(per_second, at_once=1)
        self._share = share
        self._chance = chance

    def take(self, now: float) -> bool:
        return self._sample.take(now) or self._chance() < self._share
