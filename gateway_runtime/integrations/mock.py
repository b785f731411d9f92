"""MOCK: the request template says which status stands for the back end's; an integration response answers it."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.responses import compile_responses
from gateway_runtime.mapping.templates import RequestTemplates

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
    statuses = {kind: status_of(template.text) for kind, template in templates if template is not None}

    def step(exchange: Exchange) -> Awaitable[None] | None:
        template = templates.choose(exchange.request.header(b"content-type"))
        if template is None:
            return _from_body(exchange)
        exchange.integration_status = statuses[template.content_type.partition(";")[0].strip().lower()]
        return None

    return step


async def _from_body(exchange: Exchange) -> None:
    body = await exchange.body.read()
    exchange.integration_status = status_of(body[:_LARGEST_BODY])


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
        headers = response.headers(exchange, "")
        if not any(name == b"content-type" for name, _ in headers):
            kind = "application/json" if template is None else template.content_type
            headers.append((b"content-type", kind.encode()))
        exchange.status = response.status
        exchange.headers = headers
        body = b"" if template is None else template.text
        # A mock's template is text, whatever content type it is sent under.
        exchange.answer = body if response.convert is None else response.convert(body, b"text/plain")

    return step
