"""Invocations as events: answered before they run, tried three times, kept in memory and in no greater number than fits."""

from __future__ import annotations

import asyncio
import logging
import uuid

from gateway_runtime.ending import end
from gateway_runtime.functions.errors import FunctionThrottled, InvocationFailed
from gateway_runtime.functions.host import FunctionHost, Wanted
from gateway_runtime.functions.limits import FunctionLimits

logger = logging.getLogger("gateway_runtime.functions")


class Events:
    """A queue and its workers. What waits is lost with the host; AWS promises more, and tells to be ready for less."""

    def __init__(self, host: FunctionHost, limits: FunctionLimits) -> None:
        self._host = host
        self._limits = limits
        self._queue: asyncio.Queue[tuple[Wanted, str]] = asyncio.Queue(limits.event_queue)
        self._pausing = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        for _ in range(self._limits.events_at_once):
            self._spawn(self._work())

    def put(self, wanted: Wanted) -> str:
        """Take an event that the host has admitted; its request id. Raises `FunctionThrottled` when no more fit."""
        request_id = str(uuid.uuid4())
        if self._queue.qsize() + self._pausing >= self._limits.event_queue:
            raise FunctionThrottled("too many events wait")
        self._queue.put_nowait((wanted, request_id))
        return request_id

    async def _work(self) -> None:
        while True:
            wanted, request_id = await self._queue.get()
            if not await self._attempt(wanted, request_id):
                self._spawn(self._try_again(wanted, request_id))

    async def _try_again(self, wanted: Wanted, request_id: str) -> None:
        self._pausing += 1
        try:
            for pause in self._limits.retry_pauses:
                await asyncio.sleep(pause)
                if await self._attempt(wanted, request_id):
                    return
            logger.error("event %s for %s is given up", request_id, wanted.name.qualified_arn)
        finally:
            self._pausing -= 1

    async def _attempt(self, wanted: Wanted, request_id: str) -> bool:
        """Whether the event is done with."""
        try:
            ran = await self._host.run(wanted, request_id)
        except InvocationFailed as error:
            logger.warning("event %s for %s: %s", request_id, wanted.name.qualified_arn, error)
            return False
        return ran.answer.error is None

    def _spawn(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        await end(self._tasks)
