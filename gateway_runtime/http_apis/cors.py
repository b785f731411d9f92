"""Cross-origin requests, which an HTTP API answers for its back ends: preflights by itself, other answers with its own headers.

(AWS: http-api-cors)
"""

from __future__ import annotations

from apps.core.v2_documents import V2Cors
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.exchange import Exchange

_OWN = b"access-control-"


class Cors:
    """The CORS configuration of an API, with its headers written once."""

    def __init__(self, document: V2Cors) -> None:
        self._any_origin = "*" in document.allow_origins and not document.allow_credentials
        self._origins = frozenset(origin.lower().encode() for origin in document.allow_origins)
        self._schemes = tuple(
            origin.removesuffix("*").lower().encode() for origin in document.allow_origins if origin.endswith("://*")
        )
        self._shared: Headers = []
        if document.allow_credentials:
            self._shared.append((b"access-control-allow-credentials", b"true"))
        self._preflight = _listed(b"access-control-allow-methods", document.allow_methods)
        self._preflight += _listed(b"access-control-allow-headers", document.allow_headers)
        if document.max_age is not None:
            self._preflight.append((b"access-control-max-age", str(document.max_age).encode()))
        self._exposed = _listed(b"access-control-expose-headers", document.expose_headers)

    def is_preflight(self, exchange: Exchange) -> bool:
        request = exchange.request
        return request.method == "OPTIONS" and request.header(b"access-control-request-method") is not None

    def answer_preflight(self, exchange: Exchange) -> None:
        """204, with headers where the origin is allowed."""
        exchange.status, exchange.answer = 204, b""
        origin = exchange.request.header(b"origin")
        exchange.headers = [] if origin is None else self._allowed(origin, self._preflight)

    def put(self, exchange: Exchange) -> None:
        """In place of what the back end says of CORS, what the API says."""
        headers = [header for header in exchange.headers if not header[0].startswith(_OWN)]
        origin = exchange.request.header(b"origin")
        exchange.headers = headers if origin is None else headers + self._allowed(origin, self._exposed)

    def _allowed(self, origin: bytes, more: Headers) -> Headers:
        if self._any_origin:
            return [(b"access-control-allow-origin", b"*"), *self._shared, *more]
        lower = origin.lower()
        if lower in self._origins or lower.startswith(self._schemes):
            vary = (b"vary", b"Origin")
            return [(b"access-control-allow-origin", origin), *self._shared, *more, vary]
        return []


def _listed(name: bytes, values: tuple[str, ...]) -> Headers:
    return [(name, ",".join(values).encode())] if values else []
