"""Payload compression, for APIs that set a minimum compression size: bodies of requests unpacked, bodies of answers packed."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from gateway_runtime.edge.canonical import CanonicalRequest
from gateway_runtime.errors import GatewayError, bad_response
from gateway_runtime.exchange import Exchange
from gateway_runtime.limits import BODY
from gateway_runtime.mapping.content_codings import NotInCoding, accepted_coding, unpack
from gateway_runtime.upstream.errors import IntegrationTimedOut, UpstreamError
from gateway_runtime.upstream.response import UpstreamResponse

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step

_CODINGS = {b"gzip": "gzip", b"x-gzip": "gzip", b"deflate": "deflate"}
_BODILESS = frozenset({204, 304})


def decompress_request(site: MethodSite) -> Step | None:
    """The body of a request with `Content-Encoding: gzip` or `deflate`, unpacked for all that follows; other codings pass."""
    if site.deployment.minimum_compression_size is None:
        return None

    def step(exchange: Exchange) -> Awaitable[None] | None:
        sent = exchange.request.header(b"content-encoding")
        coding = None if sent is None else _CODINGS.get(sent.strip().lower())
        return None if coding is None or exchange.body.length == 0 else _decompress(exchange, coding)

    return step


async def _decompress(exchange: Exchange, coding: str) -> None:
    packed = await exchange.body.read()
    try:
        if len(packed) > BODY.packed_at_once:
            body = await asyncio.to_thread(unpack, packed, coding)
        else:
            body = unpack(packed, coding)
    except NotInCoding as error:
        reason = str(error)
        raise GatewayError("BAD_REQUEST_BODY", validation=lambda: reason) from None
    if body is None:
        raise GatewayError("REQUEST_TOO_LARGE", detail="the body unpacks to more than is allowed")
    exchange.body.replace(body)
    exchange.request = _unpacked(exchange.request, len(body))


def _unpacked(request: CanonicalRequest, length: int) -> CanonicalRequest:
    """The request as if its body had been sent unpacked."""
    headers = [
        (name, b"%d" % length if name == b"content-length" else value)
        for name, value in request.headers
        if name != b"content-encoding"
    ]
    return request.with_headers(headers)


def compress_response(site: MethodSite) -> Step | None:
    """The body of an answer in the coding that the caller prefers, when it is large enough and has none yet."""
    minimum = site.deployment.minimum_compression_size
    if minimum is None or site.streams:
        return None

    def step(exchange: Exchange) -> Awaitable[None] | None:
        streamed = exchange.streamed
        size = len(exchange.answer) if streamed is None else streamed.length
        if exchange.status in _BODILESS or exchange.request.method == "HEAD":
            return None
        if size == 0 or (size is not None and size < minimum):
            return None
        if any(name == b"content-encoding" for name, _ in exchange.headers):
            return None
        exchange.headers = [*exchange.headers, (b"vary", b"accept-encoding")]
        coding = accepted_coding(exchange.request.headers)
        return None if coding is None else _compress(exchange, streamed, coding, minimum)

    return step


async def _compress(exchange: Exchange, streamed: UpstreamResponse | None, coding: str, minimum: int) -> None:
    if streamed is not None:
        exchange.answer = await read_whole(streamed)
        exchange.streamed = None
    body = exchange.answer
    if not body or len(body) < minimum:
        return
    packed = await asyncio.to_thread(_pack, body, coding) if len(body) > BODY.packed_at_once else _pack(body, coding)
    exchange.answer = packed
    exchange.headers = [*exchange.headers, (b"content-encoding", coding.encode())]


def _pack(body: bytes, coding: str) -> bytes:
    return gzip.compress(body, 6, mtime=0) if coding == "gzip" else zlib.compress(body, 6)


async def read_whole(streamed: UpstreamResponse) -> bytes:
    """The body of an answer that was to stream; a back end that fails meanwhile is the gateway's error."""
    try:
        return await streamed.read()
    except IntegrationTimedOut as error:
        raise GatewayError("INTEGRATION_TIMEOUT", detail=str(error)) from None
    except UpstreamError as error:
        raise bad_response(str(error)) from None
