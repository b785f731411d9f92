"""Accepting TLS connections: the name is read first, then the handshake of that name begins.

Where the connection is of a network that begins with the PROXY protocol, that comes first, and is taken off the socket.
A socket waits here with the ClientHello unread in its buffer, looked at without being taken, until the hello is whole. Announcement, hello
and handshake together have as long as the head of a request, and all count among the connections that a worker may have.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
from collections.abc import Callable

from apps.core.trusted_proxies import TrustedProxies
from gateway_runtime.edge.deadlines import Sweep
from gateway_runtime.edge.protocol import EdgeProtocol
from gateway_runtime.edge.proxy_protocol import Announcement, BadAnnouncement, announcement
from gateway_runtime.limits import EDGE, EdgeLimits
from gateway_runtime.metrics import METRICS
from gateway_runtime.tls.client_hello import LARGEST, BadHello, server_name
from gateway_runtime.tls.contexts import Handshake
from gateway_runtime.tls.peer import TlsPeer

logger = logging.getLogger("gateway_runtime.tls")

Choose = Callable[[str], Handshake]
_AT_ONCE = 64  # connections accepted before others get their turn
_PAUSE = 1.0  # seconds, where the process has no descriptor left
_NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_begun = METRICS.counter("gatehouse_tls_handshakes_total", "TLS handshakes that succeeded")
_REFUSED = {
    reason: METRICS.counter("gatehouse_tls_refused_total", "TLS connections that did not come about", reason=reason)
    for reason in ("announcement", "hello", "handshake", "late", "full")
}


class TlsListener:
    """Hands connections on the listening socket to protocols that `make` makes, once their handshake is done.

    `choose` gives the handshake of a name, "" included; `full` says that no more connections may come. Connections of `announcers`
    begin with the PROXY protocol.
    """

    def __init__(
        self,
        listener: socket.socket,
        make: Callable[[], EdgeProtocol],
        choose: Choose,
        full: Callable[[int], bool],
        limits: EdgeLimits = EDGE,
        announcers: TrustedProxies | None = None,
    ) -> None:
        self._announcers = announcers
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._make = make
        self._choose = choose
        self._full = full
        self._limits = limits
        self._sweep = Sweep(self._loop, limits.sweep_seconds)
        self.waiting: set[_Hello] = set()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._closed = False
        self._settled = asyncio.Event()

    def start(self) -> None:
        self._listener.setblocking(False)
        self._loop.add_reader(self._listener, self._accept)

    @property
    def pending(self) -> int:
        """Connections that are not connections yet."""
        return len(self.waiting) + len(self._handshakes)

    def close(self) -> None:
        """Accept no more. What was accepted goes on."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._listener)
            self._listener.close()

    async def settle(self, seconds: float) -> None:
        """Wait for what was accepted, so long at most, then give it up."""
        if self.pending:
            self._settled.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), seconds)
        for hello in tuple(self.waiting):
            hello.drop("late")
        for task in self._handshakes:
            task.cancel()
        await asyncio.gather(*self._handshakes, return_exceptions=True)

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                client, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                logger.error("no connection can be accepted: %s", error)
                self._loop.remove_reader(self._listener)
                self._loop.call_later(_PAUSE, self._resume)
                return
            if self._full(self.pending):
                METRICS.values[_REFUSED["full"]] += 1
                client.close()
            else:
                announced = self._announcers is not None and self._announcers.trusts(address[0])
                _Hello(self, client, announced)

    def _resume(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._listener, self._accept)

    def _greet(self, hello: _Hello, name: str) -> None:
        task = self._loop.create_task(self._shake(hello, name))
        self._handshakes.add(task)
        task.add_done_callback(self._shaken)

    def _shaken(self, task: asyncio.Task[None]) -> None:
        self._handshakes.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a handshake failed", exc_info=error)
        if not self.pending:
            self._settled.set()

    async def _shake(self, hello: _Hello, name: str) -> None:
        """Do the handshake of a name. Whoever fails it is told by OpenSSL's alert, and nothing of ours."""
        client, opened_at = hello.client, hello.opened_at
        handshake = self._choose(name)
        protocol = self._make()
        protocol.opened_at = opened_at
        protocol.announced = hello.announced
        protocol.tls = TlsPeer(name, handshake.trust)
        left = opened_at + self._limits.head_seconds - self._loop.time()
        try:
            await self._loop.connect_accepted_socket(
                lambda: protocol,
                client,
                ssl=handshake.context,
                ssl_handshake_timeout=max(left, 0.01),
                ssl_shutdown_timeout=self._limits.linger_seconds,
            )
        except TimeoutError:
            METRICS.values[_REFUSED["late"]] += 1
        except (ssl.SSLError, OSError) as error:
            METRICS.values[_REFUSED["handshake"]] += 1
            logger.info("no handshake: %s", getattr(error, "reason", None) or type(error).__name__)
        else:
            METRICS.values[_begun] += 1
        finally:
            client.close()  # which is the transport's now, or nobody's


class _Hello:
    """An accepted socket whose ClientHello is not whole yet, nor, where it `announces`, what a proxy tells ahead of it."""

    def __init__(self, owner: TlsListener, client: socket.socket, announces: bool) -> None:
        self.client = client
        self.announces = announces
        self.announced: Announcement | None = None
        self.opened_at = owner._loop.time()
        self._owner = owner
        self.seen = 0
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        owner.waiting.add(self)
        owner._sweep.add(self)
        owner._loop.add_reader(client, self._readable)

    def check_deadline(self, now: float) -> None:
        if now > self.opened_at + self._owner._limits.head_seconds:
            self.drop("late")

    def drop(self, reason: str) -> None:
        """Close the connection without a word: nobody has spoken TLS yet."""
        METRICS.values[_REFUSED[reason]] += 1
        self._leave()
        self.client.close()
        if not self._owner.pending:
            self._owner._settled.set()

    def _leave(self) -> None:
        self._owner._loop.remove_reader(self.client)
        self._owner.waiting.discard(self)
        self._owner._sweep.discard(self)

    def _readable(self) -> None:
        try:
            data = self.client.recv(LARGEST, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.drop("hello")
            return
        try:
            whole = len(data) > self.seen and self._read(data)
        except (BadAnnouncement, BadHello) as error:
            logger.info("no TLS begins: %s", error)
            self.drop(self._awaited)
            return
        if whole:
            return
        if len(data) <= self.seen:  # the client has ended
            self.drop(self._awaited)
        else:
            # Wake for more than was seen: what was looked at is still in the buffer, and would wake us for ever.
            self._wait_beyond(len(data))

    @property
    def _awaited(self) -> str:
        return "announcement" if self.announces else "hello"

    def _read(self, data: bytes) -> bool:
        """Go on with what is awaited, where it is whole. Raises BadAnnouncement and BadHello."""
        if self.announces:
            told = announcement(data)
            if told is None:
                return False
            self.client.recv(told.size)
            self.announces, self.announced = False, told
            self._wait_beyond(0)
            return True
        name = server_name(data)
        if name is None:
            return False
        self._wait_beyond(0)
        self._leave()
        self._owner._greet(self, name)
        return True

    def _wait_beyond(self, seen: int) -> None:
        self.seen = seen
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, seen + 1)
