"""Requests and answers as the wire sees them, between Django's HTTP classes and the codec."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cached_property

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from apps.control_plane.wire.errors import RequestEntityTooLargeException, SerializationException
from apps.core.sigv4 import SignedRequest, query_pairs

LARGEST_BODY = 10 * 1024 * 1024
"""Bytes. API Gateway's own payload limit; the importer refuses definitions above 6 MB in its own words."""

LARGEST_FUNCTION = 70 * 1024 * 1024
"""Bytes of a request that brings a function's code, in Base64."""

_BRINGS_CODE = re.compile(r"/2015-03-31/functions(?:/|/[^/]+/code)?")


class WireRequest:
    """A request with its raw bytes and the few readings of them that the wire needs."""

    def __init__(self, raw: SignedRequest, source_ip: str) -> None:
        self.raw = raw
        self.source_ip = source_ip

    @classmethod
    def of(cls, request: HttpRequest) -> WireRequest:
        """Read a Django request. It must have come through ASGI: only there is the path still as the client signed it."""
        scope = getattr(request, "scope", {})
        if "raw_path" not in scope:
            raise ImproperlyConfigured("The AWS API needs an ASGI server that passes raw_path on")
        raw = SignedRequest(
            method=str(request.method),
            raw_path=scope["raw_path"].partition(b"?")[0],
            raw_query=scope["query_string"],
            headers=tuple((name.lower(), value) for name, value in scope["headers"]),
            body=_read_body(request),
        )
        return cls(raw, str(request.META.get("REMOTE_ADDR") or ""))

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """Names to their values in order, decoded exactly as the signature reads them."""
        query: dict[str, list[str]] = {}
        try:
            for name, value in query_pairs(self.raw.raw_query):
                query.setdefault(name.decode(), []).append(value.decode())
        except UnicodeDecodeError:
            raise SerializationException("The query string is not UTF-8") from None
        return query

    @cached_property
    def headers(self) -> dict[str, str]:
        """Lower-case names to values; repeated headers are joined by commas."""
        headers: dict[str, str] = {}
        for name, value in self.raw.headers:
            key, text = name.decode("latin-1"), value.decode("latin-1")
            headers[key] = f"{headers[key]},{text}" if key in headers else text
        return headers


@dataclass(frozen=True, slots=True)
class WireResponse:
    """Status, headers and body, ready to be sent. `chunks` are a body that is sent while it is made."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    chunks: AsyncIterator[bytes] | None = None

    @classmethod
    def json(cls, status: int, document: object, headers: dict[str, str] | None = None) -> WireResponse:
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, body, headers=headers or {})

    def to_django(self, request_id: str) -> HttpResponseBase:
        response: HttpResponseBase
        if self.chunks is not None:
            response = StreamingHttpResponse(self.chunks, status=self.status, content_type=self.content_type)
        else:
            response = HttpResponse(self.body, status=self.status, content_type=self.content_type)
            response["Content-Length"] = str(len(self.body))
        response["x-amzn-RequestId"] = request_id
        for name, value in self.headers.items():
            response[name] = value
        return response


def largest_body(path: str) -> int:
    """How many bytes a request to a path may have."""
    return LARGEST_FUNCTION if _BRINGS_CODE.fullmatch(path) else LARGEST_BODY


def _read_body(request: HttpRequest) -> bytes:
    largest = largest_body(request.path)
    body = request.read(largest + 1)
    if len(body) > largest:
        raise RequestEntityTooLargeException(f"Request Too Large: at most {largest} bytes")
    return body
