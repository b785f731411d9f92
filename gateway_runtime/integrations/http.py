"""HTTP: a request made by mappings, sent to a back end, and answered through an integration response."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from gateway_runtime.edge.body import NO_BODY, BodyTooLarge, RequestBody
from gateway_runtime.errors import GatewayError, bad_response
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.forwarding import trace_id
from gateway_runtime.integrations.request_headers import RequestHeaders
from gateway_runtime.integrations.sent import Sent
from gateway_runtime.integrations.target import Target, compile_target
from gateway_runtime.integrations.vpc_link import Destination, compile_destination
from gateway_runtime.mapping.content import compile_content_handling, rewritten
from gateway_runtime.mapping.responses import CompiledResponse, compile_responses
from gateway_runtime.mapping.templates import RequestTemplates, Template
from gateway_runtime.snapshot.stage import Misconfigured
from gateway_runtime.upstream.errors import ConnectFailed, IntegrationTimedOut, LostConnection, UpstreamError
from gateway_runtime.upstream.origin import Origin
from gateway_runtime.upstream.pool import REPLAYABLE
from gateway_runtime.upstream.response import UpstreamResponse

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step


def map_request(site: MethodSite) -> Step | None:
    """Make target, headers and body from mappings alone: of the caller's request only the body may pass as it is."""
    templates = request_templates(site)
    target = compile_target(site, forward_query=False, overridable=templates.overrides)
    return compile_request(site, templates, target, RequestHeaders(site))


def request_templates(site: MethodSite) -> RequestTemplates:
    integration = site.method.integration
    return RequestTemplates(integration.request_templates, integration.passthrough_behavior)


def compile_request(site: MethodSite, templates: RequestTemplates, target: Target, headers: RequestHeaders) -> Step:
    """A step that sets the exchange's `out_body`, `out_headers` and `target`."""
    integration = site.method.integration
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
    """Send the request to the address that the URI names."""
    return compile_sending(site, compile_target(site, forward_query=False).origin)


def compile_sending(site: MethodSite, origin: Origin) -> Callable[[Exchange], Awaitable[None]]:
    """A step that sends the request, to the origin or through the integration's VPC link under its name; every way in which this fails has its gateway response."""
    integration = site.method.integration
    own_method = (integration.http_method or "ANY").upper()
    if not own_method.isascii() or not own_method.isalpha():
        raise Misconfigured(f"ill-formed HTTP method {own_method!r}")
    destination_of = compile_destination(site, origin)
    fixed = None if own_method == "ANY" else own_method.encode()
    timeout = integration.timeout_in_millis / 1000
    stream = site.stream
    upstream, monotonic = site.services.upstream, site.services.clock.monotonic
    send_at_once = upstream.at_once(origin, timeout, stream)
    direct = integration.connection_type == "INTERNET"

    def step(exchange: Exchange) -> Awaitable[None]:
        exchange.integration_started = monotonic()
        method = fixed or exchange.request.method.encode()
        body = b"" if exchange.out_body is NO_BODY else _to_send(exchange)
        if direct and isinstance(body, bytes):
            try:
                response = send_at_once(
                    method, exchange.target.encode(), exchange.out_headers, exchange.out_line, body, exchange.turn
                )
            except ValueError as error:
                raise _failure(error) from None
            if response is not None:
                return Sent(response, settle, exchange)
        return send(exchange, destination_of(exchange), method, body, timeout)

    def settle(response: UpstreamResponse, exchange: Exchange) -> Awaitable[None] | None:
        now = monotonic()
        exchange.integration_latency = now - exchange.integration_started
        if response.status:
            exchange.upstream = response
            exchange.integration_status = response.status
            return None
        error = response.error
        assert error is not None
        destination = destination_of(exchange)
        method = fixed or exchange.request.method.encode()
        if upstream.may_send_again(destination.origin, method, error):
            left = exchange.integration_started + timeout - now
            return send(exchange, destination, method, _to_send(exchange), left)
        raise _failure(error)

    async def send(
        exchange: Exchange, to: Destination, method: bytes, body: bytes | RequestBody, seconds: float
    ) -> None:
        ends = monotonic() + seconds
        try:
            if to.found is not None:
                to = await to.found(seconds)
            if to.another is not None:
                body = await _for_several(body)
            exchange.upstream = found = await ask(exchange, to, method, body, ends)
        except Exception as error:
            raise _failure(error) from None
        finally:
            exchange.integration_latency = monotonic() - exchange.integration_started
        exchange.integration_status = found.status

    async def ask(
        exchange: Exchange, to: Destination, method: bytes, body: bytes | RequestBody, ends: float
    ) -> UpstreamResponse:
        """The answer of a destination, or of the next one where nothing could be sent to it."""
        while True:
            answer = upstream.request(
                to.origin,
                method,
                exchange.target.encode(),
                exchange.sent_headers,
                body,
                timeout=ends - monotonic(),
                client=exchange.turn,
                stream=stream,
            )
            try:
                return await (answer if to.target is None else to.told(answer, monotonic))
            except ConnectFailed as error:
                following = None if to.another is None or isinstance(error, LostConnection) else to.another()
                if following is None or monotonic() >= ends:
                    raise
                to = following

    return step


