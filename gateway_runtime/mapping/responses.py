"""Integration responses: which one answers, and the headers and body it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

    def overridden(self, exchange: Exchange, headers: Headers) -> tuple[int, Headers]:
        """Status and headers, with what the templates of request and response have put in their place."""
        context = exchange.template_context
        if context is None:
            return self.status, headers
        put = context.overrides("responseOverride", "header")
        return context.status() or self.status, override_headers(headers, put) if put else headers


def compile_responses(site: MethodSite) -> Callable[[int], CompiledResponse]:
    """A function from the back end's status to the response that answers. Raises Misconfigured while compiling.

    A pattern must match the whole status. Without a match the response without a pattern answers; without one either,
    the call fails as AWS's does: `LookupError`.
    """
    patterns: list[tuple[Callable[[str], object], CompiledResponse]] = []
    default: CompiledResponse | None = None
    for document in site.method.integration.responses:
        compiled = CompiledResponse(document, site)
        if not document.selection_pattern:
            default = compiled
        else:
            patterns.append((_full_match(document.selection_pattern), compiled))
    known: dict[int, CompiledResponse] = {}

    def choose(status: int) -> CompiledResponse:
        found = known.get(status)
        if found is None:
            found = known[status] = _first(patterns, str(status), default)
        return found

    return choose


def _first(
    patterns: Sequence[tuple[Callable[[str], object], CompiledResponse]], status: str, default: CompiledResponse | None
) -> CompiledResponse:
    for matches, compiled in patterns:
        if matches(status):
            return compiled
    if default is None:
        raise LookupError(f"no integration response for {status}")
    return default


def _full_match(pattern: str) -> Callable[[str], object]:
    try:
        matches: Callable[[str], object] = re2.compile(pattern, _options).fullmatch
    except re2.error:
        raise Misconfigured(f"selection pattern {pattern!r} is no RE2 expression") from None
    return matches
