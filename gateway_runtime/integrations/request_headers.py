"""The headers of requests that mappings make: the gateway's own, those that are mapped, and what templates put in their place."""

from __future__ import annotations

from gateway_runtime.edge.canonical import Headers
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.forwarding import own_headers
from gateway_runtime.integrations.target import compile_headers
from gateway_runtime.mapping.context import clean
from gateway_runtime.mapping.template_context import override_headers
from gateway_runtime.snapshot.stage import MethodSite


class RequestHeaders:
    """Writes those of requests to one back end. `own` are headers of the gateway's that a mapping may replace, beside the ones that
    every back end gets; `tells_caller` adds who called (`x-forwarded-for` and its like)."""

    def __init__(self, site: MethodSite, own: Headers | None = None, *, tells_caller: bool = True) -> None:
        self._mapped = compile_headers(site)
        self._tells_caller = tells_caller
        everybodys: Headers = [
            (b"user-agent", f"AmazonAPIGateway_{site.deployment.api_id}".encode()),
            (b"accept", b"application/json"),
            (b"x-amzn-apigateway-api-id", site.deployment.api_id.encode()),
            *(own or []),
        ]
        names = {name.lower() for name, _ in self._mapped}
        self._own = [header for header in everybodys if header[0] not in names]
        self._keeps_type = b"content-type" not in names and not any(name == b"content-type" for name, _ in self._own)
        self.needs_body = any(source.needs_body for _, source in self._mapped)

    def write(self, exchange: Exchange, trace: str, body: str) -> Headers:
        """The headers of one request; `body` is the caller's, as text, where a mapping needs it."""
        request = exchange.request
        if self._tells_caller:
            headers = self._own + own_headers(exchange, trace)
        else:
            headers = [*self._own, (b"x-amzn-trace-id", trace.encode("latin-1"))]
        if self._keeps_type:
            headers.append((b"content-type", request.header(b"content-type") or b"application/json"))
        for name, source in self._mapped:
            headers += [(name, clean(value).encode("utf-8")) for value in source.read(exchange, body)]
        if exchange.template_context is None:
            return headers
        return override_headers(headers, exchange.template_context.overrides("requestOverride", "header"))
