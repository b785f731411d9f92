"""The fast lane: requests walk past ASGI, in the very reads that bring what they wait for.

A request by ASGI is a task with a stack of coroutines, which costs about as much as its phases. Most walks wait for nothing but the
back end: in the lane their steps are plain calls, and the arrival of the answer calls the rest. A step that waits for anything else (a
body, a store, an authorizer, a connection that is still to open) goes on in a task, with the same steps behind it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from typing import TYPE_CHECKING, Any

from gateway_runtime.edge.request_task import Resumable
from gateway_runtime.edge.turn import Turn
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.sent import Sent

if TYPE_CHECKING:
    import asyncio

    from gateway_runtime.gateway import Gateway
    from gateway_runtime.snapshot.stage import Step


class Lane:
    """Takes the edge's turns in place of an ASGI application."""

    def __init__(self, gateway: Gateway, loop: asyncio.AbstractEventLoop) -> None:
        self.gateway = gateway
        self.loop = loop

    def __call__(self, turn: Turn, tasks: set[Any]) -> None:
        """Begin the answer to a request. `tasks` are the server's, who waits for their end when it drains."""
        walk = Walk(self, turn, tasks)
        walk.steps = iter(self.gateway.begin(walk))
        walk.go_on()


class Walk(Exchange, Resumable):
    """A request that takes its steps by itself. While its back end works it is among the server's tasks."""

    __slots__ = ("_lane", "_sent", "_step", "_tasks", "steps")
    steps: Iterator[Step]
    turn: Turn

    def __init__(self, lane: Lane, turn: Turn, tasks: set[Any]) -> None:
        super().__init__(None, None, None, turn)
        self._lane = lane
        self._tasks = tasks
        self._sent: Sent | None = None
        self._step: Step | None = None

    def go_on(self) -> None:
        """Take steps up to the first that waits, else up to the end."""
        step = self._step
        try:
            for step in self.steps:
                waiting = step(self)
                if waiting is not None:
                    self._step = step
                    if type(waiting) is Sent:
                        self._sent = waiting
                        self._tasks.add(self)
                        waiting.response.tell(self)
                    else:
                        self._in_task(waiting)
                    return
        except Exception as problem:
            self._lane.gateway.stopped(self, problem)
        self._close(step)

    def resume(self) -> None:
        """The back end's head is here, or the call has failed; sometimes neither."""
        sent = self._sent
        if sent is None:
            return
        response = sent.response
        if not response.status and response.error is None:
            response.tell(self)
            return
        self._sent = None
        self._tasks.discard(self)
        try:
            waiting = sent.settle(response, self)
        except Exception as problem:
            self._lane.gateway.stopped(self, problem)
            self._close(self._step)
            return
        if waiting is None:
            self.go_on()
        else:
            self._in_task(waiting)

    def wake(self) -> None:
        self._lane.loop.call_soon(self.resume)

    def cancel(self, msg: object = None) -> None:
        """As tasks have it: the server is out of patience."""
        self.turn.cut()

    def _in_task(self, waiting: Awaitable[None]) -> None:
        self.turn.go_on(self._lane.gateway.walk, self, self.steps, self._step, waiting)

    def _close(self, step: Step | None) -> None:
        self.stopped_by = step
        turn = self.turn
        waiting = self._lane.gateway.close(self)
        if waiting is not None or not (turn.response_complete or turn.disconnected):
            turn.go_on(_wait, waiting)


async def _wait(waiting: Awaitable[None] | None) -> None:
    if waiting is not None:
        await waiting
