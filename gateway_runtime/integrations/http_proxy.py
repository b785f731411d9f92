"""HTTP_PROXY: the caller's request passes to the back end, and its answer passes back."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.forwarding import forwarded_headers, remapped
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
    api_id = (b"x-amzn-apigateway-api-id", site.deployment.api_id.encode())
    needs_body = target.needs_body or any(source.needs_body for _, source in mapped)

    def write(exchange: Exchange, body: str) -> None:
        headers = forwarded_headers(exchange)
        headers.append(api_id)
        if replaced:
            headers = [header for header in headers if header[0] not in replaced]
            for name, source in mapped:
                headers += [(name, clean(value).encode("utf-8")) for value in source.read(exchange, body)]
        exchange.out_headers = headers
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
        exchange.headers = headers = remapped(upstream.headers)
        for name, _ in headers:
            if name == b"content-type":
                break
        else:
            headers.append((b"content-type", b"application/json"))
        exchange.streamed = upstream

    return step
