"""The management port: `/live`, `/ready` and `/metrics` for operators, on loopback unless told otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_SECONDS = 5.0
_CONNECTIONS = 64

Answer = tuple[int, str, str]  # status, content type, body
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class ManagementServer:
    """One request per connection, GET only, bounded in number and time."""

    def __init__(self, routes: dict[str, Callable[[], Answer]]) -> None:
        self._routes = routes
        self._open = 0
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; the port taken, for port 0."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=8192)
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= _CONNECTIONS:
                async with asyncio.timeout(_SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self._answer(head))
                    await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client left or sent no request: there is nobody to answer
        finally:
            self._open -= 1
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(words) != 3:
            status, kind, text = 400, "text/plain", "bad request\n"
        elif words[0] != "GET":
            status, kind, text = 405, "text/plain", "only GET\n"
        else:
            route = self._routes.get(words[1].partition("?")[0])
            status, kind, text = route() if route else (404, "text/plain", "not found\n")
        body = text.encode()
        return (
            f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: {kind}; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        ).encode() + body
