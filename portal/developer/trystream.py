"""Try-it as it comes: the answer of a call is passed on piece by piece, for as long as somebody reads it.

As in `tryit`, the target is this installation's own gateway. The connection is the caller's own, so that it ends at once when the reader
goes or presses *Stop*; it lasts two minutes and carries 6 MB at most.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
import ssl
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

import httptools

from portal.developer import tryit
from portal.developer.tryit import MAX_ANSWER_BYTES, SHOWN_CHARACTERS, TIMEOUT_SECONDS, Answer, Attempt

STREAM_SECONDS = 120
"""How long an answer may go on. Its beginning has to come as early as any."""
_PIECE = 64 * 1024
_MOST_HEADERS = 64 * 1024

logger = logging.getLogger("gatehouse.try_it")


@dataclass
class Piece:
    """Something that came: the head (`answer` without a body), more `text`, or the end (`answer` with all of it)."""

    kind: str
    answer: Answer | None = None
    text: str = ""


@dataclass
class _Reading:
    """What httptools calls back while it reads one answer."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    fresh: bytearray = field(default_factory=bytearray)
    seen: int = 0
    head: bool = False
    done: bool = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.seen += len(name) + len(value)
        if self.seen > _MOST_HEADERS:
            raise ValueError("headers without end")
        self.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self.head = True

    def on_body(self, body: bytes) -> None:
        self.fresh += body

    def on_message_complete(self) -> None:
        self.done = True


async def stream(attempt: Attempt, base: str) -> AsyncGenerator[Piece]:
    """Call the gateway at `base`, as `tryit.send` does, and yield what comes of it. The last piece is the end, come what may."""
    problem = attempt.problem()
    if problem:
        yield Piece("end", Answer(problem=problem))
        return
    started, reading = time.perf_counter(), _Reading()
    parser = httptools.HttpResponseParser(reading)
    cut = False
    try:
        # No timeout may be running while a piece is handed over: it would end whoever takes it.
        async with aclosing(_pieces(attempt, base, reading, parser, started)) as pieces:
            async for piece in pieces:
                yield piece
        cut = len(reading.body) > MAX_ANSWER_BYTES
    except TimeoutError:
        cut = True
        problem = f"The API did not answer within {TIMEOUT_SECONDS} seconds."
    except (OSError, ValueError, httptools.HttpParserError) as error:
        logger.info("try-it could not call %s: %s", base, type(error).__name__)
        cut = True
        problem = tryit.UNREACHABLE
    if not reading.head:
        yield Piece("end", Answer(problem=problem or tryit.UNREACHABLE))
    else:
        yield Piece("end", _answer(reading, parser, started, cut=cut))


async def _pieces(
    attempt: Attempt, base: str, reading: _Reading, parser: httptools.HttpResponseParser, started: float
) -> AsyncGenerator[Piece]:
    """The head and the text as they come. Raises what went wrong: TimeoutError, OSError, ValueError, HttpParserError."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    told, shown = False, 0
    reader, writer = await asyncio.wait_for(_connect(attempt, base), TIMEOUT_SECONDS)
    try:
        while not reading.done and len(reading.body) <= MAX_ANSWER_BYTES:
            patience = STREAM_SECONDS if told else TIMEOUT_SECONDS
            data = await asyncio.wait_for(reader.read(_PIECE), max(started + patience - time.perf_counter(), 0))
            if not data:
                return
            parser.feed_data(data)
            if reading.head and not told:
                told = True
                yield Piece("head", _answer(reading, parser, started))
            text = decode(bytes(reading.fresh))
            reading.body += reading.fresh
            reading.fresh.clear()
            if text and shown < SHOWN_CHARACTERS:
                yield Piece("text", text=text[: SHOWN_CHARACTERS - shown])
                shown += len(text)
    finally:
        writer.close()


async def _connect(attempt: Attempt, base: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which the request was sent."""
    url = urlsplit(attempt.url(base))
    secure = ssl.create_default_context() if url.scheme == "https" else None
    reader, writer = await asyncio.open_connection(
        url.hostname, url.port or (443 if secure else 80), ssl=secure, limit=_PIECE
    )
    body = attempt.body.encode()
    given = tryit.signed(attempt, base)
    named = {name.lower() for name in given}
    headers = {name: value for name, value in tryit.OWN_HEADERS.items() if name.lower() not in named} | given
    headers |= {"Host": url.netloc, "Connection": "close"}
    if body or attempt.method in {"POST", "PUT", "PATCH"}:
        headers["Content-Length"] = str(len(body))
    target = url.path + (f"?{url.query}" if url.query else "")
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    try:
        writer.write(f"{attempt.method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
        await writer.drain()
    except BaseException:
        writer.close()
        raise
    return reader, writer


def _answer(reading: _Reading, parser: httptools.HttpResponseParser, started: float, *, cut: bool = False) -> Answer:
    status = parser.get_status_code()
    reason = ""
    with suppress(ValueError):
        reason = HTTPStatus(status).phrase
    shown = tryit.shown(bytes(reading.body[:MAX_ANSWER_BYTES]))
    return Answer(
        status=status,
        reason=reason,
        headers=tuple(reading.headers),
        body=shown[:SHOWN_CHARACTERS],
        size=min(len(reading.body), MAX_ANSWER_BYTES),
        milliseconds=round((time.perf_counter() - started) * 1000),
        truncated=cut or len(shown) > SHOWN_CHARACTERS,
    )
