"""Integration responses: which one answers, and the headers and body it gives."""

from __future__ import annotations

from collections.abc import Callable

import re2

from apps.core.documents import IntegrationResponse
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.content import compile_content_handling
from gateway_runtime.mapping.context import clean
from gateway_runtime.mapping.parameters import ResponseSource, response_source
from gateway_runtime.mapping.template_context import override_headers
from gateway_runtime.mapping.templates import ResponseTemplates
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured

_TARGET = "method.response.header."
_options = re2.Options()
_options.log_errors = False
_options.max_mem = 1 << 20


class CompiledResponse:
    """One integration response. `needs_body` is true when its mapping reads the back end's body."""

    __slots__ = ("convert", "needs_body", "parameters", "status", "templates")

    def __init__(self, document: IntegrationResponse, site: MethodSite) -> None:
        try:
            self.status = int(document.status_code)
        except ValueError:
            raise Misconfigured(f"ill-formed status {document.status_code!r}") from None
        if not 200 <= self.status <= 599:
            raise Misconfigured(f"status {self.status} cannot be answered")
        self.templates = ResponseTemplates(document.response_templates)
        self.parameters: list[tuple[bytes, ResponseSource]] = []
        for target, expression in document.response_parameters.items():
            if not target.startswith(_TARGET):
                raise Misconfigured(f"cannot map to {target!r}")
            name = target.removeprefix(_TARGET).lower().encode()
            self.parameters.append((name, response_source(expression, site)))
        self.convert = compile_content_handling(document.content_handling, site)
        self.needs_body = self.convert is not None or any(source.needs_body for _, source in self.parameters)

    def headers(self, exchange: Exchange, body: str) -> Headers:
        """The mapped headers; a mapping without a value gives none."""
        return [
            (name, clean(value).encode("utf-8"))
            for name, source in self.parameters
            for value in source.read(exchange, body)
        ]

    def answer(self, exchange: Exchange, body: str, content_type: bytes) -> None:
        """Set the answer's status and headers; `content_type` is that of its body, unless a mapping names another."""
        headers = self.headers(exchange, body)
        if not any(name == b"content-type" for name, _ in headers):
            headers.append((b"content-type", content_type))
        exchange.status, exchange.headers = self.overridden(exchange, headers)

    def overridden(self, exchange: Exchange, headers: Headers) -> tuple[int, Headers]:
        """Status and headers, with what the templates of request and response have put in their place."""
        context = exchange.template_context
        if context is None:
            return self.status, headers
        put = context.overrides("responseOverride", "header")
        return context.status() or self.status, override_headers(headers, put) if put else headers


def compile_responses(site: MethodSite) -> Callable[[int], CompiledResponse]:
    """A function from the back end's status to the response that answers (see `compile_selection`)."""
    select = compile_selection(site)
    known: dict[int, CompiledResponse] = {}

    def choose(status: int) -> CompiledResponse:
        found = known.get(status)
        if found is None:
            found = known[status] = select(str(status))
        return found

    return choose


def compile_selection(site: MethodSite) -> Callable[[str], CompiledResponse]:
    """A function from a status, or a function's `errorMessage`, to the response that answers. Raises Misconfigured while compiling.

    A pattern must match the whole text. Without a match the response without a pattern answers; without one either,
    the call fails as AWS's does: `LookupError`.
    """
    patterns: list[tuple[Callable[[str], object], CompiledResponse]] = []
    default: CompiledResponse | None = None
    for document in site.method.integration.responses:
        compiled = CompiledResponse(document, site)
        if not document.selection_pattern:
            default = compiled
        else:
            patterns.append((full_match(document.selection_pattern), compiled))

    def select(text: str) -> CompiledResponse:
        for matches, compiled in patterns:
            if matches(text):
                return compiled
        if default is None:
            raise LookupError(f"no integration response for {text[:200]!r}")
        return default

    return select


def full_match(pattern: str) -> Callable[[str], object]:
    """Whether a text is matched whole by a selection pattern. Raises Misconfigured for one that is no RE2 expression."""
    try:
        matches: Callable[[str], object] = re2.compile(pattern, _options).fullmatch
    except re2.error:
        raise Misconfigured(f"selection pattern {pattern!r} is no RE2 expression") from None
    return matches