async def _for_several(body: bytes | RequestBody) -> bytes | RequestBody:
    """A body that may be sent to one target after another. Small ones are taken before a connection is there, others only then."""
    if isinstance(body, bytes) or body.length is None or body.length > REPLAYABLE:
        return body
    return await body.read()


def _failure(error: Exception) -> Exception:
    """The gateway's error for a call that failed; what is none of the call's stays as it is."""
    if isinstance(error, IntegrationTimedOut):
        return GatewayError("INTEGRATION_TIMEOUT", detail=str(error))
    if isinstance(error, ConnectFailed):
        return GatewayError("INTEGRATION_FAILURE", detail=str(error))
    if isinstance(error, UpstreamError):
        return bad_response(str(error))
    if isinstance(error, BodyTooLarge):
        return GatewayError("REQUEST_TOO_LARGE")
    if isinstance(error, ValueError):
        return GatewayError("API_CONFIGURATION_ERROR", detail=str(error))
    return error


def _to_send(exchange: Exchange) -> bytes | RequestBody:
    body = exchange.out_body
    if isinstance(body, bytes):
        return body
    if exchange.turn is not None:
        body.take_at_once(exchange.turn)
    if body.whole is not None:
        return body.whole  # a phase has read it
    return b"" if body.length == 0 else body  # nothing is awaited for none


def map_response(site: MethodSite) -> Step | None:
    """Answer through the integration response that the back end's status selects."""
    return compile_answer(site, _content_type)


def compile_answer(site: MethodSite, content_type: Callable[[UpstreamResponse], bytes]) -> Step:
    """A step that answers so. `content_type` gives that of a body that no template writes."""
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
            response.answer(exchange, "", content_type(upstream))
            exchange.streamed = upstream
            return None
        return read_and_answer(exchange, response, upstream, template)

    async def read_and_answer(
        exchange: Exchange, response: CompiledResponse, upstream: UpstreamResponse, template: Template | None
    ) -> None:
        body = await _whole(upstream)
        exchange.answer = rewritten(template, response.convert, exchange, body, _content_type(upstream))
        kind = content_type(upstream) if template is None else template.content_type.encode("latin-1", "replace")
        response.answer(exchange, body.decode("utf-8", "replace"), kind)

    return step


async def _whole(upstream: UpstreamResponse) -> bytes:
    try:
        return await upstream.read()
    except IntegrationTimedOut as error:
        raise GatewayError("INTEGRATION_TIMEOUT", detail=str(error)) from None
    except UpstreamError as error:
        raise bad_response(str(error)) from None


def _content_type(upstream: UpstreamResponse) -> bytes:
    for name, value in upstream.headers:
        if name == b"content-type":
            return value
    return b"application/json"
