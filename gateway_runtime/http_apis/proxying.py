"""HTTP_PROXY of HTTP APIs: the caller's request passes to the back end, and its answer passes back, both as mappings change them.

(AWS: http-api-develop-integrations-http, http-api-develop-integrations-private)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from apps.core.v2_documents import V2Integration
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.errors import GatewayError, bad_response
from gateway_runtime.exchange import Exchange
from gateway_runtime.head_lines import Block
from gateway_runtime.http_apis.mapping import (
    Mapped,
    ParameterMapping,
    request_variables,
    response_variables,
    written_query,
)
from gateway_runtime.integrations.forwarding import headers_from_http_callers, headers_with_forwarded, passed_block
from gateway_runtime.integrations.http import compile_sending
from gateway_runtime.integrations.target import compile_target
from gateway_runtime.snapshot.stage import Misconfigured
from gateway_runtime.upstream.errors import IntegrationTimedOut, UpstreamError
from gateway_runtime.upstream.known_heads import KnownHead
from gateway_runtime.upstream.origin import Origin

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import Step
    from gateway_runtime.v2.route_site import RouteSite

# What is between the gateway and its back end, and the names by which the gateway itself speaks.
_NOT_PASSED_BACK = frozenset({b"apigw-requestid", b"connection", b"content-length", b"date", b"keep-alive",
                              b"x-gatehouse-deployment"})  # fmt: skip


def map_request(at: RouteSite) -> Step | None:
    """Path, query, headers and body as sent, with what the mappings change."""
    integration = _integration(at)
    mapping = ParameterMapping(integration.request_parameters)
    write_target = _target_writer(at)

    def step(exchange: Exchange) -> Awaitable[None] | None:
        exchange.out_body = exchange.body
        if mapping.needs_body:
            return read_and_write(exchange)
        write(exchange, b"")
        return None

    async def read_and_write(exchange: Exchange) -> None:
        exchange.out_body = body = await exchange.body.read()
        write(exchange, body)

    def write(exchange: Exchange, body: bytes) -> None:
        block = None if mapping else passed_block(exchange, "HTTP", headers_from_http_callers)
        headers = headers_with_forwarded(exchange) if block is None else block
        path, _, query = write_target(exchange).partition("?")
        if mapping:
            message = Mapped(list(headers), list(exchange.request.query) if mapping.changes_query else [])
            mapping.apply(message, request_variables(exchange, body))
            headers, path = message.headers, message.path or path
            sent = written_query(message.query) if mapping.changes_query else exchange.request.raw_query
        else:
            sent = exchange.request.raw_query
        exchange.out_headers = headers
        query = f"{query}&{sent}" if query and sent else query or sent
        exchange.target = f"{path}?{query}" if query else path

    return step


def _target_writer(at: RouteSite) -> Callable[[Exchange], str]:
    """Path and fixed query of the back end. A private one is given the whole path, stage and all, as on AWS."""
    if at.site.method.integration.connection_type != "INTERNET":
        return lambda exchange: exchange.path
    write = compile_target(at.site, forward_query=False).write
    return lambda exchange: write(exchange, "")


def integrate(at: RouteSite) -> Step | None:
    """Send the request to the URI's origin, or to a target of the load balancer that it names."""
    return compile_sending(at.site, _origin(at))


def _origin(at: RouteSite) -> Origin:
    integration = _integration(at)
    if integration.connection_type == "INTERNET":
        return compile_target(at.site, forward_query=False).origin
    name = integration.server_name_to_verify
    secure = name is not None
    return Origin("https" if secure else "http", name or "private", 443 if secure else 80, server_name=name)


def map_response(at: RouteSite) -> Step | None:
    """The back end's status, headers and body, with what the mappings for its status change."""
    change = compile_response_mapping(_integration(at))
    needs_body = change is not None and change.needs_body

    def step(exchange: Exchange) -> Awaitable[None] | None:
        upstream = exchange.upstream
        assert upstream is not None
        exchange.status = upstream.status
        head = upstream.head
        exchange.headers = _passed_back(upstream.headers) if head is None else _passed_back_block(head)
        if needs_body:
            return read_and_change(exchange)
        exchange.streamed = upstream
        if change is not None:
            change(exchange, b"")
        return None

    async def read_and_change(exchange: Exchange) -> None:
        assert exchange.upstream is not None
        assert change is not None
        try:
            exchange.answer = await exchange.upstream.read()
        except IntegrationTimedOut as error:
            raise GatewayError("INTEGRATION_TIMEOUT", detail=str(error)) from None
        except UpstreamError as error:
            raise bad_response(str(error)) from None
        change(exchange, exchange.answer)

    return step


def _passed_back(headers: Headers) -> Headers:
    return [header for header in headers if header[0] not in _NOT_PASSED_BACK]


def _passed_back_block(head: KnownHead) -> Block:
    """The same for the head of a response that came before."""
    return head.passed.get("HTTP") or head.keep("HTTP", Block(_passed_back(head.headers)))


class ResponseMapping:
    """The mappings of an integration's responses, by the status of the back end."""

    def __init__(self, by_status: dict[int, ParameterMapping]) -> None:
        self._by_status = by_status
        self.needs_body = any(mapping.needs_body for mapping in by_status.values())

    def __call__(self, exchange: Exchange, body: bytes) -> None:
        mapping = self._by_status.get(exchange.status)
        if mapping is None:
            return
        original: Headers = list(exchange.headers)
        message = Mapped(original, [])
        mapping.apply(message, response_variables(exchange, original, body))
        exchange.headers = message.headers
        exchange.status = message.status or exchange.status


def compile_response_mapping(integration: V2Integration) -> ResponseMapping | None:
    """What the integration's response parameters change; None where there are none."""
    if not integration.response_parameters:
        return None
    return ResponseMapping(
        {int(status): ParameterMapping(mapping) for status, mapping in integration.response_parameters.items()}
    )


def _integration(at: RouteSite) -> V2Integration:
    if at.integration is None:
        raise Misconfigured("the route has no integration")
    return at.integration
