"""HTTP_PROXY: the caller's request passes to the back end, and its answer passes back."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from gateway_runtime.edge.canonical import Headers
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.forwarding import (
    forwarded_headers,
    headers_from_callers,
    passed_block,
    remapped,
    remapped_block,
    with_content_type,
)
from gateway_runtime.integrations.target import compile_headers, compile_target
from gateway_runtime.mapping.context import clean

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step


def map_request(site: MethodSite) -> Step | None:
    """Path, query, headers and body as sent, with mapped parameters in place of those of the same name."""
    target = compile_target(site, forward_query=True)
    mapped = compile_headers(site)
    replaced = frozenset(name.lower() for name, _ in mapped)
    write_target = target.write
    made_for = site.deployment.api_id
    api_id = (b"x-amzn-apigateway-api-id", made_for.encode())
    needs_body = target.needs_body or any(source.needs_body for _, source in mapped)

    def unmapped(exchange: Exchange) -> Headers:
        return [*headers_from_callers(exchange), api_id]

    def headers_of(exchange: Exchange, body: str) -> Headers:
        headers = [*forwarded_headers(exchange), api_id]
        if replaced:
            headers = [header for header in headers if header[0] not in replaced]
            for name, source in mapped:
                headers += [(name, clean(value).encode("utf-8")) for value in source.read(exchange, body)]
        return headers

    def write(exchange: Exchange, body: str) -> None:
        block = None if replaced else passed_block(exchange, made_for, unmapped)
        exchange.out_headers = headers_of(exchange, body) if block is None else block
        exchange.target = write_target(exchange, body)
        exchange.out_body = exchange.body

    def step(exchange: Exchange) -> Awaitable[None] | None:
        if needs_body:
            return _read_then(exchange)
        write(exchange, "")
        return None

    async def _read_then(exchange: Exchange) -> None:
        body = await exchange.body.read()
        write(exchange, body.decode("utf-8", "replace"))
        exchange.out_body = body

    return step


def map_response(site: MethodSite) -> Step | None:
    """The back end's status, headers and body; some headers under other names, as AWS gives them."""

    def step(exchange: Exchange) -> None:
        upstream = exchange.upstream
        assert upstream is not None
        exchange.status = upstream.status
        head = upstream.head
        exchange.headers = with_content_type(remapped(upstream.headers)) if head is None else remapped_block(head)
        exchange.streamed = upstream

    return step
