"""One coarse timer for all deadlines of a worker, instead of a timer per request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol


class Timed(Protocol):
    """What the sweep looks after: it is told the loop's time and ends itself when it is late."""

    def check_deadline(self, now: float) -> None: ...


class Sweep:
    """Calls `check_deadline` of every member each `interval` seconds while it has members."""

    def __init__(self, loop: asyncio.AbstractEventLoop, interval: float) -> None:
        self._loop = loop
        self._interval = interval
        self._members: set[Timed] = set()
        self.discard: Callable[[Timed], None] = self._members.discard
        self._timer: asyncio.TimerHandle | None = None

    def add(self, member: Timed) -> None:
        self._members.add(member)
        if self._timer is None:
            self._timer = self._loop.call_later(self._interval, self._tick)

    def __len__(self) -> int:
        return len(self._members)

    def _tick(self) -> None:
        self._timer = self._loop.call_later(self._interval, self._tick) if self._members else None
        now = self._loop.time()
        for member in tuple(self._members):
            member.check_deadline(now)
