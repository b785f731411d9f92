"""An edge server in the test's own event loop, and the bytes of a client."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from gateway_runtime.edge.body import RequestBody
from gateway_runtime.edge.protocol import LANE_KEY, EdgeProtocol
from gateway_runtime.edge.turn import Turn
from gateway_runtime.limits import EdgeLimits

IN_LANE = os.environ.get("GATEHOUSE_TESTED_BY") == "lane"  # the same stories, past ASGI


class Application:
    """Answers with the method, target and body it got, and remembers what reached it."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.hold = asyncio.Event()
        self.hold.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached.append(f"{scope.get('method', scope['type'])} {scope['raw_path'].decode()}")
        await self.hold.wait()
        body = await RequestBody(scope["headers"], receive).read()
        answer = b"%b %b %b" % (scope["method"].encode(), scope["raw_path"], body)
        headers = [(b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def take(self, turn: Turn, tasks: set[Any]) -> None:
        """The same in the fast lane: at once where nothing is waited for."""
        request = turn.request
        answer = f"{request.method} {request.path} ".encode()
        if not turn.more_body and not turn.buffered() and self.hold.is_set() and turn.answer(200, [], answer):
            self.reached.append(answer.decode().rstrip())
        else:
            turn.go_on(self, turn.make_scope(), turn.receive, turn.send)


class Edge:
    """A running server; `talk` sends bytes and returns all that comes back until the server closes or is quiet."""

    def __init__(self, port: int, state: ServerState) -> None:
        self.port = port
        self.state = state

    @property
    def connection(self) -> EdgeProtocol:
        """The one connection that is open."""
        (connection,) = self.state.connections
        assert isinstance(connection, EdgeProtocol)
        return connection

    def drain(self) -> None:
        """What the server does to its connections when it is told to end."""
        for connection in list(self.state.connections):
            connection.shutdown()

    async def talk(self, *pieces: bytes, until: bytes | None = None) -> tuple[bytes, bool]:
        """The answer, and whether the server closed the connection. Without `until`, waits for the close."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        received = b""
        try:
            async with asyncio.timeout(5):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                while data := await reader.read(65536):
                    received += data
                    if until is not None and received.endswith(until):
                        return received, False
            return received, True
        finally:
            writer.close()


@asynccontextmanager
async def edge_server(
    app: Any,
    limits: EdgeLimits | None = None,
    lane: Callable[[Turn, set[Any]], None] | None = None,
    **shared: Any,
) -> AsyncIterator[Edge]:
    """Serve an application; limits may be tightened for the test. `lane` takes the requests in the application's place, `shared` is
    in the server's state."""
    protocol = type("TestedProtocol", (EdgeProtocol,), {"limits": limits}) if limits else EdgeProtocol
    config = uvicorn.Config(app, ws="websockets-sansio", lifespan="off", log_config=None, proxy_headers=False)
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"Mon, 23 Nov 2026 12:00:00 GMT")]
    listener = socket.create_server(("127.0.0.1", 0))
    if lane is None and IN_LANE and isinstance(app, Application):
        lane = app.take
    if lane is not None:
        shared[LANE_KEY] = lane
    server = await asyncio.get_running_loop().create_server(lambda: protocol(config, state, shared), sock=listener)
    try:
        yield Edge(listener.getsockname()[1], state)
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        for task in tuple(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)
