"""The client side of HTTP/1.1: uvicorn's httptools protocol with limits, deadlines and nothing ambiguous let through.

It relies on these internals of uvicorn 0.54: the constructor, `connections`, `tasks`, `flow`, `app_state` and
`handle_websocket_upgrade` of `HttpToolsProtocol`. Everything that happens per request is written here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar, TypeVar
from urllib.parse import unquote
from weakref import WeakKeyDictionary

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState

from apps.core.trusted_proxies import TrustedProxies
from gateway_runtime.edge import canonical
from gateway_runtime.edge.deadlines import Sweep
from gateway_runtime.edge.forwarded import PROXIES_KEY, ForwardedHeads, ForwardedTurn, KnownForwardedTurn
from gateway_runtime.edge.known_heads import KnownHeads
from gateway_runtime.edge.proxy_protocol import Announcement
from gateway_runtime.edge.refusals import AmbiguousRequest, refusal
from gateway_runtime.edge.request_task import RequestTask
from gateway_runtime.edge.turn import Turn
from gateway_runtime.limits import EDGE, EdgeLimits
from gateway_runtime.metrics import METRICS
from gateway_runtime.tls.peer import TLS_KEY, TlsPeer

logger = logging.getLogger("gateway_runtime.edge")

_sweeps: WeakKeyDictionary[ServerState, Sweep] = WeakKeyDictionary()
Heads = TypeVar("Heads", bound=KnownHeads)
_known_heads: WeakKeyDictionary[ServerState, KnownHeads] = WeakKeyDictionary()
_forwarded_heads: WeakKeyDictionary[ServerState, ForwardedHeads] = WeakKeyDictionary()
_REFUSED = {
    status: METRICS.counter("gatehouse_edge_refused_total", "Requests refused before any API", status=str(status))
    for status in (400, 408, 414, 417, 431, 500, 503)
}
# Of the lifespan's state: what is called with each turn, and the server's tasks, in the application's place.
LANE_KEY = "gatehouse.lane"
# Of a connection's: the address that the PROXY protocol told of its caller.
ANNOUNCED_KEY = "gatehouse.announced"
_ASGI = {"version": "3.0", "spec_version": "2.3"}
_PLAIN = frozenset({b"content-length", b"connection"})
_FRAMED = frozenset({b"content-length", b"transfer-encoding", b"upgrade", b"expect", b"connection"})


def _sweep_of(state: ServerState, loop: asyncio.AbstractEventLoop, interval: float) -> Sweep:
    sweep = _sweeps.get(state)
    if sweep is None:
        sweep = _sweeps[state] = Sweep(loop, interval)
    return sweep


def _heads_of(servers: WeakKeyDictionary[ServerState, Heads], state: ServerState, make: Callable[[], Heads]) -> Heads:
    """What the connections of one server share; made by the first of them."""
    known = servers.get(state)
    if known is None:
        known = servers[state] = make()
    return known


class EdgeProtocol(HttpToolsProtocol):
    """One client connection. A request starts its application only after the read that brought its head parsed
    cleanly, so that nothing of a message found bad in the same read reaches anybody."""

    limits: ClassVar[EdgeLimits] = EDGE
    _dated: ClassVar[tuple[list[tuple[bytes, bytes]] | None, bytes]] = (None, b"")

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.turn: Turn | None = None  # the one being answered
        self.incoming: Turn | None = None  # the one whose body is being read
        self.queue: deque[Turn] = deque()  # complete or incoming turns not started yet
        self.draining = False
        self.discarding = False  # what still arrives is read and thrown away
        self.pending_refusal: int = 0
        self.deadline = 0.0
        self.write_deadline = 0.0
        self.in_head = False
        self.fresh = True  # no request has begun
        self.opened_at = 0.0  # when the socket was accepted, where a TLS handshake or an announcement came before this
        self.announced: Announcement | None = None  # what a proxy told of the connection ahead of it
        self.tls: TlsPeer | None = None
        self.sealed = False  # the last message said that none follows
        self.head_size = 0
        self.raw_read = 0
        self._begun = 0
        self._idle_before = True
        self.framing: dict[bytes, bytes] = {}
        self.header_names: list[bytes] = []
        self.body_started = 0.0
        self.client_ip = ""
        self._head_bytes = self.limits.head_bytes
        self._head_count = self.limits.head_count
        self.lane: Callable[[Turn, set[Any]], None] | None = app_state.get(LANE_KEY)
        self.known: KnownHeads = _heads_of(_known_heads, server_state, KnownHeads)
        self.proxies: TrustedProxies | None = app_state.get(PROXIES_KEY)
        self.make_turn: type[Turn] = Turn
        self.make_known_turn: type[Turn] = Turn
        self.sweep = _sweep_of(server_state, self.loop, self.limits.sweep_seconds)

    # Connection
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self.flow = FlowControl(transport)
        self.server = get_local_addr(transport)
        self.client = get_remote_addr(transport)
        if self.announced is not None and self.announced.client is not None:
            self.client, self.server = self.announced.client, self.announced.server
            self.app_state = {**self.app_state, ANNOUNCED_KEY: self.client}
        self.client_ip = self.client[0] if self.client else ""
        self.scheme = "https" if is_ssl(transport) else "http"
        self.entrance = (self.scheme, self.server)
        if self.proxies is not None and self.proxies.trusts(self.client_ip):
            self.make_turn, self.make_known_turn = ForwardedTurn, KnownForwardedTurn
            self.known = _heads_of(_forwarded_heads, self.server_state, partial(ForwardedHeads, self.proxies))
        self.connections.add(self)
        self.sweep.add(self)
        if self.tls is not None:
            self.tls.read(transport)
            self.app_state = {**self.app_state, TLS_KEY: self.tls}
        self.deadline = (self.opened_at or self.loop.time()) + self.limits.head_seconds
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency:
            self._answer_and_close(503)

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.discard(self)
        self.sweep.discard(self)
        self.discarding = True
        for turn in (self.turn, *self.queue):
            if turn is not None:
                turn.client_left()
        self.queue.clear()
        self.incoming = None
        self.flow.resume_writing()
        self.parser = None  # type: ignore[assignment]

    def pause_writing(self) -> None:
        self.flow.pause_writing()
        self.write_deadline = self.loop.time() + self.limits.body_seconds

    def resume_writing(self) -> None:
        self.flow.resume_writing()
        self.write_deadline = 0.0

    def check_deadline(self, now: float) -> None:
        """Called by the sweep: end the connection when the client is late with a head, a body or reading."""
        if self.write_deadline and now > self.write_deadline:
            self.abort()
        elif self.incoming is not None and not self.discarding:
            turn = self.incoming
            allowed = self.limits.body_seconds + turn.received / self.limits.body_bytes_per_second
            # An application that does not read is not the client's fault.
            if not self.flow.read_paused and not turn.expects_continue and now > self.body_started + allowed:
                self._refuse(408, "body deadline")
        elif self.deadline and now > self.deadline:
            if self.in_head and not self.discarding:
                self._refuse(408, "head deadline")
            else:
                self.transport.close()

    def shutdown(self) -> None:
        """Drain: the next answer says `connection: close`; a connection that stays quiet is closed."""
        self.draining = True
        if self.turn is None and not self.in_head and not self.discarding:
            self.deadline = min(self.deadline, self.loop.time() + self.limits.drain_idle_seconds)

    def retire(self) -> None:
        """Close once nothing is under way: who is at the other end has to begin anew."""
        if self.turn is None and not self.queue and not self.in_head and not self.discarding:
            self.transport.close()
        else:
            self.draining = True

    def abort(self) -> None:
        """Cut the connection so that the client sees a truncated answer, never a clean end."""
        if not self.transport.is_closing():
            self.transport.abort()

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def date_line(self) -> bytes:
        """The Date header line, renewed by the server each second."""
        # The server replaces the list as a whole: the same list has the same date.
        headers = self.server_state.default_headers
        if headers is not EdgeProtocol._dated[0]:
            line = next((b"date: %b\r\n" % value for name, value in headers if name == b"date"), b"")
            EdgeProtocol._dated = (headers, line)
        return EdgeProtocol._dated[1]

    # Bytes in
    def data_received(self, data: bytes) -> None:
        if self.discarding:
            return
        self._idle_before = not self.in_head and self.incoming is None
        if self._idle_before:
            if self.sealed:
                return
            if self.turn is None and (request := self.known.find(data, self.client_ip)) is not None:
                self.fresh = False
                self.deadline = 0.0
                self.turn = turn = self.make_known_turn(self, request)
                known = request.known
                if known is not None and known.length:
                    turn.framed = True
                    turn.body_arrived(data[-known.length :])
                self._begin(turn)
                return
            line_end = data.find(b"\r\n")
            if data.find(b"  ", 0, line_end if line_end >= 0 else self.limits.target_bytes) >= 0 and line_end != 0:
                self._refuse(400, "two spaces in the request line")
                return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._parse_failed(error)
            return
        if self._begun == 1 and self._idle_before and self.incoming is None and not self.in_head:
            self._begun = self.raw_read = 0  # one whole request: nothing is held
            if self.queue:
                self._learn(data, self.queue[-1])
        elif not self._measure(len(data)):
            return
        self._start_next()
        if self.queue:
            self.flow.pause_reading()

    def _learn(self, data: bytes, turn: Turn) -> None:
        """Know the head of a request again, where nothing in it was about chunks, an expectation or the connection's end."""
        framing = self.framing
        plain = framing.keys() <= _PLAIN and framing.get(b"connection", b"keep-alive").lower() == b"keep-alive"
        if plain and turn.keep_alive:
            self.known.learn(data, turn.request, self.header_names, turn.received)

    def _measure(self, size: int) -> bool:
        """Bound what the parser holds or skips without telling: an unfinished header line, chunk extensions."""
        limits = self.limits
        if self._begun:  # a message began in this read: at its start, or at an unknown place behind others
            self.raw_read = size if self._begun == 1 and self._idle_before else 0
            self._begun = 0
        else:
            self.raw_read += size
        if self.in_head:
            if self.raw_read > limits.head_bytes + limits.target_bytes:
                self._refuse(431, "head too large")
                return False
        elif self.incoming is not None and self.raw_read > 64 * 1024 + 8 * self.incoming.received:
            self._refuse(400, "more framing than body")
            return False
        return True

    def _parse_failed(self, error: httptools.HttpParserError) -> None:
        cause = error.__context__
        if self.discarding:
            self._start_next()
            return
        if isinstance(cause, AmbiguousRequest):
            self._refuse(cause.status, cause.reason)
        elif cause is not None and isinstance(error, httptools.HttpParserCallbackError):
            logger.error("the edge failed to read a request", exc_info=cause)
            self._refuse(500, "internal error")
        else:
            self._refuse(400, str(error))

    def _upgrade(self, rest: bytes) -> None:
        if self.draining:
            self._refuse(503, "draining")
            return
        if self.turn is None and not self.queue and self._should_upgrade():
            self.sweep.discard(self)
            self.handle_websocket_upgrade()
            return
        # Any other protocol is declined by answering in HTTP/1.1: read the head again without the offer.
        headers = [header for header in self.headers if header[0] != b"upgrade"]
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        line = b"%b %b HTTP/1.1\r\n" % (self.scope["method"].encode(), self.url)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.data_received(line + head + b"\r\n" + rest)

    def _should_upgrade(self) -> bool:
        return self.scope["method"] == "GET" and super()._should_upgrade()

    # Parser callbacks
    def on_message_begin(self) -> None:
        if self.sealed:
            self.discarding = True
            raise AmbiguousRequest("data after the last message")
        if len(self.queue) >= self.limits.pipeline_depth:
            raise AmbiguousRequest("too many pipelined requests")
        self.url = b""
        self.headers = []
        self.header_names = []
        self.framing = {}
        self.head_size = 0
        self._begun += 1
        if not self.in_head:
            self.in_head = True
            if self.fresh and not self.draining:
                self.fresh = False  # the first head has as long as the connection has had
            else:
                self.deadline = self.loop.time() + self.limits.head_seconds

    def on_url(self, url: bytes) -> None:
        self.url += url
        self.head_size = len(self.url)
        if self.head_size > self.limits.target_bytes:
            raise AmbiguousRequest("target too long", 414)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.head_size = size = self.head_size + len(value)
        headers = self.headers
        if size > self._head_bytes or len(headers) >= self._head_count:
            raise AmbiguousRequest("head too large", 431)
        if not self.in_head:
            return  # a trailer: read, counted and dropped
        self.header_names.append(name)
        name = name.lower()
        value = value.rstrip(b" \t")
        if name in _FRAMED:
            self.framing[name] = value
        headers.append((name, value))

    def on_headers_complete(self) -> None:
        parser = self.parser
        method = parser.get_method().decode("ascii")
        version = parser.get_http_version()
        request = canonical.parse_head(method, self.url, self.headers, self.client_ip)
        if version not in ("1.1", "1.0") or method == "CONNECT":
            raise AmbiguousRequest("unsupported version or method")
        if self.framing:
            self._check_framing(version)
        self.in_head = False
        if parser.should_upgrade():
            self.scope = self.scope_of(request, version, self.header_names)  # type: ignore[assignment]
            self.url = request.target.encode()
            return
        keep_alive = version == "1.1" and parser.should_keep_alive()
        self.sealed = not keep_alive
        expects = b"expect" in self.framing and version == "1.1"
        self.incoming = turn = self.make_turn(self, request)
        turn.version, turn.header_names, turn.keep_alive, turn.expects_continue = (
            version, self.header_names, keep_alive, expects,
        )  # fmt: skip
        turn.more_body = True
        turn.framed = bool(self.framing)
        self.body_started = self.loop.time()
        self.deadline = 0.0
        self.queue.append(turn)

    def _check_framing(self, version: str) -> None:
        """What the parser accepts although another reader may frame or answer it differently."""
        framing = self.framing
        length = framing.get(b"content-length")
        if length is not None and (not length.isdigit() or (length[0] == 0x30 and length != b"0")):
            raise AmbiguousRequest("ill-formed Content-Length")
        encoding = framing.get(b"transfer-encoding")
        if encoding is not None and (length is not None or version != "1.1" or encoding.lower() != b"chunked"):
            raise AmbiguousRequest("ill-formed Transfer-Encoding")
        expect = framing.get(b"expect")
        if expect is not None and expect.lower() != b"100-continue":
            raise AmbiguousRequest("unknown expectation", 417)
        connection = framing.get(b"connection", b"").lower()
        if b"content-length" in connection or b"transfer-encoding" in connection or b"host" in connection:
            raise AmbiguousRequest("Connection names a framing header")

    def scope_of(self, request: canonical.CanonicalRequest, version: str, names: list[bytes]) -> dict[str, Any]:
        """The request as ASGI has it."""
        path = request.path
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": request.method,
            "root_path": self.root_path,
            "path": unquote(path) if "%" in path else path,
            "raw_path": path.encode(),
            "query_string": request.raw_query.encode(),
            "headers": request.headers,
            "state": self.app_state.copy(),
            canonical.SCOPE_KEY: request,
            canonical.NAMES_KEY: names,
        }

    def on_body(self, body: bytes) -> None:
        turn = self.incoming
        if turn is None or turn.response_complete or turn.disconnected:
            return
        turn.body_arrived(body)
        if turn.buffered() > self.limits.read_high_water:
            self.flow.pause_reading()

    def on_message_complete(self) -> None:
        turn, self.incoming = self.incoming, None
        if turn is not None:
            turn.body_ended()

    # Turns
    def _start_next(self) -> None:
        if self.turn is None and self.queue:
            self.turn = turn = self.queue.popleft()
            if self.flow.read_paused and not self.queue:
                self.flow.resume_reading()
            self._begin(turn)

    def _begin(self, turn: Turn) -> None:
        if self.lane is not None:
            self.lane(turn, self.tasks)
        else:
            self.start(turn, self.app, turn.make_scope(), turn.receive, turn.send)

    def start(self, turn: Turn, work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """Have a turn answered by a task, which begins at once."""
        task = RequestTask(self.loop, turn.run(work, *arguments), self.tasks.discard)
        self.tasks.add(task)  # type: ignore[arg-type]
        task.resume()

    def body_taken(self) -> None:
        """The application took what was buffered: read on, unless another request waits for its turn."""
        if not self.queue:
            self.flow.resume_reading()

    def turn_finished(self, turn: Turn) -> None:
        """The answer of a turn is written: start the next one, wait for it, or close."""
        self.server_state.total_requests += 1
        self.turn = None
        if self.transport.is_closing():
            return
        if not turn.keep_alive:
            self.queue.clear()
            self._close_softly() if turn.more_body or self.pending_refusal else self.transport.close()
        elif self.queue:
            self._start_next()
        elif self.pending_refusal:
            self._answer_and_close(self.pending_refusal)
        else:
            if self.flow.read_paused:
                self.flow.resume_reading()
            if not self.in_head:
                limits = self.limits
                allowed = limits.drain_idle_seconds if self.draining else limits.idle_seconds
                self.deadline = self.loop.time() + allowed

    # Refusing
    def _refuse(self, status: int, reason: str) -> None:
        """Answer the message being read with an error, after the answers that are owed before it, and close."""
        logger.info("request refused", extra={"status": status, "reason": reason})
        self.discarding = True
        self.in_head = False
        bad, self.incoming = self.incoming, None
        if bad is not None and bad is self.turn:
            started = bad.response_started
            bad.client_left()
            self.turn = None
            if started:
                self.abort()
                return
        elif bad is not None:
            self.queue.remove(bad)
        self.deadline = 0.0
        self._start_next()
        if self.turn is None:
            self._answer_and_close(status)
        else:
            self.pending_refusal = status

    def _answer_and_close(self, status: int) -> None:
        METRICS.values[_REFUSED[status]] += 1
        date = self.date_line()[6:-2]
        self.write(refusal(status, date))
        self._close_softly()

    def _close_softly(self) -> None:
        """Close for writing and read on for a moment: closing with unread data would reset the connection and
        could destroy the answer before the client reads it."""
        self.discarding = True
        if self.transport.is_closing():
            return
        if self.transport.can_write_eof():
            self.flow.resume_reading()
            self.transport.write_eof()
            self.deadline = self.loop.time() + self.limits.linger_seconds
        else:
            self.transport.close()
