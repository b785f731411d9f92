"""Requests by the edge and the fast lane, without sockets: the bytes of a client in, those of the gateway out."""

from __future__ import annotations

import asyncio
from typing import Any

import httptools
import uvicorn
from uvicorn.server import ServerState

from gateway_runtime.edge.canonical import NAMES_KEY
from gateway_runtime.edge.protocol import LANE_KEY, EdgeProtocol
from gateway_runtime.gateway import Gateway
from gateway_runtime.lane import Lane

_OF_THE_EDGE = {"connection", "date"}  # what the edge adds to an answer


class MemoryTransport(asyncio.Transport):
    """Keeps what is written, and tells when the connection closes."""

    def __init__(self, scope: dict[str, Any], received: asyncio.Event) -> None:
        super().__init__({"peername": scope["client"], "sockname": scope["server"]})
        self._received = received
        self.written = bytearray()
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += data
        self._received.set()

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True
        self._received.set()

    def abort(self) -> None:
        self.close()

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """There is no more to read than what was given."""

    def resume_reading(self) -> None:
        """There is no more to read than what was given."""


class AnswerReader:
    """Reads one answer from the bytes of the gateway."""

    def __init__(self) -> None:
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.complete = False
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.decode(), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


async def through_the_edge(gateway: Gateway, scope: dict[str, Any], pieces: list[bytes]) -> AnswerReader:
    """Send one request over a connection of its own and read its answer."""
    received = asyncio.Event()
    state = ServerState()
    config = uvicorn.Config(gateway, ws="none", lifespan="off", log_config=None, proxy_headers=False)
    config.load()
    loop = asyncio.get_running_loop()
    protocol = EdgeProtocol(config, state, {LANE_KEY: Lane(gateway, loop), **scope["state"]})
    transport = MemoryTransport(scope, received)
    protocol.connection_made(transport)
    # As the event loop reads: outside any task.
    for data in _request(scope, pieces):
        loop.call_soon(protocol.data_received, data)
    reader = AnswerReader()
    taken = 0
    try:
        async with asyncio.timeout(5):
            while not reader.complete and not transport.closed:
                await received.wait()
                received.clear()
                fresh, taken = bytes(transport.written[taken:]), len(transport.written)
                reader.parser.feed_data(fresh)
                if scope["method"] == "HEAD" and b"\r\n\r\n" in transport.written:
                    break
    finally:
        transport.closed = True
        protocol.connection_lost(None)
    async with asyncio.timeout(5):
        while state.tasks:
            await asyncio.sleep(0.001)
    return reader


def _request(scope: dict[str, Any], pieces: list[bytes]) -> list[bytes]:
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    lines = [b"%b %b%b HTTP/1.1" % (scope["method"].encode(), scope["raw_path"], query)]
    values = [value for _, value in scope["headers"]]
    lines += [b"%b: %b" % header for header in zip(scope[NAMES_KEY], values, strict=True)]
    chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
    bodies = (
        [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece] + [b"0\r\n\r\n"] if chunked else pieces
    )
    return [b"\r\n".join(lines) + b"\r\n\r\n", *(body for body in bodies if body)]


def answered(reader: AnswerReader) -> tuple[int, list[tuple[str, str]], bytes, bool]:
    """Status, headers without the edge's own, body, and whether it is complete."""
    headers = [header for header in reader.headers if header[0] not in _OF_THE_EDGE]
    return reader.parser.get_status_code(), headers, reader.body, reader.complete
