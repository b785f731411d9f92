"""The way of the console's live client to a stage of a WebSocket API.

A browser cannot choose the headers of a handshake, and its pages connect to no other host; so it connects to the portal, as the person who is
signed in, and the portal connects to the stage. Both sides speak JSON texts:

    browser: {"type": "open", "query": "a=b", "headers": [["name", "value"]], "protocols": ["chat"]}, then
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
from collections.abc import Awaitable, Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import quote, urlsplit

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from apps.control_plane.errors import NotFoundException
from portal.console.gate import console_of
from portal.console.v2_frame import own_url

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Said = dict[str, Any]

MOST_CLIENTS = 32
"""Clients at a time in one process."""
_PATIENCE = 10.0  # seconds, for the browser's first word and for a handshake
_LARGEST = 128 * 1024  # bytes of a message, as the gateway takes it
_FRAME = 32 * 1024
_PATH = re.compile(r"/console/v2/([a-z0-9]{1,10})/stages/([A-Za-z0-9_-]{1,128})/socket/")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNPRINTABLE = re.compile(r"[^\t\x20-\x7e\xa0-\xff]")
_OURS = re.compile(r"host|connection|upgrade|content-length|transfer-encoding|sec-websocket-.*", re.IGNORECASE)
_KEPT_IN_QUERY = "%/:=&?~+!$,;'@()*[]"
_TRY_LATER = 1013

logger = logging.getLogger("gatehouse.console")


class Bridge:
    """The ASGI application for WebSockets of the portal. There is no other than this one."""

    def __init__(self) -> None:
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        url = await _target(scope) if _same_origin(scope) else None
        if url is None:
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        if self._open >= MOST_CLIENTS:
            await send({"type": "websocket.close", "code": _TRY_LATER})
            return
        self._open += 1
        try:
            await _Client(receive, send).run(url)
        except _BrowserLeft:
            logger.debug("a live client left")
        finally:
            self._open -= 1


class _BrowserLeft(Exception):
    """The browser has closed its side."""


class _Client:
    """One browser and its connection to a stage."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def run(self, url: str) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                wanted = await self._next()
            arguments = _handshake(url, wanted)
            connection = await connect(**arguments)
        except InvalidStatus as refused:
            text = (refused.response.body or b"").decode("utf-8", "replace")[:4096]
            await self._end({"type": "refused", "status": refused.response.status_code, "text": text})
        except ValueError as error:
            await self._end({"type": "refused", "status": 0, "text": str(error)})
        except (OSError, TimeoutError, WebSocketException) as error:
            logger.info("a live client could not connect to %s: %s", url, type(error).__name__)
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


def _handshake(url: str, wanted: Said) -> dict[str, Any]:
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
        "uri": f"{url}?{query}" if query else url,
        "additional_headers": headers,
        "subprotocols": protocols or None,
        "user_agent_header": "Gatehouse-console",
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
    own = urlsplit(settings.ENVIRONMENT.portal_url).netloc
    return bool(origin.netloc) and origin.netloc in (headers.get(b"host", b"").decode("latin-1"), own)


@database_sync_to_async
def _target(scope: Scope) -> str | None:
    """The address of the stage that the path names, for a signed-in person who may call it; else None."""
    found = _PATH.fullmatch(scope["path"])
    if found is None:
        return None
    request = _request(scope)
    user = auth.get_user(request)
    console = console_of(request, user) if user.is_authenticated else None
    if console is None or console.second_step_due or console.must_enrol or not console.may_write:
        return None
    try:
        api = console.caller.api(found[1])
    except NotFoundException:
        return None
    if not api.websocket or not api.stages.filter(name=found[2]).exists():
        return None
    return own_url(api, found[2])


def _request(scope: Scope) -> HttpRequest:
    """A request as far as its session goes."""
    try:
        cookies = SimpleCookie(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        cookies = SimpleCookie()
    key = cookies[settings.SESSION_COOKIE_NAME].value if settings.SESSION_COOKIE_NAME in cookies else None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    request.META["REMOTE_ADDR"] = (scope.get("client") or ("",))[0]
    return request
