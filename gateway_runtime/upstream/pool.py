"""The connection pool towards origins: last in, first out, bounded per origin, one deadline sweep for all exchanges."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from gateway_runtime.edge.body import ClientDisconnected
from gateway_runtime.edge.deadlines import Sweep
from gateway_runtime.limits import POOL, PoolLimits, StreamLimits
from gateway_runtime.upstream.at_once import AtOnce, SendAtOnce
from gateway_runtime.upstream.connection import OriginConnection
from gateway_runtime.upstream.errors import ConnectFailed, PoolExhausted, StaleConnection
from gateway_runtime.upstream.framing import encode_head
from gateway_runtime.upstream.guard import GuardedConnector
from gateway_runtime.upstream.known_heads import KnownHeads
from gateway_runtime.upstream.origin import Origin
from gateway_runtime.upstream.response import UpstreamResponse

_IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"TRACE"})
REPLAYABLE = 64 * 1024  # a body of known length up to this many bytes is read before it is sent


class BodyStream(Protocol):
    """A request body that is sent while it arrives; `length` None means unknown."""

    @property
    def length(self) -> int | None: ...

    async def next_chunk(self) -> bytes: ...


class Client(Protocol):
    """On whose behalf an exchange runs: edge.turn.Turn is one."""

    disconnected: bool
    on_disconnect: Callable[[], None] | None


class OriginPool:
    """The connections of one origin and the exchanges that wait for one."""

    def __init__(self, pool: UpstreamPool, origin: Origin) -> None:
        self.pool = pool
        self.origin = origin
        self.authority = origin.authority
        self.idle: list[OriginConnection] = []
        self.total = 0  # open and opening
        self.opening = 0
        self.waiting: deque[tuple[UpstreamResponse, Callable[[OriginConnection], None]]] = deque()

    def take_idle(self) -> OriginConnection | None:
        """The connection used last: it is the least likely to have been given up by the origin."""
        while self.idle:
            connection = self.idle.pop()
            if not connection.transport.is_closing():
                return connection
        return None

    async def acquire(self, response: UpstreamResponse) -> OriginConnection:
        """Wait for a connection until the exchange fails. Raises its error, or PoolExhausted."""
        limits = self.pool.limits
        if len(self.waiting) >= limits.waiting_per_origin:
            raise PoolExhausted(f"{self.origin.host}: too many requests wait")
        given: list[OriginConnection] = []
        entry = (response, given.append)
        self.waiting.append(entry)
        self._open_if_allowed()
        try:
            while not given:
                if response.error is not None:
                    raise response.error
                await response.wait()
            if response.error is not None:
                raise response.error
        except BaseException:
            if given:
                self.release(given[0], True)
            else:
                self.waiting.remove(entry)
                self.pool.forget_if_unused(self)
            raise
        return given[0]

    def _open_if_allowed(self) -> None:
        """One more connection when more exchanges wait than connections are being opened."""
        if self.total >= self.pool.limits.connections_per_origin:
            return
        if sum(response.error is None for response, _ in self.waiting) > self.opening:
            self.total += 1
            self.opening += 1
            self.pool.spawn(self._open())

    async def _open(self) -> None:
        pool = self.pool
        try:
            async with asyncio.timeout(pool.limits.connect_seconds):
                connection = await pool.connector.connect(
                    self.origin, lambda: OriginConnection(self, pool.limits, pool.loop)
                )
        except (ConnectFailed, TimeoutError) as error:
            failure = error if isinstance(error, ConnectFailed) else ConnectFailed("connect deadline passed")
            self._not_opened(failure)
        except BaseException:
            self._not_opened(ConnectFailed("connecting was interrupted"))
            raise
        else:
            self.opening -= 1
            connection.adopted = True
            self.release(connection, True)

    def _not_opened(self, failure: ConnectFailed) -> None:
        """Fail the exchange that waits longest, and try again for those beyond the connections being opened."""
        self.total -= 1
        self.opening -= 1
        for response, _ in self.waiting:
            if response.error is None:
                response.fail(failure)
                break
        self._open_if_allowed()
        self.pool.forget_if_unused(self)

    def release(self, connection: OriginConnection, keep: bool) -> None:
        """A connection is free: to the first that waits, else to the idle ones."""
        if not keep or connection.transport.is_closing() or self.pool.closed:
            connection.close()
            return
        if self.waiting and self._give(connection):
            return
        pool = self.pool
        connection.idle_since = pool.loop.time()
        self.idle.append(connection)
        if pool.eviction is None:
            pool.watch_idle()

    def _give(self, connection: OriginConnection) -> bool:
        for entry in self.waiting:
            response, give = entry
            if response.error is None:
                self.waiting.remove(entry)
                give(connection)
                response.wake()
                return True
        return False

    def gone(self, connection: OriginConnection) -> None:
        """A connection closed: its place is free for those that wait."""
        self.total -= 1
        if connection in self.idle:
            self.idle.remove(connection)
        self._open_if_allowed()
        self.pool.forget_if_unused(self)

    def evict(self, before: float) -> None:
        """Close what has been idle since before a moment; the oldest come first."""
        while self.idle and self.idle[0].idle_since < before:
            self.idle.pop(0).close()


class UpstreamPool:
    """All exchanges with origins of one worker go through `request`."""

    def __init__(self, connector: GuardedConnector | None = None, limits: PoolLimits = POOL) -> None:
        self.loop = asyncio.get_running_loop()
        self.connector = connector or GuardedConnector()
        self.limits = limits
        self.known_heads = KnownHeads(limits)
        self.exchanges = Sweep(self.loop, limits.sweep_seconds)
        self.closed = False
        self._origins: dict[Origin, OriginPool] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.eviction: asyncio.TimerHandle | None = None

    def at_once(self, origin: Origin, seconds: float, stream: StreamLimits | None = None) -> SendAtOnce:
        """A function that sends to one origin where nothing has to be waited for."""
        return AtOnce(self, origin, seconds, stream).send

    def place(self, origin: Origin) -> OriginPool | None:
        """The connections of an origin, where there are any."""
        return self._origins.get(origin)

    def may_send_again(self, origin: Origin, method: bytes, error: Exception | None) -> bool:
        """Whether a request whose body is at hand may be sent once more. Idle connections to its origin are given up then: those
        idle for longer are no better."""
        if not isinstance(error, StaleConnection) or method not in _IDEMPOTENT:
            return False
        place = self._origins.get(origin)
        if place is not None:
            place.evict(float("inf"))
        return True

    async def request(
        self,
        origin: Origin,
        method: bytes,
        target: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes | BodyStream = b"",
        *,
        timeout: float,  # noqa: ASYNC109 - seconds for the whole exchange, kept by the sweep
        client: Client | None = None,
        stream: StreamLimits | None = None,
    ) -> UpstreamResponse:
        """Send a request and return the response once its head is here.

        `timeout` is the integration's total time in seconds, up to the last byte of the body; while a request body still
        streams from the client, it starts anew with each piece. `client` going away ends
        the exchange. It is sent a second time only when a reused connection closed without a byte of answer, the method
        is idempotent and the body is at hand. An answer that is to `stream` has no cap of size, and must not pause for longer
        than those limits say. Raises UpstreamError, ClientDisconnected, ValueError for an unwritable
        head, and what the body's own reading raises.
        """
        if not isinstance(body, bytes) and body.length is not None and body.length <= REPLAYABLE:
            body = await _read_all(body)
        response = UpstreamResponse(self.loop, self.exchanges, self.loop.time() + timeout, method == b"HEAD")
        if stream is not None:
            response.idle_seconds = stream.idle_seconds
        if client is not None:
            if client.disconnected:
                response.client_left()
            client.on_disconnect = response.client_left
        try:
            place = self._origins.get(origin) or self._place(origin)
            length = len(body) if isinstance(body, bytes) else body.length
            head = encode_head(method, target, place.authority, headers, length)
            for last in (False, True):
                try:
                    waiting = self._begin(place, response, head, body, timeout)
                    if waiting is not None:
                        await waiting
                    while not response.status:
                        if response.error is not None:
                            raise response.error
                        await response.wait()
                    break
                except StaleConnection:
                    if last or method not in _IDEMPOTENT or not isinstance(body, bytes):
                        raise
                response.start_again()
                if client is not None and client.disconnected:
                    response.client_left()
                place.evict(float("inf"))  # those idle for longer are no better
                place = self._place(origin)
        except BaseException as error:
            response.fail(error if isinstance(error, Exception) else ClientDisconnected("cancelled"))
            raise
        return response

    def _begin(
        self, place: OriginPool, response: UpstreamResponse, head: bytes, body: bytes | BodyStream, patience: float
    ) -> Awaitable[None] | None:
        """Send on an idle connection at once; otherwise wait for one, and then send."""
        connection = place.take_idle()
        if connection is None:
            return self._begin_later(place, response, head, body, patience)
        if response.error is not None:
            place.release(connection, True)
            raise response.error
        self._send(connection, response, head, body, patience)
        return None

    async def _begin_later(
        self, place: OriginPool, response: UpstreamResponse, head: bytes, body: bytes | BodyStream, patience: float
    ) -> None:
        self._send(await place.acquire(response), response, head, body, patience)

    def _send(
        self,
        connection: OriginConnection,
        response: UpstreamResponse,
        head: bytes,
        body: bytes | BodyStream,
        patience: float,
    ) -> None:
        if isinstance(body, bytes):
            connection.begin(response, head + body if body else head, False)
        else:
            connection.begin(response, head, True)
            self.spawn(self._pump(connection, response, body, patience))

    async def _pump(
        self, connection: OriginConnection, response: UpstreamResponse, body: BodyStream, patience: float
    ) -> None:
        """Send a body while it arrives; its failure is the exchange's, and never looks like its end to the origin."""
        chunked = body.length is None
        try:
            while chunk := await body.next_chunk():
                if response.complete or response.error is not None:
                    return
                response.deadline = self.loop.time() + patience
                await connection.send(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
            if response.connection is connection:
                if chunked:
                    await connection.send(b"0\r\n\r\n")
                connection.sent()
        except Exception as error:
            response.fail(error)

    def _place(self, origin: Origin) -> OriginPool:
        place = self._origins.get(origin)
        if place is None:
            if self.closed or len(self._origins) >= self.limits.origins:
                raise PoolExhausted("closed, or too many origins in use")
            place = self._origins[origin] = OriginPool(self, origin)
        return place

    def forget_if_unused(self, place: OriginPool) -> None:
        """Keep no entry for an origin without connections."""
        if place.total == 0 and not place.waiting and self._origins.get(place.origin) is place:
            del self._origins[place.origin]

    def spawn(self, work: object) -> None:
        """Run a task that the pool holds on to."""
        task: asyncio.Task[None] = self.loop.create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def watch_idle(self) -> None:
        """Make sure that the eviction timer runs while connections are idle."""
        if self.eviction is None and not self.closed:
            self.eviction = self.loop.call_later(self.limits.idle_seconds / 4, self._evict)

    def _evict(self) -> None:
        self.eviction = None
        before = self.loop.time() - self.limits.idle_seconds
        for place in self._origins.values():
            place.evict(before)
        if any(place.idle for place in self._origins.values()):
            self.watch_idle()

    def counts(self) -> dict[Origin, tuple[int, int, int]]:
        """Per origin: open or opening connections, idle ones, exchanges that wait for one."""
        return {origin: (place.total, len(place.idle), len(place.waiting)) for origin, place in self._origins.items()}

    async def aclose(self) -> None:
        """Close idle connections and stop opening others; running exchanges end on their own deadlines."""
        self.closed = True
        if self.eviction is not None:
            self.eviction.cancel()
        for place in self._origins.values():
            place.evict(float("inf"))
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _read_all(body: BodyStream) -> bytes:
    chunks = []
    while chunk := await body.next_chunk():
        chunks.append(chunk)
    return b"".join(chunks)
