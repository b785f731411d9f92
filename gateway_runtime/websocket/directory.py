"""Where connections are: those of this process at hand, those of others through the channel layer.

A connection's id names its process, so that no directory has to be kept. A process that died answers nobody, and its connections
died with it: who waits in vain learns that the connection is gone.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any, Protocol

from redis.exceptions import RedisError

from apps.core.socket_channels import EVERYBODY, LARGEST_LIST
from gateway_runtime.ending import end
from gateway_runtime.limits import SOCKETS
from gateway_runtime.websocket.connection import (
    Connection,
    ConnectionInfo,
    GoneAway,
    TooMuchWaits,
    new_connection_id,
    new_worker_id,
    worker_of,
)

logger = logging.getLogger("gateway_runtime.websocket")

Place = tuple[str, str]


class ChannelLayer(Protocol):
    """What Channels' layers do (https://channels.readthedocs.io): send a message to one channel, wait for one."""

    async def send(self, channel: str, message: dict[str, Any]) -> None: ...

    async def receive(self, channel: str) -> dict[str, Any]: ...

    async def new_channel(self) -> str: ...

    async def group_add(self, group: str, channel: str) -> None: ...


class OutOfReach(Exception):
    """The process that has the connection cannot be asked now: Redis is away."""


class Connections:
    """All connections of the data plane, as one process sees them. Without a layer it is alone with its own."""

    def __init__(self, make_layer: Callable[[], ChannelLayer] | None = None) -> None:
        self._worker = new_worker_id()
        self._make_layer = make_layer
        self._layer = None if make_layer is None else make_layer()
        self._own: dict[str, Connection] = {}
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._own)

    # Those of this process
    def new_id(self) -> str:
        return new_connection_id(self._worker)

    def add(self, connection: Connection) -> None:
        self._own[connection.id] = connection
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SOCKETS.sweep_seconds, self._tick)

    def remove(self, connection: Connection) -> None:
        self._own.pop(connection.id, None)

    def sweep(self) -> None:
        """End those that were silent, or open, for too long."""
        for connection in tuple(self._own.values()):
            connection.check_deadline()

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(SOCKETS.sweep_seconds, self._tick) if self._own else None
        self.sweep()

    # Those of all
    async def post(self, place: Place, connection_id: str, data: bytes) -> None:
        """Send a message on a connection of an API's stage. Raises GoneAway, TooMuchWaits or OutOfReach."""
        own = self._find(place, connection_id)
        if own is not None:
            await own.post(data)
        else:
            await self._ask("post", place, connection_id, data)

    async def info(self, place: Place, connection_id: str) -> ConnectionInfo:
        """What is known of a connection. Raises GoneAway or OutOfReach."""
        own = self._find(place, connection_id)
        if own is not None:
            return own.info()
        answer = await self._ask("info", place, connection_id)
        return ConnectionInfo(*answer["info"])

    async def disconnect(self, place: Place, connection_id: str) -> None:
        """Close a connection. Raises GoneAway or OutOfReach."""
        own = self._find(place, connection_id)
        if own is not None:
            own.close(1000, "Connection closed by the API")
        else:
            await self._ask("disconnect", place, connection_id)

    def _find(self, place: Place, connection_id: str) -> Connection | None:
        found = self._own.get(connection_id)
        if found is None and worker_of(connection_id) in (None, self._worker):
            raise GoneAway
        if found is not None and found.place != place:
            raise GoneAway  # another API's connections are nobody's business
        return found

    async def _ask(self, action: str, place: Place, connection_id: str, data: bytes = b"") -> dict[str, Any]:
        worker = worker_of(connection_id)
        if self._layer is None or worker is None:
            raise GoneAway
        number = next(self._numbers)
        self._asked[number] = asked = asyncio.get_running_loop().create_future()
        message = {
            "type": "gatehouse.ask", "number": number, "from": self._worker.hex(), "action": action,
            "place": list(place), "connection": connection_id, "data": data,
        }  # fmt: skip
        try:
            async with asyncio.timeout(SOCKETS.elsewhere_seconds):
                await self._layer.send(_channel(worker), message)
                answer = await asked
        except TimeoutError:
            raise GoneAway from None
        except (RedisError, OSError) as error:
            raise OutOfReach(str(error)) from None
        finally:
            del self._asked[number]
        failure = _FAILURES.get(answer["outcome"])
        if failure is not None:
            raise failure()
        return answer

    # What other processes ask
    async def run(self) -> None:
        """Do what others ask, for ever, through every loss of Redis."""
        if self._layer is None or self._make_layer is None:
            return
        self._begin(self._hear_everybody(self._make_layer))
        channel = _channel(self._worker)
        while True:
            try:
                message = await self._layer.receive(channel)
            except (RedisError, OSError) as error:
                logger.warning("other processes cannot be heard: %s", error)
                await asyncio.sleep(1)
                self._layer = self._make_layer()  # one that failed to subscribe does not try again
            else:
                self._take(message)

    async def _hear_everybody(self, make_layer: Callable[[], ChannelLayer]) -> None:
        """Listen to what all processes are asked, likewise for ever."""
        while True:
            layer = make_layer()
            try:
                channel = await layer.new_channel()
                await layer.group_add(EVERYBODY, channel)
                while True:
                    self._take(await layer.receive(channel))
            except (RedisError, OSError) as error:
                logger.warning("what everybody is asked cannot be heard: %s", error)
                await asyncio.sleep(1)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "gatehouse.answer":
            asked = self._asked.get(message["number"])
            if asked is not None and not asked.done():
                asked.set_result(message)
        elif len(self._tasks) < SOCKETS.elsewhere_at_once:  # who is not answered takes the connection for gone
            if message["type"] == "gatehouse.list":
                self._begin(self._tell(message["reply"], self._listed(message)))
            else:
                self._begin(self._do(message))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _listed(self, message: dict[str, Any]) -> dict[str, Any]:
        """The first connections of a stage by id, after one of them."""
        place, after = tuple(message["place"]), message["after"]
        limit = min(message["limit"], LARGEST_LIST)
        own = [connection for connection in self._own.values() if connection.place == place]
        later = [connection for connection in own if connection.id > after]
        shown = heapq.nsmallest(limit, later, key=lambda connection: connection.id)
        rows = [[connection.id, *connection.info()] for connection in shown]
        return {"type": "gatehouse.listed", "total": len(own), "has_more": len(later) > limit, "connections": rows}

    async def _do(self, message: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"type": "gatehouse.answer", "number": message["number"], "outcome": "done"}
        place = (message["place"][0], message["place"][1])
        try:
            connection = self._find(place, message["connection"])
            if connection is None:
                raise GoneAway
            if message["action"] == "post":
                await connection.post(message["data"])
            elif message["action"] == "info":
                answer["info"] = list(connection.info())
            else:
                connection.close(1000, "Connection closed by the API")
        except GoneAway:
            answer["outcome"] = "gone"
        except TooMuchWaits:
            answer["outcome"] = "busy"
        await self._tell(f"gatehouse.{message['from']}", answer)

    async def _tell(self, channel: str, answer: dict[str, Any]) -> None:
        assert self._layer is not None
        try:
            await self._layer.send(channel, answer)
        except (RedisError, OSError) as error:
            logger.warning("another process is not answered: %s", error)

    async def aclose(self) -> None:
        await end(self._tasks)


def _channel(worker: bytes) -> str:
    return f"gatehouse.{worker.hex()}"


_FAILURES: dict[str, Callable[[], Exception]] = {"gone": GoneAway, "busy": TooMuchWaits}
