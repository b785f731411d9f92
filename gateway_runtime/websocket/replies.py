"""What a back end gave for an event: whether a connection may open, and what goes back to the client."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from apps.core.json_path import MISSING
from apps.core.selection_expressions import SelectionExpression
from apps.core.v2_documents import V2Integration, V2IntegrationResponse
from gateway_runtime.errors import GatewayError, bad_response
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.invoking import error_message, function_failed
from gateway_runtime.integrations.lambda_proxy import malformed
from gateway_runtime.integrations.proxy_result import MalformedResult, read_result
from gateway_runtime.mapping.json_body import NotJson, read_json
from gateway_runtime.mapping.responses import full_match
from gateway_runtime.mapping.templates import Template
from gateway_runtime.snapshot.stage import Misconfigured
from gateway_runtime.upstream.errors import IntegrationTimedOut, UpstreamError
from gateway_runtime.v2.members import member_text
from gateway_runtime.websocket.event import request_variable

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import Step
    from gateway_runtime.v2.route_site import RouteSite

_PROTOCOL = b"sec-websocket-protocol"
_SUBPROTOCOL = "route.response.header.sec-websocket-protocol"


def map_reply(site: RouteSite) -> Step | None:
    """Set the event's reply and the exchange's status from what the integration gave."""
    integration = site.integration
    if integration is None:
        return _accepted
    if integration.type == "AWS_PROXY":
        return _from_function
    if integration.type == "HTTP_PROXY":
        return _passed_through
    choose = _compile_responses(integration)

    async def step(exchange: Exchange) -> None:
        body = await _answered_body(exchange)
        exchange.status = exchange.integration_status or 200
        write = choose(exchange, body)
        _reply(exchange, body if write is None else write(exchange, body))

    return step


def _accepted(exchange: Exchange) -> None:
    exchange.status = 200


def _reply(exchange: Exchange, body: bytes) -> None:
    assert exchange.socket is not None
    exchange.socket.reply = body


def _from_function(exchange: Exchange) -> None:
    """A function answers as behind a REST API: status, headers and body."""
    answer, event = exchange.function, exchange.socket
    assert answer is not None
    assert event is not None
    if answer.error is not None:
        raise function_failed(error_message(answer))
    if event.kind == "DISCONNECT" or not answer.payload.strip() or answer.payload.strip() == b"null":
        exchange.status = 200
        return
    try:
        result = read_result(answer.payload)
        body = base64.b64decode(result.body, validate=True) if result.encoded else result.body.encode()
    except MalformedResult as error:
        raise malformed(error) from None
    except (binascii.Error, ValueError):
        raise malformed(MalformedResult("the body is no base64")) from None
    exchange.status = exchange.function_status = result.status
    event.subprotocol = next((value.decode("latin-1") for name, value in result.headers if name == _PROTOCOL), None)
    _reply(exchange, body)


async def _passed_through(exchange: Exchange) -> None:
    body = await _answered_body(exchange)
    exchange.status = exchange.integration_status
    upstream, event = exchange.upstream, exchange.socket
    if upstream is not None and event is not None:
        event.subprotocol = next(
            (value.decode("latin-1") for name, value in upstream.headers if name == _PROTOCOL), None
        )
    _reply(exchange, body)


async def _answered_body(exchange: Exchange) -> bytes:
    """What the back end answered, whole. Raises the gateway's error for what went wrong."""
    if exchange.function is not None:
        return exchange.function.payload
    upstream = exchange.upstream
    if upstream is None:
        return b""  # a mock has none
    try:
        return await upstream.read()
    except IntegrationTimedOut as error:
        raise GatewayError("INTEGRATION_TIMEOUT", detail=str(error)) from None
    except UpstreamError as error:
        raise bad_response(str(error)) from None


# Integration responses --------------------------------------------------------------------------------

Write = Callable[[Exchange, bytes], bytes]


