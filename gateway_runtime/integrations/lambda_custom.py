"""AWS with a Lambda function: templates make its event, and an integration response makes the answer of what it returns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import orjson

from gateway_runtime.edge.canonical import Headers
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.forwarding import trace_id
from gateway_runtime.integrations.invoking import FunctionTarget, error_message, integrate_function
from gateway_runtime.integrations.target import compile_headers
from gateway_runtime.mapping.content import compile_content_handling, rewritten
from gateway_runtime.mapping.context import clean
from gateway_runtime.mapping.responses import compile_selection
from gateway_runtime.mapping.templates import RequestTemplates, Template
from gateway_runtime.ports import FunctionAnswer
from gateway_runtime.snapshot.stage import MethodSite

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import Step

_OF_INVOKE = frozenset(
    {
        b"x-amz-invocation-type", b"x-amz-client-context", b"x-amz-log-type", b"x-amz-tenant-id",
        b"x-amz-durable-execution-name",
    }
)  # fmt: skip


def map_request(site: MethodSite, target: FunctionTarget) -> Step | None:
    """The event: what the template for the content type writes, else the body."""
    integration = site.method.integration
    templates = RequestTemplates(integration.request_templates, integration.passthrough_behavior)
    convert = compile_content_handling(integration.content_handling, site)

    def write(exchange: Exchange, template: Template | None, raw: bytes) -> None:
        exchange.trace_id = trace_id(exchange)
        payload = rewritten(template, convert, exchange, raw, exchange.request.header(b"content-type"))
        exchange.out_body = payload or b"{}"

    def step(exchange: Exchange) -> Awaitable[None] | None:
        template = templates.choose(exchange.request.header(b"content-type"))
        if exchange.body.length == 0 or (template is not None and not template.needs_body):
            write(exchange, template, b"")
            return None
        return read_and_write(exchange, template)

    async def read_and_write(exchange: Exchange, template: Template | None) -> None:
        write(exchange, template, await exchange.body.read())

    return step


def integrate(site: MethodSite, target: FunctionTarget) -> Step | None:
    """Invoke the function, with what mappings say to Lambda. An event that is no JSON gets Lambda's answer to it."""
    invoke = integrate_function(site, target, compile_lambda_headers(site))

    async def step(exchange: Exchange) -> None:
        refusal = _refusal(exchange.out_body)
        if refusal is None:
            await invoke(exchange)
        else:
            exchange.function = refusal
            exchange.integration_status = refusal.status

    return step


def compile_lambda_headers(site: MethodSite) -> Callable[[Exchange], Headers]:
    """The headers for Lambda's Invoke API: those that are mapped, or that a template puts in their place. Lambda knows no others, and
    whatever would say who asks is not theirs to say."""
    sources = [(name.lower(), source) for name, source in compile_headers(site) if name.lower() in _OF_INVOKE]

    def headers(exchange: Exchange) -> Headers:
        body = (exchange.body.whole or b"").decode("utf-8", "replace") if sources else ""
        found = {name: source.read(exchange, body) for name, source in sources}
        context = exchange.template_context
        if context is not None:
            put = context.overrides("requestOverride", "header")
            found |= {lower: values for name, values in put.items() if (lower := name.lower().encode()) in _OF_INVOKE}
        return [(name, clean(values[-1]).encode("utf-8")) for name, values in found.items() if values]

    return headers


def _refusal(payload: object) -> FunctionAnswer | None:
    """What Lambda answers to an event that is no JSON; None for one that is."""
    try:
        orjson.loads(payload)  # type: ignore[arg-type]
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        return FunctionAnswer(orjson.dumps({"Type": "User", "message": message}), status=400)
    return None


def map_response(site: MethodSite) -> Step | None:
    """Answer through the integration response that the function's `errorMessage` selects; without an error, that of an empty text."""
    select = compile_selection(site)

    def step(exchange: Exchange) -> None:
        answer = exchange.function
        assert answer is not None
        try:
            response = select(error_message(answer) if answer.error is not None else "")
        except LookupError as error:
            raise GatewayError("API_CONFIGURATION_ERROR", detail=_unmatched(error, answer)) from None
        template = response.templates.choose(exchange.request.header(b"accept"))
        exchange.answer = rewritten(template, response.convert, exchange, answer.payload, b"application/json")
        kind = "application/json" if template is None else template.content_type
        body = answer.payload.decode("utf-8", "replace") if response.needs_body else ""
        response.answer(exchange, body, kind.encode("latin-1", "replace"))

    return step


def _unmatched(error: LookupError, answer: FunctionAnswer) -> str:
    return (
        "No match for output mapping and no default output mapping configured. "
        f"Endpoint Response Status Code: {answer.status} ({error})"
    )
