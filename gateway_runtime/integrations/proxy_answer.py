"""What becomes of the results of functions behind AWS_PROXY, returned whole or streamed."""

from __future__ import annotations

from gateway_runtime.edge.canonical import Headers
from gateway_runtime.errors import GatewayError
from gateway_runtime.integrations.forwarding import remapped_of_function
from gateway_runtime.integrations.proxy_result import MalformedResult, ProxyResult


def answer_headers(result: ProxyResult) -> Headers:
    """The headers of the answer: some under other names, and always a content type."""
    headers = remapped_of_function(result.headers)
    if not any(name == b"content-type" for name, _ in headers):
        headers.append((b"content-type", b"application/json"))
    return headers


def malformed(error: MalformedResult) -> GatewayError:
    """The function's result is none that a proxy integration can answer with."""
    return GatewayError("API_CONFIGURATION_ERROR", status=502, detail=f"Malformed Lambda proxy response: {error}")
