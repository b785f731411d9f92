"""MOCK: the request template says which status stands for the back end's; an integration response answers it."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.content import rewritten
from gateway_runtime.mapping.responses import compile_responses
from gateway_runtime.mapping.templates import RequestTemplates, Template

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step

# AWS reads this leniently: unquoted names and a comma before the closing brace pass.
_OBJECT = re.compile(rb"\s*\{.*\}\s*\Z", re.DOTALL)
_STATUS = re.compile(rb"""[{,\s]["']?statusCode["']?\s*:\s*["']?(\d{3})["']?\s*[,}\s]""")
_LARGEST_BODY = 64 * 1024  # of a body that passes for the template


def status_of(text: bytes) -> int:
    """The status that a template's text names; 0 when it names none."""
    match = _STATUS.search(text) if _OBJECT.match(text) else None
    return int(match[1]) if match else 0


def map_request(site: MethodSite) -> Step | None:
    """Find the status: from the template for the request's content type, else from the body."""
    integration = site.method.integration
    templates = RequestTemplates(integration.request_templates, integration.passthrough_behavior)

    def step(exchange: Exchange) -> Awaitable[None] | None:
        template = templates.choose(exchange.request.header(b"content-type"))
        if template is None or template.needs_body:
            return _from_body(exchange, template)
        exchange.integration_status = _status(template, exchange, "")
        return None

    return step


async def _from_body(exchange: Exchange, template: Template | None) -> None:
    body = await exchange.body.read()
    if template is None:
        exchange.integration_status = status_of(body[:_LARGEST_BODY])
    else:
        exchange.integration_status = _status(template, exchange, body.decode("utf-8", "replace"))


def _status(template: Template, exchange: Exchange, body: str) -> int:
    return status_of(template.write(exchange, body))


def integrate(site: MethodSite) -> Step | None:
    """Nothing stands behind a mock."""
    return None


def map_response(site: MethodSite) -> Step | None:
    """Answer with the integration response of the status."""
    choose = compile_responses(site)

    def step(exchange: Exchange) -> None:
        if not exchange.integration_status:
            raise GatewayError("DEFAULT_5XX", detail="the mock's request template names no statusCode")
        try:
            response = choose(exchange.integration_status)
        except LookupError as error:
            raise GatewayError("DEFAULT_5XX", detail=str(error)) from None
        template = response.templates.choose(exchange.request.header(b"accept"))
        # A mock has no body: its response templates see an empty one.
        exchange.answer = rewritten(template, response.convert, exchange, b"", b"text/plain")
        kind = "application/json" if template is None else template.content_type
        response.answer(exchange, "", kind.encode())

    return step
