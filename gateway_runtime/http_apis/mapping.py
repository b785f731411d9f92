"""Parameter mapping of HTTP APIs: headers, query, path and status appended, overwritten or removed.

Keys are `append|overwrite|remove:header|querystring.{name}`, `overwrite:path` and, of responses, `overwrite:statuscode`. Values are texts with
variables in them; a mapping whose variables have no value is left out. (AWS: http-api-parameter-mapping)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, unquote

from apps.core.json_path import MISSING
from apps.core.selection_expressions import SelectionExpression, Variable
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.context import clean, variable
from gateway_runtime.mapping.json_body import NotJson, read_json
from gateway_runtime.snapshot.stage import Misconfigured
from gateway_runtime.v2.members import member_text

_LARGEST_BODY = 100 * 1024  # bytes in which mappings look for members
_SAFE_IN_PATH = "!$&'()*+,;=:@/-._~"
_SAFE_IN_QUERY = "-._~!'()*"

Query = list[tuple[str, str]]


class Mapped:
    """What a mapping works on: the parts of one message. None in `path` and `status` leaves them."""

    __slots__ = ("headers", "path", "query", "status")

    def __init__(self, headers: Headers, query: Query) -> None:
        self.headers = headers
        self.query = query
        self.path: str | None = None
        self.status: int | None = None


Change = Callable[[Mapped, str], None]


class ParameterMapping:
    """The mappings of an integration's requests, or of one status of its responses."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._changes = [(_change(key), SelectionExpression(value)) for key, value in parameters.items()]
        names = [name for _, value in self._changes for name in value.variables]
        self.needs_body = any(name.startswith(("request.body", "response.body")) for name in names)
        self.changes_query = any("querystring" in key for key in parameters)

    def __bool__(self) -> bool:
        return bool(self._changes)

    def apply(self, message: Mapped, read: Variable) -> None:
        for change, value in self._changes:
            text = value.evaluate(read)
            if text is not None:
                change(message, text)


def _change(key: str) -> Change:
    action, _, target = key.partition(":")
    place, _, name = target.partition(".")
    if place == "header":
        return _header_change(action, name.lower().encode())
    if place == "querystring":
        return _query_change(action, name)
    if key == "overwrite:path":
        return _overwrite_path
    if key == "overwrite:statuscode":
        return _overwrite_status
    raise Misconfigured(f"cannot map to {key!r}")


def _header_change(action: str, name: bytes) -> Change:
    def change(message: Mapped, text: str) -> None:
        if action != "append":
            message.headers = [header for header in message.headers if header[0] != name]
        if action != "remove":
            message.headers.append((name, clean(text).encode("utf-8")))

    return change


def _query_change(action: str, name: str) -> Change:
    def change(message: Mapped, text: str) -> None:
        if action != "append":
            message.query = [pair for pair in message.query if pair[0] != name]
        if action != "remove":
            message.query.append((name, text))

    return change


def _overwrite_path(message: Mapped, text: str) -> None:
    message.path = "/" + quote(text.lstrip("/"), safe=_SAFE_IN_PATH + "%")


def _overwrite_status(message: Mapped, text: str) -> None:
    if text.isascii() and text.isdigit() and 200 <= int(text) <= 599:
        message.status = int(text)


def written_query(query: Query) -> str:
    return "&".join(f"{quote(name, safe=_SAFE_IN_QUERY)}={quote(value, safe=_SAFE_IN_QUERY)}" for name, value in query)


# Variables --------------------------------------------------------------------------------------------


def request_variables(exchange: Exchange, body: bytes, largest: int = _LARGEST_BODY) -> Variable:
    """`request.header|querystring|path|body`, `context` and `stageVariables`. Of a body more than `largest` bytes are not looked at."""
    document = _Document(body, largest)

    def read(name: str) -> str | None:
        place, _, rest = name.partition(".")
        if place != "request":
            return _shared(exchange, place, rest)
        place, _, rest = rest.partition(".")
        if place == "path":
            if not rest:
                return exchange.path
            value = exchange.path_values.get(rest)
            return None if value is None else unquote(value)
        if place == "header":
            return _joined(exchange.request.headers, rest)
        if place == "querystring":
            return ",".join(found) if (found := [text for key, text in exchange.request.query if key == rest]) else None
        return document.member(rest) if place == "body" else None

    return read


def response_variables(exchange: Exchange, headers: Headers, body: bytes) -> Variable:
    """`response.header|body`, `context` and `stageVariables`."""
    document = _Document(body)

    def read(name: str) -> str | None:
        place, _, rest = name.partition(".")
        if place != "response":
            return _shared(exchange, place, rest)
        place, _, rest = rest.partition(".")
        if place == "header":
            return _joined(headers, rest)
        return document.member(rest) if place == "body" else None

    return read


def _shared(exchange: Exchange, place: str, rest: str) -> str | None:
    if place == "stageVariables":
        return exchange.stage_variables().get(rest)
    found = variable(rest) if place == "context" else None
    return None if found is None else found(exchange)


def _joined(headers: Headers, name: str) -> str | None:
    wanted = name.lower().encode()
    found = [value.decode("latin-1") for known, value in headers if known == wanted]
    return ",".join(found) if found else None


class _Document:
    """A body as JSON, read when a mapping first asks for a member of it."""

    __slots__ = ("_body", "_read")

    def __init__(self, body: bytes, largest: int = _LARGEST_BODY) -> None:
        self._body = body[:largest]
        self._read: list[Any] = []

    def member(self, path: str) -> str | None:
        if not path:
            return self._body.decode("utf-8", "replace") or None
        if not self._read:
            try:
                self._read.append(read_json(self._body))
            except NotJson:
                self._read.append(MISSING)
        return member_text(self._read[0], path)
