"""A request in the bytes that came over the wire, and the canonical form of it that Signature Version 4 signs.

Paths are encoded twice, the rule of every service but S3, which takes them as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, unquote_to_bytes

UNSIGNED_PAYLOAD = b"UNSIGNED-PAYLOAD"
_UNRESERVED = "-_.~"


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it came over the wire: path and query still percent-encoded, header names in lower case."""

    method: str
    raw_path: bytes
    raw_query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header_values(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.headers if key == name]

    def only_header(self, name: bytes) -> str | None:
        """The header's value; None when it is absent or repeated, since a repeated one has no single meaning."""
        values = self.header_values(name)
        return values[0].decode("latin-1").strip() if len(values) == 1 else None


def query_pairs(raw_query: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Percent-decoded names and values, in order. A plus is a plus: in a signed query a space is `%20`."""
    for pair in raw_query.split(b"&") if raw_query else ():
        name, _, value = pair.partition(b"=")
        yield unquote_to_bytes(name), unquote_to_bytes(value)


def canonical_request(
    request: SignedRequest, signed_headers: tuple[str, ...], *, presigned: bool, path_encoded_once: bool = False
) -> bytes | None:
    """The bytes whose hash is signed; None when the request cannot be the one that was signed."""
    headers = _canonical_headers(request, signed_headers)
    payload = _payload_hash(request)
    if headers is None or payload is None:
        return None
    return b"\n".join(
        (
            request.method.encode("latin-1"),
            request.raw_path if path_encoded_once else _canonical_path(request.raw_path),
            _canonical_query(request.raw_query, presigned=presigned),
            headers,
            b"",
            ";".join(signed_headers).encode("latin-1"),
            payload,
        )
    )


def _canonical_path(raw_path: bytes) -> bytes:
    """Dot segments and doubled slashes removed, then percent-encoded once more."""
    segments: list[bytes] = []
    for segment in raw_path.split(b"/"):
        if segment == b"..":
            segments = segments[:-1]
        elif segment not in (b"", b"."):
            segments.append(segment)
    path = b"/" + b"/".join(segments)
    if segments and raw_path.endswith(b"/"):
        path += b"/"
    return quote_from_bytes(path, safe="/" + _UNRESERVED).encode()


def _canonical_query(raw_query: bytes, *, presigned: bool) -> bytes:
    pairs = sorted(
        (quote_from_bytes(name, safe=_UNRESERVED), quote_from_bytes(value, safe=_UNRESERVED))
        for name, value in query_pairs(raw_query)
        if not (presigned and name == b"X-Amz-Signature")
    )
    return "&".join(f"{name}={value}" for name, value in pairs).encode()


def _canonical_headers(request: SignedRequest, names: tuple[str, ...]) -> bytes | None:
    if list(names) != sorted(set(names)):
        return None
    lines = []
    for name in names:
        key = name.encode("latin-1")
        values = request.header_values(key)
        if not values:
            return None
        lines.append(key + b":" + b",".join(b" ".join(value.split()) for value in values))
    return b"\n".join(lines)


def _payload_hash(request: SignedRequest) -> bytes | None:
    """The body's hash, or the caller's word that the body is not signed; None when a stated hash is not the body's."""
    computed = hashlib.sha256(request.body).hexdigest().encode()
    stated = request.header_values(b"x-amz-content-sha256")
    if not stated or stated == [computed]:
        return computed
    return UNSIGNED_PAYLOAD if stated == [UNSIGNED_PAYLOAD] else None
