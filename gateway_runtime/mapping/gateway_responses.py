"""Gateway responses as an API has changed them: status, headers and bodies by type, `DEFAULT_4XX` and `DEFAULT_5XX` for the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from apps.core.documents import GatewayResponse
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.context import chosen_by_callers, clean, variable
from gateway_runtime.mapping.parameters import RequestSource, request_source
from gateway_runtime.mapping.templates import media_type
from gateway_runtime.snapshot.stage import Misconfigured, StageSite

_HEADER = "gatewayresponse.header."
_VARIABLE = re.compile(
    r"\$(\{)?((?:context|stageVariables|method\.request)\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)(?(1)\})"
)
_MESSAGE_STRING = "context.error.messageString"
_NOT_CUSTOMISABLE = frozenset({"REQUEST_TOO_LARGE"})


class CompiledGatewayResponse:
    """One type as configured. Templates are text with variables put in, not VTL."""

    def __init__(self, document: GatewayResponse, site: StageSite) -> None:
        self.status = int(document.status_code) if document.status_code else None
        self._headers: list[tuple[bytes, RequestSource]] = []
        for target, expression in document.response_parameters.items():
            if expression.startswith("context.") and variable(expression.removeprefix("context.")) is None:
                continue  # as in a template, a variable that is not there has no value
            source = request_source(expression, site)
            if not target.startswith(_HEADER) or source.needs_body:
                raise Misconfigured(f"cannot map {expression!r} to {target!r} in a gateway response")
            self._headers.append((target.removeprefix(_HEADER).lower().encode(), source))
        self._templates = {
            media_type(kind.encode("latin-1", "replace")): (kind, _compile(text, kind, site))
            for kind, text in document.response_templates.items()
        }

    def headers(self, exchange: Exchange) -> Headers:
        return [(name, clean(value).encode()) for name, source in self._headers for value in source.read(exchange, "")]

    def body(self, exchange: Exchange) -> tuple[bytes, bytes] | None:
        """Content type and body by the caller's Accept; None where no template is configured."""
        if not self._templates:
            return None
        accept = exchange.request.header(b"accept") or b""
        found = self._templates.get(media_type(accept.partition(b",")[0])) or self._templates.get("application/json")
        kind, write = found or next(iter(self._templates.values()))
        return kind.encode("latin-1", "replace"), write(exchange).encode()


def compile_gateway_responses(site: StageSite) -> Callable[[GatewayError], CompiledGatewayResponse | None]:
    """A function from an error to the response configured for its type, or for its class of status. Raises Misconfigured."""
    compiled = {
        name: CompiledGatewayResponse(document, site) for name, document in site.deployment.gateway_responses.items()
    }

    def choose(error: GatewayError) -> CompiledGatewayResponse | None:
        if error.name in _NOT_CUSTOMISABLE:
            return None
        return compiled.get(error.name) or compiled.get("DEFAULT_5XX" if error.status >= 500 else "DEFAULT_4XX")

    return choose


def _compile(text: str, kind: str, site: StageSite) -> Callable[[Exchange], str]:
    quoted = "json" in kind.lower()
    pieces: list[str | Callable[[Exchange], str]] = []
    at = 0
    for match in _VARIABLE.finditer(text):
        pieces += [text[at : match.start()], _variable(match[2], quoted, site)]
        at = match.end()
    pieces.append(text[at:])
    return lambda exchange: "".join([piece if isinstance(piece, str) else piece(exchange) for piece in pieces])


def _variable(name: str, quoted: bool, site: StageSite) -> Callable[[Exchange], str]:
    """The text of a variable, "" without a value; what callers choose cannot end the string it stands in."""
    of_context = name.startswith("context.")
    if of_context and variable(name.removeprefix("context.")) is None:
        return lambda exchange: ""
    chosen = not of_context or chosen_by_callers(name.removeprefix("context."))
    message = name == _MESSAGE_STRING
    escape = quoted and not message and chosen
    source = request_source(name, site)

    def read(exchange: Exchange) -> str:
        error = exchange.error
        if message and error is not None and error.explanation:
            return json.dumps(error.told())
        value = clean("".join(source.read(exchange, "")))
        return value.replace("\\", "\\\\").replace('"', '\\"') if escape else value

    return read
