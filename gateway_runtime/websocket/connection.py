"""One WebSocket of this process: what is known of it, what is sent on it, and when it has to end."""

from __future__ import annotations

import asyncio
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from gateway_runtime.limits import SOCKETS

if TYPE_CHECKING:
    from gateway_runtime.ports import Clock

Send = Callable[[dict[str, object]], Awaitable[None]]

_WORKER_BYTES = 4
_OWN_BYTES = 7


class ConnectionInfo(NamedTuple):
    """What GetConnection tells; times are seconds since the epoch."""

    connected_at: float
    last_active_at: float
    source_ip: str
    user_agent: str


class GoneAway(Exception):
    """The connection is closed, or closing: nobody reads what would be sent."""


class TooMuchWaits(Exception):
    """The client reads slower than messages come for it."""


def new_worker_id() -> bytes:
    """A process's part of the ids of its connections."""
    return os.urandom(_WORKER_BYTES)


def new_connection_id(worker: bytes) -> str:
    """An id as AWS makes them, 16 characters of base64; it tells which process has the connection."""
    return urlsafe_b64encode(worker + os.urandom(_OWN_BYTES)).decode()


def worker_of(connection_id: str) -> bytes | None:
    """The process that an id names; None for a text that is no id."""
    try:
        raw = urlsafe_b64decode(connection_id.encode("ascii"))
    except (Error, ValueError):
        return None
    return raw[:_WORKER_BYTES] if len(raw) == _WORKER_BYTES + _OWN_BYTES else None


class Connection:
    """`place` is the API and stage it was opened at. `check_deadline` is called for all of them every second."""

    __slots__ = ("_clock", "_closed", "_lock", "_send", "_waiting", "connected_at", "id", "idle_since", "last_active_at",
                 "on_close", "opened", "place", "source_ip", "user_agent")  # fmt: skip

    def __init__(
        self, connection_id: str, place: tuple[str, str], source_ip: str, user_agent: str, send: Send, clock: Clock
    ) -> None:
        self.id = connection_id
        self.place = place
        self.source_ip = source_ip
        self.user_agent = user_agent
        self.connected_at = self.last_active_at = clock.time()
        self.opened = self.idle_since = clock.monotonic()
        self.on_close: Callable[[int, str], None] | None = None
        self._clock = clock
        self._send = send
        self._lock: asyncio.Lock | None = None
        self._waiting = 0
        self._closed = False

    def info(self) -> ConnectionInfo:
        return ConnectionInfo(self.connected_at, self.last_active_at, self.source_ip, self.user_agent)

    def touch(self) -> None:
        """A message went in one of the directions."""
        self.last_active_at = self._clock.time()
        self.idle_since = self._clock.monotonic()

    async def post(self, data: bytes) -> None:
        """Send a message: text where it is UTF-8, binary otherwise. Raises GoneAway, or TooMuchWaits for a client that does not read."""
        if self._closed:
            raise GoneAway
        if self._waiting >= SOCKETS.waiting_messages:
            raise TooMuchWaits
        self._waiting += 1
        try:
            if self._lock is None:
                self._lock = asyncio.Lock()
            async with self._lock, asyncio.timeout(SOCKETS.send_seconds):
                await self._send(_message(data))
        except TimeoutError:
            self.close(1008, "the client does not read")
            raise GoneAway from None
        except OSError:
            raise GoneAway from None
        finally:
            self._waiting -= 1
        self.touch()

    def close(self, code: int, reason: str = "") -> None:
        """End the connection; without effect on one that ends already."""
        if not self._closed:
            self._closed = True
            if self.on_close is not None:
                self.on_close(code, reason)

    def gone(self) -> None:
        """The socket is closed: nothing is sent any more."""
        self._closed = True

    def check_deadline(self) -> None:
        moment = self._clock.monotonic()
        if moment - self.opened >= SOCKETS.life_seconds or moment - self.idle_since >= SOCKETS.idle_seconds:
            self.close(1001, "Going away")


def _message(data: bytes) -> dict[str, object]:
    try:
        return {"type": "websocket.send", "text": data.decode()}
    except UnicodeDecodeError:
        return {"type": "websocket.send", "bytes": data}
