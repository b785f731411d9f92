"""WebSocket APIs as one ASGI callable: a handshake opens a connection, its messages take their routes, and its end is told."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

from gateway_runtime.address import address_of
from gateway_runtime.edge import canonical
from gateway_runtime.edge.body import RequestBody
from gateway_runtime.edge.refusals import AmbiguousRequest, new_request_id
from gateway_runtime.edge.websocket import ABORT
from gateway_runtime.errors import GatewayError, forbidden
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.forwarding import new_extended_id
from gateway_runtime.limits import SOCKETS
from gateway_runtime.ports import Clock
from gateway_runtime.snapshot.snapshot import Current
from gateway_runtime.snapshot.stage import Step
from gateway_runtime.tls.peer import verified_identity
from gateway_runtime.websocket.connection import Connection, GoneAway, TooMuchWaits
from gateway_runtime.websocket.directory import Connections
from gateway_runtime.websocket.event import SocketEvent
from gateway_runtime.websocket.route import CompiledRoute
from gateway_runtime.websocket.stage import WebSocketStage

logger = logging.getLogger("gateway_runtime.websocket")

_UNSUPPORTED_DATA = 1003


class WebSockets:
    """Serves the connections of this process."""

    def __init__(self, current: Current, connections: Connections, clock: Clock) -> None:
        self._current = current
        self._connections = connections
        self._clock = clock

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()  # websocket.connect
        session = _Session(self._current, self._connections, self._clock, scope, receive, send)
        await session.run()


class _Session:
    """One connection from its handshake to its end."""

    def __init__(
        self, current: Current, connections: Connections, clock: Clock, scope: Any, receive: Any, send: Any
    ) -> None:
        self._current = current
        self._connections = connections
        self._clock = clock
        self._scope = scope
        self._receive = receive
        self._send = send
        self._stage: WebSocketStage
        self._first: Exchange
        self._running: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        exchange = self._exchange(b"")
        try:
            exchange.request = canonical.parse(self._scope)
            _check_length(self._scope)
            self._stage = stage = self._locate(exchange)
        except AmbiguousRequest as ambiguous:
            message = "Request-URI Too Long" if ambiguous.status == 414 else None
            refusal = GatewayError("DEFAULT_4XX", status=ambiguous.status, message=message, detail=ambiguous.reason)
            await self._refuse(exchange, refusal)
            return
        except GatewayError as error:
            await self._refuse(exchange, error)
            return
        connection = self._connection(exchange, stage)
        event = exchange.socket = SocketEvent("CONNECT", connection, "$connect")
        await self._take(exchange, stage.connect)
        if exchange.error is not None:
            await self._refuse(exchange, exchange.error)
        else:
            await self._serve(connection, event.subprotocol)

    def _locate(self, exchange: Exchange) -> WebSocketStage:
        request, snapshot = exchange.request, exchange.snapshot
        domain = snapshot.domains.find(request.host)
        if domain is not None and domain.mutual_tls:
            exchange.identity = verified_identity(exchange.scope, domain.trust, exchange.received_at)
        address = address_of(request, domain)
        found = None if address is None else snapshot.websocket_stage(address.api_id, address.stage)
        if address is None or found is None or any(address.segments):
            raise forbidden()
        document = found.http.document
        if domain is None and document.disable_execute_api_endpoint:
            raise forbidden()
        if domain is not None and domain.account_id != document.account_id:
            raise forbidden()
        exchange.path, exchange.base_path = address.path, address.base_path
        exchange.stage = found.http
        return found

    def _connection(self, exchange: Exchange, stage: WebSocketStage) -> Connection:
        agent = (exchange.request.header(b"user-agent") or b"").decode("latin-1")
        connection = Connection(
            self._connections.new_id(), stage.place, exchange.request.client_ip, agent[:256], self._send, self._clock
        )
        connection.on_close = self._close
        self._first = exchange
        return connection

    def _exchange(self, body: bytes) -> Exchange:
        exchange = Exchange(self._scope, None, None)
        exchange.started = self._clock.monotonic()
        exchange.received_at = self._clock.time()
        exchange.request_id = new_request_id()
        exchange.extended_id = new_extended_id()
        exchange.snapshot = self._current.snapshot
        exchange.body = RequestBody([], None)  # type: ignore[arg-type]
        exchange.body.replace(body)
        return exchange

    def _event(self, kind: str, connection: Connection, body: bytes = b"") -> tuple[Exchange, SocketEvent]:
        """A later event. What the handshake showed of the caller goes on to hold; the configuration is that of now."""
        exchange, first = self._exchange(body), self._first
        exchange.request, exchange.path, exchange.base_path = first.request, first.path, first.base_path
        exchange.authorizer, exchange.identity, exchange.entitlement = (
            first.authorizer, first.identity, first.entitlement,
        )  # fmt: skip
        now = exchange.snapshot.websocket_stage(self._stage.place[0].lower(), self._stage.place[1])
        if now is not None:
            self._stage = now
        exchange.stage = self._stage.http
        message_id = new_extended_id() if kind == "MESSAGE" else None
        exchange.socket = event = SocketEvent(kind, connection, "$default", message_id)
        return exchange, event

    # The life of a connection
    async def _serve(self, connection: Connection, subprotocol: str | None) -> None:
        offered = self._scope.get("subprotocols") or ()
        # One that the client did not offer would fail its handshake.
        chosen = subprotocol if subprotocol in offered else None
        self._connections.add(connection)
        try:
            await self._send({"type": "websocket.accept", "subprotocol": chosen})
            code, reason = await self._listen(connection)
        finally:
            connection.gone()
            self._connections.remove(connection)
            for task in self._running:
                task.cancel()
        exchange, event = self._event("DISCONNECT", connection)
        event.route_key = "$disconnect"
        event.disconnect_code, event.disconnect_reason = code, reason
        if self._stage.disconnect is not None:
            await self._take(exchange, self._stage.disconnect)

    async def _listen(self, connection: Connection) -> tuple[int, str]:
        """Take messages, several at once while their back ends work; how the connection ended."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return message.get("code") or 1005, message.get("reason") or ""
            connection.touch()
            text = message.get("text")
            if text is None:  # as on AWS; clients encode what is binary
                connection.close(_UNSUPPORTED_DATA, "Binary messages are not supported")
                continue
            body = text.encode()
            while len(self._running) >= SOCKETS.messages_at_once:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            task = asyncio.create_task(self._message(connection, body))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _message(self, connection: Connection, body: bytes) -> None:
        exchange, event = self._event("MESSAGE", connection, body)
        route: CompiledRoute | None = None
        try:
            route = self._stage.route(exchange, event)
        except GatewayError as error:
            exchange.error = error
        await self._take(exchange, route)
        try:
            if exchange.error is not None:
                await connection.post(_error_frame(exchange, connection))
            elif route is not None and route.is_two_way and event.reply:
                await connection.post(event.reply)
        except (GoneAway, TooMuchWaits):
            logger.info("a reply finds nobody", extra={"request_id": exchange.request_id})

    async def _take(self, exchange: Exchange, route: CompiledRoute | None) -> None:
        """Walk a route's steps, then those that close also after a refusal. A `$connect` without a route is open."""
        exchange.status = 200
        if route is not None and exchange.error is None:
            exchange.method = route.method
            watch = route.method.watch
            try:
                await _walk(exchange, route.method.steps if exchange.started < watch.due else watch.begin(exchange))
            except GatewayError as error:
                exchange.error = error
                if error.detail:
                    logger.info("%s: %s", error.name, error.detail, extra={"request_id": exchange.request_id})
            except Exception:
                logger.exception("a phase failed", extra={"request_id": exchange.request_id})
                exchange.error = GatewayError("DEFAULT_5XX", detail="unexpected exception")
        if exchange.error is not None:
            exchange.status = exchange.error.status
        exchange.latency = self._clock.monotonic() - exchange.started
        stage = self._stage
        for step in stage.closing if exchange.error is None and not exchange.watched else stage.told:
            try:
                step(exchange)
            except Exception:
                logger.exception("a closing phase failed", extra={"request_id": exchange.request_id})

    # Ends
    async def _refuse(self, exchange: Exchange, error: GatewayError) -> None:
        """Answer the handshake with an HTTP response in place of a connection."""
        body = json.dumps(
            {"message": error.told(), "connectionId": _connection_id(exchange), "requestId": exchange.request_id}
        )
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"x-amzn-errortype", error.error_type.encode()),
            (b"x-amzn-requestid", exchange.request_id.encode()),
            (b"x-amz-apigw-id", exchange.extended_id.encode()),
            *error.headers,
        ]
        await self._send({"type": "websocket.http.response.start", "status": error.status, "headers": headers})
        await self._send({"type": "websocket.http.response.body", "body": body.encode()})

    def _close(self, code: int, reason: str) -> None:
        self._closing = asyncio.ensure_future(self._send_close(code, reason))

    async def _send_close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(SOCKETS.send_seconds):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except (TimeoutError, OSError) as error:
            logger.info("a connection does not close in order: %s", error)
            abort = self._scope.get(ABORT)
            if abort is not None:
                abort()


async def _walk(exchange: Exchange, steps: Sequence[Step]) -> None:
    for step in steps:
        exchange.stopped_by = step
        waiting = step(exchange)
        if waiting is not None:
            await waiting


def _check_length(scope: Any) -> None:
    path, query = scope["raw_path"].partition(b"?")[0], scope["query_string"]
    if len(path) + bool(query) + len(query) > SOCKETS.target_bytes:
        raise AmbiguousRequest("target too long", 414)


def _connection_id(exchange: Exchange) -> str:
    return "" if exchange.socket is None else exchange.socket.connection.id


def _error_frame(exchange: Exchange, connection: Connection) -> bytes:
    """What the client is sent when its message could not be served."""
    error = exchange.error
    assert error is not None
    told = {"message": error.message, "connectionId": connection.id, "requestId": exchange.request_id}
    return json.dumps(told).encode()
