"""A bound on request bodies. Django takes a whole body to disk before any view can refuse it, whoever sent it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from apps.control_plane.wire.errors import RequestEntityTooLargeException
from apps.control_plane.wire.messages import largest_body
from apps.control_plane.wire.serializer import serialize_error

Scope = dict[str, Any]
Event = Mapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class BodyLimit:
    """ASGI middleware: a body of more than `largest` bytes (by default what its path takes) is answered 413 and not read to its end."""

    def __init__(self, app: Application, largest: int | None = None) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = self._largest or largest_body(scope.get("path", ""))
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if stated.isdigit() and int(stated) > largest:
            await self._refuse(send, largest)
            return

        read, answered = 0, False

        async def bounded() -> Event:
            nonlocal read
            event = await receive()
            if event["type"] == "http.request":
                read += len(event.get("body", b""))
            return {"type": "http.disconnect"} if read > largest else event

        async def watched(event: Event) -> None:
            nonlocal answered
            answered = True
            await send(event)

        await self._app(scope, bounded, watched)
        if read > largest and not answered:
            await self._refuse(send, largest)

    async def _refuse(self, send: Send, largest: int) -> None:
        response = serialize_error(RequestEntityTooLargeException(f"Request Too Large: at most {largest} bytes"))
        headers = {**response.headers, "Content-Type": response.content_type, "Connection": "close"}
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            }
        )
        await send({"type": "http.response.body", "body": response.body})
