"""What one run of a template may use: a runaway template ends in an error, not in a slow gateway."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from apps.core.vtl.errors import VtlLimitExceeded

LARGEST_TEMPLATE = 300 * 1024  # bytes, as on AWS
_BETWEEN_CLOCK_READINGS = 2_000  # steps


class Limits(NamedTuple):
    """`loop_turns` is AWS's limit for one `#foreach`. A step is about one node of the template or one element that is looked at;
    `characters` counts all text that is made on the way, `output` what is given out in the end."""

    loop_turns: int = 1_000
    steps: int = 1_000_000
    characters: int = 48_000_000
    output: int = 10_485_760
    seconds: float = 0.5


LIMITS = Limits()


class Budget:
    """What is left for one run. Every operation pays before or as it works."""

    __slots__ = ("_characters", "_check_at", "_clock", "_deadline", "limits", "shared", "steps")

    def __init__(self, limits: Limits = LIMITS, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self.steps = limits.steps
        self._check_at = limits.steps - _BETWEEN_CLOCK_READINGS
        self._characters = limits.characters
        self._clock = clock
        self._deadline = clock() + limits.seconds
        # Whether a container may hold another one twice, so that walking it may take longer than its size tells.
        self.shared = False

    def step(self, count: int = 1) -> None:
        """Pay for work."""
        self.steps -= count
        if self.steps < self._check_at:
            self._check()

    def text(self, length: int) -> None:
        """Pay for text that is made, and for looking through it."""
        self._characters -= length
        if self._characters < 0:
            raise VtlLimitExceeded("the template makes too much text")
        self.step(1 + (length >> 8))

    def _check(self) -> None:
        if self.steps < 0:
            raise VtlLimitExceeded(f"the template takes more than {self.limits.steps} steps")
        if self._clock() > self._deadline:
            raise VtlLimitExceeded(f"the template runs for more than {self.limits.seconds} seconds")
        self._check_at = self.steps - _BETWEEN_CLOCK_READINGS