def _compile_responses(integration: V2Integration) -> Callable[[Exchange, bytes], Write | None]:
    """A function from an answer to what writes the reply; None where the answer itself is the reply."""
    expression = SelectionExpression(integration.response_selection_expression or "")
    patterns: list[tuple[Callable[[str], object], _Response]] = []
    default: _Response | None = None
    for document in integration.responses:
        compiled = _Response(document)
        if document.key == "$default":
            default = compiled
        else:
            patterns.append((_matcher(document.key), compiled))

    def choose(exchange: Exchange, body: bytes) -> Write | None:
        read = _answer_variable(exchange, body)
        key = expression.evaluate(read) if patterns else None
        found = default
        if key is not None:
            found = next((compiled for matches, compiled in patterns if matches(key)), default)
        if found is None:
            return None
        found.put_subprotocol(exchange, read)
        return found.choose(read)

    return choose


class _Response:
    """One integration response: its templates, the expression that chooses among them, and a conversion from or to base64."""

    def __init__(self, document: V2IntegrationResponse) -> None:
        self._expression = SelectionExpression(document.template_selection_expression or "$default")
        handling = document.content_handling_strategy
        templates = {key: Template(key, text) for key, text in document.response_templates.items()}
        self._writes = {key: _writer(template, handling) for key, template in templates.items()}
        self._plain = None if handling is None else _writer(None, handling)
        named = (source for key, source in document.response_parameters.items() if key.lower() == _SUBPROTOCOL)
        self._subprotocol = next(named, None)

    def put_subprotocol(self, exchange: Exchange, read: Callable[[str], str | None]) -> None:
        """Of the headers that a response may name, the one that a handshake takes over."""
        source, event = self._subprotocol, exchange.socket
        if source is None or event is None or event.kind != "CONNECT":
            return
        if source.startswith("'"):
            event.subprotocol = source[1:-1]
        elif source.startswith("integration.response."):
            event.subprotocol = read(source)
        else:
            event.subprotocol = request_variable(exchange)(source)

    def choose(self, read: Callable[[str], str | None]) -> Write | None:
        key = self._expression.evaluate(read) if self._expression.variables != ("default",) else None
        return self._writes.get(key or "$default") or self._writes.get("$default") or self._plain


def _writer(template: Template | None, handling: str | None) -> Write:
    """CONVERT_TO_TEXT makes base64 of the answer before a template sees it, CONVERT_TO_BINARY bytes of what it writes."""
    if handling not in (None, "CONVERT_TO_TEXT", "CONVERT_TO_BINARY"):
        raise Misconfigured(f"unknown content handling {handling!r}")

    def write(exchange: Exchange, body: bytes) -> bytes:
        if handling == "CONVERT_TO_TEXT":
            body = base64.b64encode(body)
        if template is not None:
            body = template.write(exchange, body.decode("utf-8", "replace"))
        if handling != "CONVERT_TO_BINARY":
            return body
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error:
            raise GatewayError("DEFAULT_5XX", detail="the reply to convert to binary is no base64") from None

    return write


def _answer_variable(exchange: Exchange, body: bytes) -> Callable[[str], str | None]:
    """The variables of `$integration.response`: `statuscode`, `header.X` and `body.path`."""
    document: list[Any] = []

    def read(name: str) -> str | None:
        place, _, rest = name.removeprefix("integration.response.").partition(".")
        if not name.startswith("integration.response."):
            return None
        if place == "statuscode":
            return str(exchange.integration_status or 200)
        if place == "header":
            headers = [] if exchange.upstream is None else exchange.upstream.headers
            wanted = rest.lower().encode()
            return next((value.decode("latin-1") for name, value in headers if name == wanted), None)
        if place == "body":
            if not document:
                document.append(_parsed(body))
            return member_text(document[0], rest)
        return None

    return read


def _parsed(body: bytes) -> Any:
    try:
        return read_json(body)
    except NotJson:
        return MISSING


def _matcher(key: str) -> Callable[[str], object]:
    """A key is a regular expression between slashes, or a text."""
    if len(key) > 1 and key.startswith("/") and key.endswith("/"):
        return full_match(key[1:-1])
    return lambda text: text == key
