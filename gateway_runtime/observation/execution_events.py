"""The events of a request's execution log, written when it is over: the moments are those of its phases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from apps.core.execution_log import as_map, event, header_name, masked, without_secrets
from apps.core.stories import LogLine
from gateway_runtime.exchange import Exchange

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import CompiledMethod

_SHOWN = 2048  # characters of a body; an event is shorter still

FAILURES = {
    "INTEGRATION_FAILURE": "Execution failed due to a network error communicating with endpoint",
    "INTEGRATION_TIMEOUT": "Execution failed due to a timeout error",
}


def execution_events(exchange: Exchange, method: CompiledMethod) -> tuple[LogLine, ...]:
    """What the method's level asks for; nothing where it asks for nothing."""
    seen = method.watch.seen
    if seen.level == "OFF" or (seen.level == "ERROR" and exchange.error is None and exchange.status < 400):
        return ()
    events = _Events(exchange)
    events.add("began", f"Extended Request Id: {exchange.extended_id}")
    if seen.level == "INFO":
        _usage_plan(events, exchange, method)
        events.add("began", f"Starting execution for request: {exchange.request_id}")
        events.add("began", _place(exchange))
        if seen.data_trace:
            _request(events, exchange)
        _endpoint(events, exchange, method)
    _end(events, exchange, full=seen.data_trace)
    return tuple(events.lines)


class _Events:
    """Collects lines; a moment is `began`, `ended`, or a phase whose beginning or end it is."""

    def __init__(self, exchange: Exchange) -> None:
        self._id = exchange.request_id
        self._moments = {"began": exchange.received_at, "ended": exchange.received_at + exchange.latency}
        for timing in exchange.timings:
            self._moments[f"before {timing.phase}"] = exchange.received_at + timing.began - exchange.started
            self._moments[f"after {timing.phase}"] = exchange.received_at + timing.ended - exchange.started
        self.lines: list[LogLine] = []

    def add(self, moment: str, text: str) -> None:
        self.lines.append(LogLine(self._moments.get(moment, self._moments["ended"]), event(self._id, text)))


def _usage_plan(events: _Events, exchange: Exchange, method: CompiledMethod) -> None:
    stage = method.site.stage
    place = f"API Stage: {stage.api_id}/{stage.stage_name}"
    if not method.site.method.api_key_required:
        events.add(
            "began",
            f"API Key authorized because {_named(method)} does not require API Key. "
            "Request will not contribute to throttle or quota limits",
        )
        return
    key = masked((exchange.request.header(b"x-api-key") or b"").decode("latin-1"))
    events.add(
        "before validate_api_key", f"Verifying Usage Plan for request: {exchange.request_id}. API Key: {key} {place}"
    )
    if exchange.entitlement is not None and (exchange.error is None or exchange.error.status != 429):
        events.add("after validate_api_key", f"Usage Plan check succeeded for API Key {key} and {place}")


def _named(method: CompiledMethod) -> str:
    if method.site.protocol == "WEBSOCKET":
        return f"route '{method.resource_path}'"
    return f"method '{method.http_method} {method.resource_path}'"


def _place(exchange: Exchange) -> str:
    socket = exchange.socket
    if socket is None:
        return f"HTTP Method: {exchange.request.method}, Resource Path: {exchange.request.path}"
    return f"Event: {socket.kind}, Route: {socket.route_key}, Connection Id: {socket.connection.id}"


def _request(events: _Events, exchange: Exchange) -> None:
    add, request = events.add, exchange.request
    add("began", f"Method request path: {as_map(exchange.path_values)}")
    add("began", f"Method request query string: {as_map(request.query)}")
    add("began", f"Method request headers: {_headers(request.headers)}")
    add("began", f"Method request body before transformations: {_text(exchange.body.whole or b'')}")


def _endpoint(events: _Events, exchange: Exchange, method: CompiledMethod) -> None:
    add, seen = events.add, method.watch.seen
    for timing in exchange.timings:
        for note in timing.notes:
            add(f"after {timing.phase}", note)
    if not exchange.integration_started:
        return
    uri = seen.endpoint + exchange.target
    if seen.data_trace:
        sent = exchange.out_body
        add("before integrate", f"Endpoint request URI: {uri}")
        add("before integrate", f"Endpoint request headers: {_headers(exchange.sent_headers)}")
        body = sent if isinstance(sent, bytes) else b""
        add("before integrate", f"Endpoint request body after transformations: {_text(body)}")
    add("before integrate", f"Sending request to {uri}")
    if not exchange.integration_status:
        return
    latency = round(exchange.integration_latency * 1000)
    add(
        "after integrate",
        f"Received response. Status: {exchange.integration_status}, Integration latency: {latency} ms",
    )
    if seen.data_trace:
        headers = [] if exchange.upstream is None else exchange.upstream.headers
        add("after integrate", f"Endpoint response headers: {_headers(headers)}")
        add("after integrate", f"Endpoint response body before transformations: {_text(_received(exchange))}")


def _received(exchange: Exchange) -> bytes:
    return exchange.received if exchange.function is None else exchange.function.payload


def _end(events: _Events, exchange: Exchange, *, full: bool) -> None:
    add, error = events.add, exchange.error
    if error is not None:
        add("ended", failure(exchange))
        add("ended", f"Gateway response type: {error.name} with status code: {exchange.status}")
        if full:
            add("ended", f"Gateway response body: {_text(exchange.answer)}")
            add("ended", f"Gateway response headers: {_headers(exchange.headers)}")
    elif full:
        body = exchange.answer or exchange.received
        add("ended", f"Method response body after transformations: {_text(body)}")
        add("ended", f"Method response headers: {_headers(exchange.headers)}")
    if error is None:
        add("ended", "Successfully completed execution")
    add("ended", f"Method completed with status: {exchange.status}")
    if exchange.trace_id is not None:
        add("ended", f"X-ray Tracing ID : {exchange.trace_id}")


def failure(exchange: Exchange) -> str:
    """What the log says of a request that was not answered by its back end."""
    error = exchange.error
    assert error is not None
    if error.name == "BAD_REQUEST_BODY" and error.validation is not None:
        sent = (exchange.request.header(b"content-type") or b"application/json").partition(b";")[0]
        kind = sent.strip().lower().decode("latin-1")
        return f"Request body does not match model schema for content type {kind}: {error.validation()}"
    if error.status < 500:
        return error.detail or error.message or error.name
    if error.name in FAILURES and error.status == 504:
        return FAILURES[error.name]
    if error.detail.startswith("Lambda execution failed"):
        return error.detail  # a function's own error is no wrong configuration
    return f"Execution failed due to configuration error: {error.detail or error.message}"


def _headers(headers: Iterable[tuple[bytes, bytes]]) -> str:
    texts = [(header_name(name.decode("latin-1")), value.decode("latin-1")) for name, value in headers]
    return as_map(without_secrets(texts))


def _text(body: bytes) -> str:
    return body[:_SHOWN].decode("utf-8", "replace")
