"""Heads towards origins and headers from them, framed anew on each side: nothing hop-by-hop passes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway_runtime.edge.canonical import Headers
from gateway_runtime.head_lines import Beginnings, Block, are_clean

_HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
        b"trailer", b"transfer-encoding", b"upgrade", b"http2-settings", b"expect",
    }
)  # fmt: skip
ABOUT_CONNECTION = _HOP_BY_HOP | {b"content-length"}  # of these a response's content-length alone passes on
_WRITTEN_HERE = _HOP_BY_HOP | {b"content-length", b"host"}
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z").match
_FORBIDDEN_IN_TARGET = re.compile(rb"[^!-~]").search
_NO_BODY = b"\r\n"
_EXPECTS_BODY = frozenset({b"POST", b"PUT", b"PATCH"})


_beginnings = Beginnings(_WRITTEN_HERE)


def end_to_end_block(headers: Headers) -> Block:
    """Lower-case headers as a block for request heads. Raises ValueError for one that cannot be written."""
    block = Block(header for header in headers if header[0] not in _WRITTEN_HERE)
    if not are_clean([_beginnings[name] + value for name, value in block]):
        raise ValueError("control character in a request header")
    return block


def encode_head(
    method: bytes,
    target: bytes,
    authority: bytes,
    headers: Sequence[tuple[bytes, bytes]],
    length: int | None,
    line: bytes = b"",
) -> bytes:
    """A request head. `length` None announces chunks. Header names may be in any case; a `host` among them replaces
    the origin's. A block may be followed by one `line` more. Raises ValueError for what cannot be written unambiguously."""
    if not target.startswith(b"/") or _FORBIDDEN_IN_TARGET(target) or _TOKEN(method) is None:
        raise ValueError("ill-formed method or target")
    if type(headers) is Block:
        end = _NO_BODY if length == 0 and method == b"GET" else _framing(method, length)
        return b"%b %b HTTP/1.1\r\nhost: %b\r\n%b%b%b" % (method, target, authority, headers.lines, line, end)
    try:
        lines = [_beginnings[name] + value for name, value in headers]
    except KeyError:
        authority, lines = _end_to_end_lines(authority, headers)
    lines.insert(0, b"host: " + authority)
    if not are_clean(lines):
        raise ValueError("control character in a request header")
    return b"%b %b HTTP/1.1\r\n%b\r\n%b" % (method, target, b"\r\n".join(lines), _framing(method, length))


def _framing(method: bytes, length: int | None) -> bytes:
    """The end of a head: how the body is framed, and the empty line."""
    if length is None:
        return b"transfer-encoding: chunked\r\n\r\n"
    if length or method in _EXPECTS_BODY:
        return b"content-length: %d\r\n\r\n" % length
    return _NO_BODY


def _end_to_end_lines(authority: bytes, headers: Sequence[tuple[bytes, bytes]]) -> tuple[bytes, list[bytes]]:
    """The Host to send, and header lines without those about the connection and those that `Connection` names."""
    dropped: frozenset[bytes] = _WRITTEN_HERE
    for name, value in headers:
        if name.lower() == b"connection":
            dropped = dropped.union(tokens(value))
        elif name.lower() == b"host":
            authority = value
    return authority, [_beginnings[name] + value for name, value in headers if name.lower() not in dropped]


def tokens(value: bytes) -> set[bytes]:
    """The lower-case members of a comma-separated header value."""
    return {token.strip().lower() for token in value.split(b",")}


def response_framing(about: Headers) -> tuple[int | None, bool]:
    """The length that a response's headers about the connection declare, and whether its body comes in chunks.

    Raises ValueError for framing that two readers could understand differently.
    """
    length: int | None = None
    chunked = False
    for name, value in about:
        if name == b"content-length":
            digits = value.strip()
            if length is not None or not digits.isdigit():
                raise ValueError("ill-formed Content-Length")
            length = int(digits)
        elif name == b"transfer-encoding":
            if chunked or value.strip().lower() != b"chunked":
                raise ValueError("unsupported Transfer-Encoding")
            chunked = True
    if chunked and length is not None:
        raise ValueError("Content-Length with Transfer-Encoding")
    return length, chunked


def without_named(headers: Headers, about: Headers) -> Headers:
    """A response's headers without those that its `Connection` names."""
    for name, value in about:
        if name == b"connection" and value not in (b"keep-alive", b"close"):
            named = tokens(value) - {b"content-length"}
            headers = [header for header in headers if header[0] not in named]
    return headers


class LowerNames(dict[bytes, bytes]):
    """Header names in lower case by the names as sent; bounded. The same name gives the same object, hashed once."""

    def __missing__(self, name: bytes) -> bytes:
        lower = name.lower()
        if len(self) < 4096:
            self[name] = lower
        return lower


lower_names = LowerNames()
