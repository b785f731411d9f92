"""The `$context` variables of access logs that neither templates nor a watched walk have: what an answer made of its request."""

from __future__ import annotations

from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.context import Variable, clean, header_of, milliseconds

_PLACES = {"requestOverride": ("header", "path", "querystring"), "responseOverride": ("header",)}


def log_variable(name: str) -> Variable | None:
    """The variable of a name; None for any other."""
    return _VARIABLES.get(name) or _override(name)


def _base_path(exchange: Exchange) -> str | None:
    return clean(exchange.base_path) if exchange.base_path else None


def _authorizer_status(exchange: Exchange) -> str | None:
    return None if exchange.authorizer_answer is None else str(exchange.authorizer_answer.status)


def _authorizer_request_id(exchange: Exchange) -> str | None:
    answer = exchange.authorizer_answer
    return None if answer is None else header_of(answer.headers, b"x-amzn-requestid")


def _time_to_first_content(exchange: Exchange) -> str | None:
    """Of an answer that streams; what was here with its head came with it."""
    method = exchange.method
    if method is None or not method.site.streams or not exchange.sent_bytes:
        return None
    if not exchange.first_content_at:
        return milliseconds(exchange.integration_latency)
    return milliseconds(exchange.first_content_at - exchange.integration_started)


def _data_processed(exchange: Exchange) -> str:
    return str(exchange.body.size + exchange.sent_bytes)


_VARIABLES: dict[str, Variable] = {
    "authorizer.integrationStatus": _authorizer_status,
    "authorizer.requestId": _authorizer_request_id,
    "customDomain.basePathMatched": _base_path,
    "dataProcessed": _data_processed,
    "integration.timeToFirstContent": _time_to_first_content,
}


def _override(name: str) -> Variable | None:
    """What templates have set in place of a header, a path or query parameter, or the status."""
    direction, _, rest = name.partition(".")
    place, _, member = rest.partition(".")
    if name == "responseOverride.status":
        return _status_override
    if not member or place not in _PLACES.get(direction, ()):
        return None

    def read(exchange: Exchange) -> str | None:
        context = exchange.template_context
        try:
            values = None if context is None else context.overrides(direction, place).get(member)
        except GatewayError:
            return None  # it could not be written into the message either, which the answer says
        return clean(",".join(values)) if values else None

    return read


def _status_override(exchange: Exchange) -> str | None:
    context = exchange.template_context
    try:
        status = None if context is None else context.status()
    except GatewayError:
        return None
    return None if status is None else str(status)
