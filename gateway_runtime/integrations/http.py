"""HTTP: a request made by mappings, sent to a back end, and answered through an integration response."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from gateway_runtime.edge.body import BodyTooLarge
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.edge.turn import turn_of
from gateway_runtime.errors import GatewayError, bad_response
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.forwarding import own_headers, trace_id
from gateway_runtime.integrations.target import compile_headers, compile_target
from gateway_runtime.mapping.content import compile_content_handling, rewritten
from gateway_runtime.mapping.context import clean
from gateway_runtime.mapping.responses import CompiledResponse, compile_responses
from gateway_runtime.mapping.template_context import override_headers
from gateway_runtime.mapping.templates import RequestTemplates, Template
from gateway_runtime.snapshot.stage import Misconfigured
from gateway_runtime.upstream.errors import ConnectFailed, IntegrationTimedOut, UpstreamError
from gateway_runtime.upstream.response import UpstreamResponse

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step


class _RequestHeaders:
    """The headers of requests to one back end: the gateway's, those that are mapped, and what templates put in their place."""

    def __init__(self, site: MethodSite) -> None:
        self._mapped = compile_headers(site)
        own: Headers = [
            (b"user-agent", f"AmazonAPIGateway_{site.deployment.api_id}".encode()),
            (b"accept", b"application/json"),
            (b"x-amzn-apigateway-api-id", site.deployment.api_id.encode()),
        ]
        names = {name.lower() for name, _ in self._mapped}
        self._own = [header for header in own if header[0] not in names]
        self._keeps_type = b"content-type" not in names
        self.needs_body = any(source.needs_body for _, source in self._mapped)

    def write(self, exchange: Exchange, trace: str, body: str) -> Headers:
        request = exchange.request
        headers = self._own + own_headers(exchange.scope, request.client_ip, trace)
        if self._keeps_type:
            headers.append((b"content-type", request.header(b"content-type") or b"application/json"))
        for name, source in self._mapped:
            headers += [(name, clean(value).encode("utf-8")) for value in source.read(exchange, body)]
        if exchange.template_context is None:
            return headers
        return override_headers(headers, exchange.template_context.overrides("requestOverride", "header"))


def map_request(site: MethodSite) -> Step | None:
    """Make target, headers and body from mappings alone: of the caller's request only the body may pass as it is."""
    integration = site.method.integration
    templates = RequestTemplates(integration.request_templates, integration.passthrough_behavior)
    target = compile_target(site, forward_query=False, overridable=templates.overrides)
    headers = _RequestHeaders(site)
    convert = compile_content_handling(integration.content_handling, site)
    needs_body = convert is not None or target.needs_body or headers.needs_body

    def write(exchange: Exchange, template: Template | None, raw: bytes) -> None:
        exchange.trace_id = trace = trace_id(exchange)
        # First the template: headers and target may be what it sets.
        if template is None and convert is None:
            exchange.out_body = exchange.body
        else:
            content_type = exchange.request.header(b"content-type")
            exchange.out_body = rewritten(template, convert, exchange, raw, content_type)
        body = raw.decode("utf-8", "replace")
        exchange.out_headers = headers.write(exchange, trace, body)
        exchange.target = target.write(exchange, body)

    def step(exchange: Exchange) -> Awaitable[None] | None:
        template = templates.choose(exchange.request.header(b"content-type"))
        if needs_body or (template is not None and template.needs_body):
            return read_and_write(exchange, template)
        write(exchange, template, b"")
        return None

    async def read_and_write(exchange: Exchange, template: Template | None) -> None:
        raw = await exchange.body.read()
        write(exchange, template, raw)
        if exchange.out_body is exchange.body:
            exchange.out_body = raw

    return step


def integrate(site: MethodSite) -> Step | None:
    """Send the request; every way in which this fails has its gateway response."""
    integration = site.method.integration
    origin = compile_target(site, forward_query=False).origin
    own_method = (integration.http_method or "ANY").upper()
    if not own_method.isascii() or not own_method.isalpha():
        raise Misconfigured(f"ill-formed HTTP method {own_method!r}")
    fixed = None if own_method == "ANY" else own_method.encode()
    timeout = integration.timeout_in_millis / 1000
    request, monotonic = site.services.upstream.request, site.services.clock.monotonic

    async def step(exchange: Exchange) -> None:
        body = exchange.out_body
        if not isinstance(body, bytes):
            if body.whole is not None:
                body = body.whole  # a phase has read it
            elif body.length == 0:
                body = b""  # nothing is awaited for it
        exchange.integration_started = started = monotonic()
        try:
            exchange.upstream = upstream = await request(
                origin,
                fixed or exchange.request.method.encode(),
                exchange.target.encode(),
                exchange.out_headers,
                body,
                timeout=timeout,
                client=turn_of(exchange.scope),
            )
        except IntegrationTimedOut as error:
            raise GatewayError("INTEGRATION_TIMEOUT", detail=str(error)) from None
        except ConnectFailed as error:
            raise GatewayError("INTEGRATION_FAILURE", detail=str(error)) from None
        except UpstreamError as error:
            raise bad_response(str(error)) from None
        except BodyTooLarge:
            raise GatewayError("REQUEST_TOO_LARGE") from None
        except ValueError as error:
            raise GatewayError("API_CONFIGURATION_ERROR", detail=str(error)) from None
        finally:
            exchange.integration_latency = monotonic() - started
        exchange.integration_status = upstream.status

    return step


def map_response(site: MethodSite) -> Step | None:
    """Answer through the integration response that the back end's status selects."""
    choose = compile_responses(site)

    def step(exchange: Exchange) -> Awaitable[None] | None:
        upstream = exchange.upstream
        assert upstream is not None
        try:
            response = choose(upstream.status)
        except LookupError as error:
            upstream.close()
            raise GatewayError("DEFAULT_5XX", detail=str(error)) from None
        template = response.templates.choose(exchange.request.header(b"accept"))
        if template is None and not response.needs_body:
            response.answer(exchange, "", _content_type(upstream))
            exchange.streamed = upstream
            return None
        return _read_and_answer(exchange, response, upstream, template)

    return step


async def _read_and_answer(
    exchange: Exchange, response: CompiledResponse, upstream: UpstreamResponse, template: Template | None
) -> None:
    try:
        body = await upstream.read()
    except IntegrationTimedOut as error:
        raise GatewayError("INTEGRATION_TIMEOUT", detail=str(error)) from None
    except UpstreamError as error:
        raise bad_response(str(error)) from None
    content_type = _content_type(upstream)
    exchange.answer = rewritten(template, response.convert, exchange, body, content_type)
    kind = content_type if template is None else template.content_type.encode("latin-1", "replace")
    response.answer(exchange, body.decode("utf-8", "replace"), kind)


def _content_type(upstream: UpstreamResponse) -> bytes:
    for name, value in upstream.headers:
        if name == b"content-type":
            return value
    return b"application/json"
