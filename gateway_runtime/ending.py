"""How tasks end: cancelled until they are over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

_PATIENCE = 0.2  # seconds


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait for their ends; what they raise is nobody's any more.

    One cancellation may get lost where a deadline passes at the same moment, or where a library takes it for a lost connection: a
    task that goes on is told again.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        ended, left = await asyncio.wait(left, timeout=_PATIENCE)
        for task in ended:
            if not task.cancelled():
                task.exception()
