"""What the gateway itself says to back ends, and what it does not let through in either direction."""

from __future__ import annotations

import ipaddress
import os
from binascii import b2a_base64
from collections.abc import Callable
from functools import lru_cache

from gateway_runtime.edge.canonical import Headers
from gateway_runtime.edge.refusals import in_batches
from gateway_runtime.exchange import Exchange
from gateway_runtime.head_lines import Block
from gateway_runtime.upstream.framing import end_to_end_block, tokens
from gateway_runtime.upstream.known_heads import KnownHead

# Written by the gateway, or about the connection to the client; callers' own values would be believed.
_NOT_FORWARDED = frozenset(
    {
        b"host", b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"trailer",
        b"transfer-encoding", b"upgrade", b"http2-settings", b"expect", b"content-length", b"forwarded",
        b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-proto", b"x-amzn-trace-id",
        b"x-amzn-apigateway-api-id", b"x-http-method-override",
    }
)  # fmt: skip

_REMAPPED = (
    b"authorization", b"connection", b"content-length", b"content-md5", b"date", b"host", b"max-forwards",
    b"proxy-authenticate", b"server", b"trailer", b"user-agent", b"warning", b"www-authenticate", b"x-amzn-requestid",
)  # fmt: skip
_NEW_NAMES = {name: b"x-amzn-remapped-" + name for name in _REMAPPED}
# The gateway's own names: a back end cannot speak in its place.
_OWN = frozenset({b"x-amz-apigw-id", b"x-amzn-trace-id", b"x-amzn-errortype", b"x-gatehouse-deployment"})
_VIA = (b"via", b"HTTP/1.1 AmazonAPIGateway")
_NOT_OF_FUNCTIONS = (_OWN - {b"x-amzn-errortype"}) | frozenset(
    {b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade", b"http2-settings"}
)


_BATCH = 256


def random_texts(size: int, encode: Callable[[bytes], str]) -> Callable[[], str]:
    """A function that gives texts of `size` random bytes, cut from one piece of system randomness for many."""

    def make() -> list[str]:
        noise = os.urandom(size * _BATCH)
        return [encode(noise[at : at + size]) for at in range(0, len(noise), size)]

    return in_batches(make)


new_extended_id = random_texts(
    11, lambda noise: b2a_base64(noise, newline=False).decode()
)  # values of `x-amz-apigw-id`
_new_trace = random_texts(12, bytes.hex)


def trace_id(exchange: Exchange) -> str:
    """The caller's trace goes on, or the place in it that the gateway has given itself; otherwise a new one begins here."""
    return _trace(exchange, exchange.request.header(b"x-amzn-trace-id"))


def _trace(exchange: Exchange, sent: bytes | None) -> str:
    if exchange.segment_id and exchange.trace_id is not None:
        return exchange.trace_id
    if sent is not None and len(sent) <= 256 and b"Root=" in sent:
        return sent.decode("latin-1")
    return f"Root={new_trace_root(exchange.received_at)}"


_second = (0, "")  # the last one of which the beginning of a trace was written, and that


def new_trace_root(now: float) -> str:
    """A trace that begins now (epoch seconds), as X-Ray names it."""
    global _second
    second, beginning = _second
    if not second <= now < second + 1:
        second = int(now)
        _second = second, beginning = second, f"1-{second:08x}-"
    return beginning + _new_trace()


def passed_block(exchange: Exchange, made_for: str, make: Callable[[Exchange], Headers]) -> Block | None:
    """Where the caller's headers came before: what `make` makes of them for `made_for`. The trace is not among them, but the
    exchange is told it, in `out_line` too. None where nothing is known of the headers."""
    request = exchange.request
    known = request.known
    if known is None:
        return None
    place = made_for, request.client_ip, exchange.entrance
    block = known.passed.get(place) or known.keep(place, end_to_end_block(make(exchange)))
    exchange.trace_id = trace = _trace(exchange, known.first.get(b"x-amzn-trace-id"))
    exchange.out_line = f"x-amzn-trace-id: {trace}\r\n".encode("latin-1")
    return block


def forwarded_headers(exchange: Exchange) -> Headers:
    """The caller's headers that a back end may see, and the gateway's own. Sets the exchange's trace."""
    return [*headers_from_callers(exchange), _trace_header(exchange)]


def headers_with_forwarded(exchange: Exchange) -> Headers:
    """The same as HTTP APIs send them: who called is told in one `Forwarded` header."""
    return [*headers_from_http_callers(exchange), _trace_header(exchange)]


def headers_from_callers(exchange: Exchange) -> Headers:
    """The caller's headers that a back end may see, and who called."""
    kept, said = _passed(exchange)
    scheme, server = exchange.entrance
    known = _entrance(scheme, server[1] if server else None, exchange.request.client_ip)
    if said is not None:
        kept.append((b"x-forwarded-for", said + b", " + known[0][1]))
        known = known[1:]
    kept += known
    return kept


def headers_from_http_callers(exchange: Exchange) -> Headers:
    """The same for HTTP APIs."""
    kept, said = _passed(exchange)
    request, (scheme, server) = exchange.request, exchange.entrance
    own = _forwarded(scheme, server[0] if server else "", request.client_ip, request.authority)
    if said is not None:
        own = own[0], b", ".join([*_hops(said), own[1]])
    kept += (own, _VIA)
    return kept


def _trace_header(exchange: Exchange) -> tuple[bytes, bytes]:
    exchange.trace_id = trace = trace_id(exchange)
    return b"x-amzn-trace-id", trace.encode("latin-1")


@lru_cache(maxsize=4096)
def _forwarded(scheme: str, by: str, client_ip: str, host: str) -> tuple[bytes, bytes]:
    """RFC 7239."""
    nodes = [f'"[{node}]"' if ":" in node else node for node in (by, client_ip)]
    return b"forwarded", f"by={nodes[0]};for={nodes[1]};host={host};proto={scheme}".encode()


def _hops(said: bytes) -> list[bytes]:
    """What a caller says of those before it, as elements of `Forwarded`; what is no address is left out."""
    hops = []
    for entry in said.split(b","):
        try:
            node = ipaddress.ip_address(entry.decode("latin-1").strip())
        except ValueError:
            continue
        hops.append(f'for="[{node}]"'.encode() if node.version == 6 else f"for={node}".encode())
    return hops


def _passed(exchange: Exchange) -> tuple[Headers, bytes | None]:
    """The caller's headers that a back end may see, and what it says itself of for whom it calls."""
    kept: Headers = []
    connection = said = None
    for header in exchange.request.headers:
        name = header[0]
        if name not in _NOT_FORWARDED:
            kept.append(header)
        elif name == b"connection":
            connection = header[1] if connection is None else connection + b"," + header[1]
        elif name == b"x-forwarded-for":
            said = header[1] if said is None else said + b", " + header[1]
    if connection is not None:
        named = tokens(connection)
        kept = [header for header in kept if header[0] not in named]
        said = None if b"x-forwarded-for" in named else said
    return kept, said or None


def own_headers(exchange: Exchange, trace: str) -> Headers:
    """Who called, how, and under which trace."""
    scheme, server = exchange.entrance
    known = _entrance(scheme, server[1] if server else None, exchange.request.client_ip)
    return [*known, (b"x-amzn-trace-id", trace.encode("latin-1"))]


@lru_cache(maxsize=4096)
def _entrance(scheme: str, port: int | None, client_ip: str) -> tuple[tuple[bytes, bytes], ...]:
    number = port or (443 if scheme == "https" else 80)
    return (
        (b"x-forwarded-for", client_ip.encode()),
        (b"x-forwarded-proto", scheme.encode()),
        (b"x-forwarded-port", b"%d" % number),
    )


def remapped_block(head: KnownHead) -> Block:
    """The same for the head of a response that came before."""
    return head.passed.get("REST") or head.keep("REST", Block(with_content_type(remapped(head.headers))))


def with_content_type(headers: Headers) -> Headers:
    """AWS says application/json where a back end says nothing of its body."""
    if any(name == b"content-type" for name, _ in headers):
        return headers
    return [*headers, (b"content-type", b"application/json")]


def remapped(headers: Headers) -> Headers:
    """A back end's headers under the names in which callers see them."""
    return [(_NEW_NAMES.get(name, name), value) for name, value in headers if name not in _OWN]


def remapped_of_function(headers: Headers) -> Headers:
    """The same for headers that a function names: it may tell the type of an error, and no connection is its own."""
    kept = [(name, value) for name, value in headers if name not in _NOT_OF_FUNCTIONS]
    return [(_NEW_NAMES.get(name, name), value) for name, value in kept]
