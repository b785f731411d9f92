"""Heads towards origins and headers from them, framed anew on each side: nothing hop-by-hop passes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway_runtime.edge.canonical import Headers

_HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
        b"trailer", b"transfer-encoding", b"upgrade", b"http2-settings", b"expect",
    }
)  # fmt: skip
_WRITTEN_HERE = _HOP_BY_HOP | {b"content-length", b"host"}
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z").match
_FORBIDDEN_IN_TARGET = re.compile(rb"[^!-~]").search
_CONTROLS = bytes(code for code in range(32) if code not in (9, 10, 13)) + b"\x7f"
_EXPECTS_BODY = frozenset({b"POST", b"PUT", b"PATCH"})
_known_names: set[bytes] = set()  # names seen to be tokens; bounded


def encode_head(
    method: bytes, target: bytes, authority: bytes, headers: Iterable[tuple[bytes, bytes]], length: int | None
) -> bytes:
    """A request head. `length` None announces chunks. Header names may be in any case; a `host` among them replaces
    the origin's. Raises ValueError for what cannot be written unambiguously."""
    if not target.startswith(b"/") or _FORBIDDEN_IN_TARGET(target) or _TOKEN(method) is None:
        raise ValueError("ill-formed method or target")
    host = authority
    dropped: frozenset[bytes] = _WRITTEN_HERE
    parts: list[bytes] = [b"", b"\r\n"]
    for name, value in headers:
        lower = name.lower()
        if lower in dropped:
            if lower == b"host":
                host = value
            elif lower == b"connection":
                dropped = dropped.union(tokens(value))
            continue
        if name not in _known_names:
            _check_name(name)
        parts += (name, b": ", value, b"\r\n")
    if dropped is not _WRITTEN_HERE:
        parts[2:] = _without(parts, dropped)
    breaks = 3 + (len(parts) - 2) // 4
    if length is None:
        parts.append(b"transfer-encoding: chunked\r\n")
        breaks += 1
    elif length or method in _EXPECTS_BODY:
        parts.append(b"content-length: %d\r\n" % length)
        breaks += 1
    parts.append(b"\r\n")
    parts[0] = b"%b %b HTTP/1.1\r\nhost: %b" % (method, target, host)
    head = b"".join(parts)
    # A line break inside a value would show as one more line: one scan instead of one per header.
    if head.count(b"\n") != breaks or head.count(b"\r") != breaks or len(head.translate(None, _CONTROLS)) != len(head):
        raise ValueError("control character in a request header")
    return head


def _without(parts: list[bytes], dropped: frozenset[bytes]) -> list[bytes]:
    """The written header lines without those that `Connection` names, also when it came after them."""
    kept: list[bytes] = []
    for at in range(2, len(parts), 4):
        if parts[at].lower() not in dropped:
            kept += parts[at : at + 4]
    return kept


def _check_name(name: bytes) -> None:
    if _TOKEN(name) is None:
        raise ValueError("ill-formed header name")
    if len(_known_names) < 4096:
        _known_names.add(name)


def tokens(value: bytes) -> set[bytes]:
    """The lower-case members of a comma-separated header value."""
    return {token.strip().lower() for token in value.split(b",")}


def end_to_end(headers: Headers) -> Headers:
    """A response's headers without the hop-by-hop ones and those named in `Connection`; names are lower-case."""
    dropped: frozenset[bytes] = _HOP_BY_HOP
    hops = False
    for name, value in headers:
        if name in _HOP_BY_HOP:
            hops = True
            if name == b"connection":
                dropped = dropped.union(tokens(value) - {b"content-length"})
    return [header for header in headers if header[0] not in dropped] if hops else headers
