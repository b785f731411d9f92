"""Which requests of a method are watched, and the variant of its walk that is taken for them.

A request that nobody watches takes the plain steps and pays one comparison for it. The others take the same steps, each with
the moments of its beginning and end.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from gateway_runtime.exchange import Exchange, Timing
from gateway_runtime.observation.sampling import Sample

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import Step

NamedStep = tuple[str, "Step"]


class Seen(NamedTuple):
    """What a stage has set for a method: `level` is OFF, ERROR or INFO; `data_trace` logs requests and answers in full.

    `traced` says that the stage traces its requests, `timed` that something of it needs the phases' times of every request.
    `endpoint` is where the integration's requests go, without path: for people.
    """

    level: str = "OFF"
    data_trace: bool = False
    traced: bool = False
    timed: bool = False
    endpoint: str = ""


class Watch:
    """One method's. A request that begins at `due` (monotonic seconds) or after it is watched: it takes the timed `steps`.

    `names` are the phases behind the method's `plain` steps. Where `asks` is given, each request is asked whether it wants to be
    watched by itself.
    """

    __slots__ = ("_always", "_asks", "_plain", "_sample", "_steps", "due", "names", "seen")

    def __init__(
        self,
        names: tuple[str, ...],
        plain: tuple[Step, ...],
        steps: tuple[Step, ...],
        seen: Seen,
        per_second: float,
        asks: Callable[[Exchange], bool] | None = None,
    ) -> None:
        self.names = names
        self.seen = seen
        self._plain = plain
        self._steps = steps
        self._asks = asks
        self._sample = Sample(per_second)
        self._always = seen.level != "OFF" or seen.traced or seen.timed
        self.due = -math.inf if self._always or asks is not None else self._sample.due

    def begin(self, exchange: Exchange) -> tuple[Step, ...]:
        """The steps for a request that is watched, or that has to be asked."""
        if (
            self._asks is not None
            and not self._always
            and exchange.started < self._sample.due
            and not self._asks(exchange)
        ):
            return self._plain
        exchange.watched = True
        exchange.timings = []
        exchange.sampled = self._sample.take(exchange.started)
        if not self._always and self._asks is None:
            self.due = self._sample.due
        return self._steps


def timed(named: list[NamedStep], monotonic: Callable[[], float], *, data_trace: bool) -> list[NamedStep]:
    """The same steps, which put their times into `exchange.timings`."""
    return [
        (name, _timed(name, _with_bodies(step) if data_trace and name == "integrate" else step, monotonic))
        for name, step in named
    ]


def _timed(name: str, step: Step, monotonic: Callable[[], float]) -> Step:
    def run(exchange: Exchange) -> Awaitable[None] | None:
        notes: list[str] = []
        exchange.notes = notes
        began = monotonic()
        waiting = None
        try:
            waiting = step(exchange)
        finally:
            if waiting is None:
                exchange.timings.append(Timing(name, began, monotonic(), notes))
        return None if waiting is None else finish(exchange, waiting, began, notes)

    async def finish(exchange: Exchange, waiting: Awaitable[None], began: float, notes: list[str]) -> None:
        try:
            await waiting
        finally:
            exchange.timings.append(Timing(name, began, monotonic(), notes))

    return run


def _with_bodies(step: Step) -> Step:
    """The call of the back end, with bodies read whole in both directions: data tracing shows them."""

    async def run(exchange: Exchange) -> None:
        body = exchange.out_body
        if not isinstance(body, bytes):
            exchange.out_body = await body.read()
        waiting = step(exchange)
        if waiting is not None:
            await waiting
        upstream = exchange.upstream
        if upstream is not None and not upstream.head_only:
            exchange.received = received = await upstream.read()
            upstream.store(received)  # back for the phases that answer with it

    return run
