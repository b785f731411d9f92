"""The way of a page's live client to a stage of a WebSocket API: of the console's, and of the developer portal's try-it.

A browser cannot choose the headers of a handshake, and its pages connect to no other host; so it connects to the portal, as whoever has the
page open, and the portal connects to the stage. Both sides speak JSON texts:

    browser: {"type": "open", "query": "a=b", "headers": [["name", "value"]], "protocols": ["chat"], …}, then
             {"type": "send", "text": "…"}, {"type": "send", "base64": "…"} and {"type": "close"}
    portal:  {"type": "opened", "protocol": "chat"} or {"type": "refused", "status": 403, "text": "…"}, then
             {"type": "message", "text": "…"}, {"type": "message", "base64": "…"} and {"type": "closed", "code": 1000, "reason": ""}
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Said = dict[str, Any]

MOST_CLIENTS = 32
"""Clients at a time of one room in one process."""
MOST_OF_ONE_GUEST = 8
_PATIENCE = 10.0  # seconds, for the browser's first word and for a handshake
_LARGEST = 128 * 1024  # bytes of a message, as the gateway takes it
_FRAME = 32 * 1024
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNPRINTABLE = re.compile(r"[^\t\x20-\x7e\xa0-\xff]")
_OURS = re.compile(r"host|connection|upgrade|content-length|transfer-encoding|sec-websocket-.*", re.IGNORECASE)
_KEPT_IN_QUERY = "%/:=&?~+!$,;'@()*[]"
_TRY_LATER = 1013

logger = logging.getLogger("gatehouse.console")


async def _nothing_besides(said: Said, uri: str) -> list[tuple[str, str]]:
    return []


@dataclass(frozen=True)
class Place:
    """A stage that a page may connect to. `guest` is who asks: the portal holds so many connections for one.

    `headers` adds to the handshake at an address what the page's first words ask for; it raises ValueError for what cannot be.
    """

    url: str
    guest: str
    headers: Callable[[Said, str], Awaitable[list[tuple[str, str]]]] = _nothing_besides
    agent: str = "Gatehouse-console"


Find = Callable[[Scope], Awaitable[Place | None]]
"""The place that the path of a WebSocket names, for who asks; None where there is none."""


class Bridge:
    """The ASGI application for WebSockets of the portal. There is no other than this one; each room brings a `Find`."""

    def __init__(self, *rooms: Find) -> None:
        self._rooms = rooms
        self._open: Counter[Find | str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        for room in self._rooms if _same_origin(scope) else ():
            place = await room(scope)
            if place is not None:
                await send({"type": "websocket.accept"})
                await self._serve(room, place, receive, send)
                return
        await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, room: Find, place: Place, receive: Receive, send: Send) -> None:
        if self._open[room] >= MOST_CLIENTS or self._open[place.guest] >= MOST_OF_ONE_GUEST:
            await send({"type": "websocket.close", "code": _TRY_LATER})
            return
        held: tuple[Find | str, ...] = (room, place.guest)
        self._open.update(held)
        try:
            await _Client(receive, send).run(place)
        except _BrowserLeft:
            logger.debug("a live client left")
        finally:
            self._open.subtract(held)
            # Counters keep what is zero: guests would pile up.
            self._open = +self._open


class _BrowserLeft(Exception):
    """The browser has closed its side."""


class _Client:
    """One browser and its connection to a stage."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def run(self, place: Place) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                wanted = await self._next()
            arguments = _handshake(place, wanted)
            arguments["additional_headers"] += await place.headers(wanted, arguments["uri"])
            connection = await connect(**arguments)
        except InvalidStatus as refused:
            text = (refused.response.body or b"").decode("utf-8", "replace")[:4096]
            await self._end({"type": "refused", "status": refused.response.status_code, "text": text})
        except ValueError as error:
            await self._end({"type": "refused", "status": 0, "text": str(error)})
        except (OSError, TimeoutError, WebSocketException) as error:
            logger.info("a live client could not connect to %s: %s", place.url, type(error).__name__)
            text = "The gateway could not be reached. It may be restarting: try again in a moment."
            await self._end({"type": "refused", "status": 0, "text": text})
        else:
            await self._relay(connection)

    async def _relay(self, connection: ClientConnection) -> None:
        """Carry messages both ways until either side ends."""
        await self._tell({"type": "opened", "protocol": connection.subprotocol or ""})
        tasks = [asyncio.create_task(self._down(connection)), asyncio.create_task(self._up(connection))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            await connection.close()
        if any(isinstance(outcome, _BrowserLeft) for outcome in outcomes):
            raise _BrowserLeft
        code, reason = connection.close_code or 1006, connection.close_reason or ""
        await self._end({"type": "closed", "code": code, "reason": reason})

    async def _down(self, connection: ClientConnection) -> None:
        async for message in connection:
            if isinstance(message, str):
                await self._tell({"type": "message", "text": message})
            else:
                await self._tell({"type": "message", "base64": base64.b64encode(message).decode()})

    async def _up(self, connection: ClientConnection) -> None:
        while (said := await self._next())["type"] != "close":
            try:
                await connection.send(_frames(said))
            except ValueError as error:
                await self._tell({"type": "unsent", "text": str(error)})
            except ConnectionClosed:
                return

    async def _next(self) -> Said:
        """What the browser says next; anything that is not ours ends the conversation."""
        event = await self._receive()
        if event["type"] != "websocket.receive":
            raise _BrowserLeft
        try:
            said = json.loads(event.get("text") or "")
        except ValueError:
            said = None
        if not isinstance(said, dict) or not isinstance(said.get("type"), str):
            raise _BrowserLeft
        return said

    async def _tell(self, said: Said) -> None:
        await self._send({"type": "websocket.send", "text": json.dumps(said)})

    async def _end(self, said: Said) -> None:
        await self._tell(said)
        await self._send({"type": "websocket.close", "code": 1000})


def _handshake(place: Place, wanted: Said) -> dict[str, Any]:
    """The arguments of `connect`; raises ValueError for what cannot be sent."""
    headers: list[tuple[str, str]] = []
    for pair in _list(wanted, "headers"):
        name, value = (str(part) for part in (pair if isinstance(pair, list) else ()))
        if not _HEADER_NAME.fullmatch(name) or _UNPRINTABLE.search(value):
            raise ValueError(f"“{name}” is no header that can be sent.")
        if _OURS.fullmatch(name):
            raise ValueError(f"The header {name} belongs to the handshake itself.")
        headers.append((name, value))
    protocols = [str(name) for name in _list(wanted, "protocols")]
    if not all(_HEADER_NAME.fullmatch(name) for name in protocols):
        raise ValueError("A subprotocol has letters, digits and hyphens.")
    query = quote(str(wanted.get("query") or "").removeprefix("?"), safe=_KEPT_IN_QUERY)
    return {
        "uri": f"{place.url}?{query}" if query else place.url,
        "additional_headers": headers,
        "subprotocols": protocols or None,
        "user_agent_header": place.agent,
        "open_timeout": _PATIENCE,
        "close_timeout": 2.0,
        "max_size": 1024 * 1024,
        "proxy": None,
    }


def _list(wanted: Said, name: str) -> list[Any]:
    given = wanted.get(name) or []
    return given if isinstance(given, list) else []


def _frames(said: Said) -> list[str] | list[bytes]:
    """A message in frames that the gateway takes; raises ValueError for what is none or too long."""
    text, encoded = said.get("text"), said.get("base64")
    if isinstance(text, str):
        if len(text.encode()) > _LARGEST:
            raise ValueError("A message has at most 128 KB.")
        # At most four bytes a character.
        return [text[at : at + _FRAME // 4] for at in range(0, len(text), _FRAME // 4)] or [""]
    try:
        data = base64.b64decode(encoded, validate=True) if isinstance(encoded, str) else None
    except binascii.Error:
        data = None
    if data is None:
        raise ValueError("This is no base64.")
    if len(data) > _LARGEST:
        raise ValueError("A message has at most 128 KB.")
    return [data[at : at + _FRAME] for at in range(0, len(data), _FRAME)] or [b""]


def _same_origin(scope: Scope) -> bool:
    """Whether a page of the portal asks: cookies alone would let any page of the same site in."""
    headers = dict(scope["headers"])
    origin = urlsplit(headers.get(b"origin", b"").decode("latin-1"))
    host = headers.get(b"host", b"").decode("latin-1")
    if not origin.netloc or origin.netloc not in (host, urlsplit(settings.ENVIRONMENT.portal_url).netloc):
        return False
    # As for pages: a name that the operator does not let in is none of the portal's.
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


def request_of(scope: Scope) -> HttpRequest:
    """A request as far as its session and its person go; asks the database."""
    try:
        cookies = SimpleCookie(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        cookies = SimpleCookie()
    key = cookies[settings.SESSION_COOKIE_NAME].value if settings.SESSION_COOKIE_NAME in cookies else None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    request.META["REMOTE_ADDR"] = (scope.get("client") or ("",))[0]
    request.user = auth.get_user(request)
    return request
