"""One exchange with an origin: the caller's side of it, from waiting for a connection to the end of the body."""

from __future__ import annotations

import asyncio
from asyncio import current_task
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from gateway_runtime.edge.body import ClientDisconnected
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.edge.deadlines import Sweep
from gateway_runtime.edge.request_task import RequestTask, Resumable
from gateway_runtime.upstream.errors import IntegrationTimedOut

if TYPE_CHECKING:
    from gateway_runtime.upstream.connection import OriginConnection
    from gateway_runtime.upstream.known_heads import KnownHead

_NEVER = float("inf")


class UpstreamResponse:
    """Status, headers and a body that streams with back-pressure.

    `headers` have lower-case names and values as sent; hop-by-hop headers and those named in `Connection` are gone,
    `content-length` is kept when the origin sent it. `length` is that number, or None. Read the body to its end or
    `close` the response: an unread one holds its connection until the deadline.
    """

    # Members have their defaults in the class, so that making a response costs what is set.
    status = 0
    headers: Headers = []
    head: KnownHead | None = None  # of an answer whose head came before
    length: int | None = None
    connection: OriginConnection | None = None
    complete = False
    error: Exception | None = None
    touched = False  # something of the answer has arrived
    received = 0
    idle_seconds: float | None = None  # of an answer that streams: how long a reader may wait for its next piece
    _quiet_until = _NEVER
    _buffered = 0
    _waiter: asyncio.Future[None] | Resumable | None = None

    def __init__(self, loop: asyncio.AbstractEventLoop, sweep: Sweep, deadline: float, head_only: bool) -> None:
        self._loop = loop
        self._sweep = sweep
        self.deadline = deadline
        self.head_only = head_only
        self._chunks: list[bytes] = []
        sweep.add(self)

    # For the caller
    async def next_chunk(self) -> bytes:
        """The next bytes of the body; `b""` is its clean end.

        Raises TruncatedResponse, BadResponse (also beyond the size cap), IntegrationTimedOut and ClientDisconnected.
        """
        while not self._chunks:
            if self.error is not None:
                raise self.error
            if self.complete:
                return b""
            if self.idle_seconds is not None:
                self._quiet_until = self._loop.time() + self.idle_seconds
            await self.wait()
        self._quiet_until = _NEVER
        chunk = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._buffered = 0
        if self.connection is not None:
            self.connection.read_on()
        return chunk

    async def read(self) -> bytes:
        """The whole body, within the pool's size cap. Raises as next_chunk does."""
        while not self.complete:
            if self.error is not None:
                raise self.error
            if self.connection is not None:
                self.connection.read_on()
            await self.wait()
        return self.take()

    def put_back(self, data: bytes) -> None:
        """Give the reader's last bytes back: they are the next ones again."""
        if data:
            self._chunks.insert(0, data)
            self._buffered += len(data)

    def take(self) -> bytes:
        """What is here of the body: all that is left of it once the response is `complete`."""
        body = self.peek()
        self._chunks = []
        return body

    def peek(self) -> bytes:
        """The same, which stays."""
        chunks = self._chunks
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def close(self) -> None:
        """Give up the rest: the origin's socket is closed unless everything has arrived."""
        self.fail(ClientDisconnected("response closed by its reader"))

    # For the pool and the connection
    def wait(self) -> Awaitable[None]:
        """Until something changes: a connection, the head, more body, the end, an error; sometimes for no reason."""
        task: Any = current_task(self._loop)
        if type(task) is RequestTask:
            self._waiter = task
            return task.parked()
        self._waiter = waiter = self._loop.create_future()
        return waiter

    def tell(self, waiter: Resumable) -> None:
        """Without awaiting: `waiter` goes on where `wait` would end."""
        self._waiter = waiter

    def wake(self) -> None:
        """Something changed: whoever waits goes on in the next round of the loop."""
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if isinstance(waiter, Resumable):
                waiter.wake()
            elif not waiter.done():
                waiter.set_result(None)

    def arrived(self) -> None:
        """Something of the answer was read: whoever waits goes on at once, where its task can. Only the connection calls
        this, at the end of its callback, because what follows may send the next request on it."""
        waiter = self._waiter
        if isinstance(waiter, Resumable):
            self._waiter = None
            waiter.resume()
        elif waiter is not None:
            self.wake()

    def store(self, data: bytes) -> int:
        """Keep a piece of the body; the number of bytes that wait to be read."""
        self._chunks.append(data)
        self.received += len(data)
        self._buffered += len(data)
        return self._buffered

    def fail(self, error: Exception) -> None:
        """End the exchange with an error and close the origin's socket; without effect once it is complete."""
        if self.complete or self.error is not None:
            return
        self.error = error
        self._sweep.discard(self)
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.abort()
        self.wake()

    def answer(self, head: KnownHead, body: bytes) -> None:
        """The whole answer is here, in one piece; `arrived` tells whoever waits."""
        self.status = head.status
        self.length = head.length
        self.headers = head.headers
        self.head = head
        if body:
            self._chunks.append(body)
            self.received = self._buffered = head.length
        self.complete = True
        self.connection = None
        self._sweep.discard(self)

    def finish(self) -> None:
        """The whole answer is here; `arrived` or `wake` tells whoever waits."""
        self.complete = True
        self.connection = None
        self._sweep.discard(self)

    def start_again(self) -> None:
        """Forget a failure before a second attempt; the deadline stays."""
        self.error = None
        self.touched = False
        self._sweep.add(self)

    def client_left(self) -> None:
        """The client of the exchange disconnected."""
        self.fail(ClientDisconnected("client disconnected"))

    def check_deadline(self, now: float) -> None:
        if now >= self.deadline:
            self.fail(IntegrationTimedOut("integration deadline passed"))
        elif now >= self._quiet_until:
            self.fail(IntegrationTimedOut("the stream was idle for too long"))
