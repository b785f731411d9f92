"""What happens on a connection: it opens, a message comes, it closes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from apps.core.json_path import MISSING
from gateway_runtime.mapping.json_body import NotJson, read_json
from gateway_runtime.v2.members import member_text

if TYPE_CHECKING:
    from gateway_runtime.exchange import Exchange
    from gateway_runtime.websocket.connection import Connection

_UNREAD = object()


class SocketEvent:
    """One event. `kind` is CONNECT, MESSAGE or DISCONNECT; `reply` is what an integration gave to be sent back."""

    __slots__ = ("_document", "connection", "disconnect_code", "disconnect_reason", "kind", "message_id",
                 "reply", "route_key", "subprotocol")  # fmt: skip

    def __init__(self, kind: str, connection: Connection, route_key: str, message_id: str | None = None) -> None:
        self.kind: str = kind
        self.connection: Connection = connection
        self.route_key: str = route_key
        self.message_id: str | None = message_id
        self.reply: bytes = b""
        self.subprotocol: str | None = None
        self.disconnect_code: int | None = None
        self.disconnect_reason: str = ""
        self._document: Any = _UNREAD

    def document(self, body: bytes) -> Any:
        """The message as JSON, read once; MISSING for one that is none."""
        if self._document is _UNREAD:
            try:
                self._document = read_json(body)
            except NotJson:
                self._document = MISSING
        return self._document


def request_variable(exchange: Exchange) -> Callable[[str], str | None]:
    """The variables that expressions over a request see: its body, headers and query, `context` and `stageVariables`."""
    from gateway_runtime.mapping.context import variable as context_variable

    def read(name: str) -> str | None:
        place, _, rest = name.partition(".")
        if place == "stageVariables":
            return exchange.stage_variables().get(rest)
        if place == "context":
            found = context_variable(rest)
            return None if found is None else found(exchange)
        place, _, rest = rest.partition(".") if place in ("request", "route") else ("", "", "")
        if place == "body":
            event = exchange.socket
            return None if event is None else member_text(event.document(exchange.body.whole or b""), rest)
        if place == "header":
            value = exchange.request.header(rest.lower().encode())
            return None if value is None else value.decode("latin-1")
        if place == "querystring":
            return next((value for known, value in exchange.request.query if known == rest), None)
        return None

    return read
