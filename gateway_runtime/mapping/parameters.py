"""Sources of parameter mappings: `method.request.header.X`, `context.requestId`, `stageVariables.v`, `'literal'` and the like."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.context import variable
from gateway_runtime.mapping.json_path import as_text, compile_path
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured, StageSite

if TYPE_CHECKING:
    from collections.abc import Iterable


class RequestSource(NamedTuple):
    """Where a request parameter comes from. `read` is given the exchange and the body's text ("" unless `needs_body`) and gives all values,
    decoded. `raw_path` names a path parameter whose spelling can be kept as sent."""

    read: Callable[[Exchange, str], list[str]]
    needs_body: bool = False
    raw_path: str | None = None


class ResponseSource(NamedTuple):
    """Where a response parameter comes from: `read` is given the exchange and the back end's body as text."""

    read: Callable[[Exchange, str], list[str]]
    needs_body: bool = False


def request_source(expression: str, site: MethodSite | StageSite) -> RequestSource:
    """Compile the right side of a request mapping. Raises Misconfigured."""
    shared = _shared_source(expression, site)
    if shared is not None:
        return RequestSource(shared)
    place, _, name = expression.removeprefix("method.request.").partition(".")
    if expression.startswith("method.request."):
        if place == "body":
            return RequestSource(_body_reader(name), needs_body=True)
        if name and place in _REQUEST_READERS:
            return RequestSource(_REQUEST_READERS[place](name), raw_path=name if place == "path" else None)
    raise Misconfigured(f"cannot map from {expression!r}")


def response_source(expression: str, site: MethodSite) -> ResponseSource:
    """Compile the right side of a response mapping. Raises Misconfigured."""
    shared = _shared_source(expression, site)
    if shared is not None:
        return ResponseSource(shared)
    place, _, name = expression.removeprefix("integration.response.").partition(".")
    if expression.startswith("integration.response."):
        if place == "body":
            return ResponseSource(_body_reader(name), needs_body=True)
        if name and place in ("header", "multivalueheader"):
            return ResponseSource(_response_header(name, last=place == "header"))
    raise Misconfigured(f"cannot map from {expression!r}")


def _shared_source(expression: str, site: MethodSite | StageSite) -> Callable[[Exchange, str], list[str]] | None:
    """Literals, stage variables and context variables, which both directions know."""
    if len(expression) >= 2 and expression[0] == expression[-1] == "'":
        literal = [expression[1:-1]]
        return lambda exchange, body: literal
    if expression.startswith("stageVariables."):
        value = site.stage.variables.get(expression.removeprefix("stageVariables."))
        values = [] if value is None else [value]
        return lambda exchange, body: values
    if expression.startswith("context."):
        read = variable(expression.removeprefix("context."))
        if read is None:
            raise Misconfigured(f"unknown variable {expression!r}")
        return lambda exchange, body: _some(read(exchange))
    return None


def _some(value: str | None) -> list[str]:
    return [] if value is None else [value]


def _header(name: str, *, last: bool) -> Callable[[Exchange, str], list[str]]:
    lower = name.lower().encode()

    def read(exchange: Exchange, body: str) -> list[str]:
        return _pick((value.decode("latin-1") for known, value in exchange.request.headers if known == lower), last)

    return read


def _query(name: str, *, last: bool) -> Callable[[Exchange, str], list[str]]:
    def read(exchange: Exchange, body: str) -> list[str]:
        return _pick((value for known, value in exchange.request.query if known == name), last)

    return read


def _path(name: str) -> Callable[[Exchange, str], list[str]]:
    def read(exchange: Exchange, body: str) -> list[str]:
        value = exchange.path_values.get(name)
        return [] if value is None else [unquote(value)]

    return read


def _response_header(name: str, *, last: bool) -> Callable[[Exchange, str], list[str]]:
    lower = name.lower().encode()

    def read(exchange: Exchange, body: str) -> list[str]:
        answered = exchange.upstream or exchange.function
        if answered is None:
            return []
        return _pick((value.decode("latin-1") for known, value in answered.headers if known == lower), last)

    return read


def _pick(values: Iterable[str], last: bool) -> list[str]:
    found = list(values)
    return found[-1:] if last else found


def _body_reader(path: str) -> Callable[[Exchange, str], list[str]]:
    if not path:
        return lambda exchange, body: [body] if body else []
    try:
        read_path = compile_path(path)
    except ValueError as error:
        raise Misconfigured(str(error)) from None

    def read(exchange: Exchange, body: str) -> list[str]:
        return _some(as_text(read_path(_parsed(body))))

    return read


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


_REQUEST_READERS: dict[str, Callable[[str], Callable[[Exchange, str], list[str]]]] = {
    "header": lambda name: _header(name, last=True),
    "multivalueheader": lambda name: _header(name, last=False),
    "querystring": lambda name: _query(name, last=True),
    "multivaluequerystring": lambda name: _query(name, last=False),
    "path": _path,
}
