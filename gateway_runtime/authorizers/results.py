"""What authorizers have decided, remembered for as long as they allow."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

from gateway_runtime.authorizers.grant import Grant
from gateway_runtime.errors import GatewayError
from gateway_runtime.limits import AUTHORIZERS, AuthorizerLimits
from gateway_runtime.ports import Clock


class AuthorizerResults:
    """One per process; it outlives the configuration, whose parts are in the keys. Those used longest ago go first."""

    def __init__(self, clock: Clock, limits: AuthorizerLimits = AUTHORIZERS) -> None:
        self._now = clock.monotonic
        self._limits = limits
        self._known: OrderedDict[bytes, tuple[float, Grant]] = OrderedDict()
        self._bytes = 0
        self._asking: dict[bytes, asyncio.Task[Grant]] = {}

    def find(self, key: bytes) -> Grant | None:
        """What is remembered, unless its time is over."""
        known = self._known.get(key)
        if known is None:
            return None
        if known[0] <= self._now():
            self._forget(key)
            return None
        self._known.move_to_end(key)
        return known[1]

    async def obtain(self, key: bytes, seconds: float, ask: Callable[[], Coroutine[Any, Any, Grant]]) -> Grant:
        """Ask, and remember the answer for `seconds`; who asks for the same meanwhile waits for the one answer.

        Failures are everybody's who waits, and not remembered. A caller who leaves does not end it for the others.
        """
        asking = self._asking.get(key)
        if asking is None:
            if len(self._asking) >= self._limits.asking:
                raise GatewayError("AUTHORIZER_FAILURE", detail="too many functions are being asked")
            asking = self._asking[key] = asyncio.get_running_loop().create_task(ask())
            asking.add_done_callback(lambda task: self._answered(key, seconds, task))
        return await asyncio.shield(asking)

    def _answered(self, key: bytes, seconds: float, task: asyncio.Task[Grant]) -> None:
        self._asking.pop(key, None)
        if task.cancelled() or task.exception() is not None:
            return  # whoever waits has it
        self._remember(key, seconds, task.result())

    def _remember(self, key: bytes, seconds: float, grant: Grant) -> None:
        self._forget(key)
        self._known[key] = (self._now() + seconds, grant)
        self._bytes += grant.size
        while len(self._known) > self._limits.results or self._bytes > self._limits.results_bytes:
            self._forget(next(iter(self._known)))

    def _forget(self, key: bytes) -> None:
        known = self._known.pop(key, None)
        if known is not None:
            self._bytes -= known[1].size
