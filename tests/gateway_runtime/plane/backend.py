"""A back end on a real socket: remembers requests, answers what the story tells it to."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Received:
    """One request as it arrived."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known == name), None)


@dataclass
class Answer:
    """What to answer. `raw` replaces everything; `before` is awaited first."""

    status: int = 200
    body: bytes = b'{"from":"backend"}'
    headers: list[tuple[str, str]] = field(default_factory=lambda: [("Content-Type", "application/json")])
    raw: bytes | None = None
    before: Callable[[], Awaitable[Any]] | None = None
    close: bool = False


class Backend:
    """`requests` are in the order they came; `answer` is given to each, or `choose` decides by the request."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.requests: list[Received] = []
        self.answer = Answer()
        self.choose: Callable[[Received], Answer] | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Backend:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def last(self) -> Received:
        return self.requests[-1]

    def answers(self, status: int = 200, body: bytes | str | dict[str, Any] = b"", **headers: str) -> None:
        """Answer this from now on; `_` in header names stands for `-`."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body.encode() if isinstance(body, str) else body
        named = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        self.answer = Answer(status, data, list(named.items()))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the gateway closed the connection
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")[:-2]
        method, target, _ = lines[0].split(" ")
        headers = [(line.partition(":")[0].lower(), line.partition(":")[2].strip()) for line in lines[1:]]
        received = Received(method, target, headers, await self._body(reader, dict(headers)))
        self.requests.append(received)
        answer = self.choose(received) if self.choose else self.answer
        if answer.before is not None:
            await answer.before()
        if answer.raw is not None:
            writer.write(answer.raw)
        else:
            text = f"HTTP/1.1 {answer.status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
            body = b"" if method == "HEAD" or answer.status in (204, 304) else answer.body
            length = "" if answer.status in (204, 304) else f"Content-Length: {len(answer.body)}\r\n"
            writer.write(f"{text}{length}\r\n".encode() + body)
        await writer.drain()
        return not answer.close

    @staticmethod
    async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await reader.readexactly(int(headers.get("content-length", 0)))
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
        return body
