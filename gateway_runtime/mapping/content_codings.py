"""Content codings: which one a caller prefers, and bodies out of gzip and deflate within bounds."""

from __future__ import annotations

import zlib
from functools import lru_cache

from gateway_runtime.edge.canonical import Headers
from gateway_runtime.limits import BODY

_PACKED = ("gzip", "deflate")
_GZIP, _ZLIB, _RAW = 31, 15, -15  # window bits, as zlib tells formats apart


class NotInCoding(ValueError):
    """A body is not in the coding that its request names."""


def accepted_coding(headers: Headers) -> str | None:
    """`gzip` or `deflate` where the caller's Accept-Encoding prefers it; None where it prefers another coding or names none."""
    sent = [value for name, value in headers if name == b"accept-encoding"]
    return _preferred(b",".join(sent)) if sent else None


@lru_cache(maxsize=256)
def _preferred(value: bytes) -> str | None:
    """The first coding that we have among those of the highest quality. `*` names no coding, as for AWS."""
    weighed: list[tuple[float, str]] = []
    for part in value.decode("latin-1").lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        if coding:
            weighed.append((_quality(parameters), coding))
    best = max((quality for quality, _ in weighed), default=0.0)
    if best <= 0:
        return None
    return next((coding for quality, coding in weighed if quality == best and coding in _PACKED), None)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return 0.0
            return quality if 0 <= quality <= 1 else 0.0
    return 1.0


def unpack(packed: bytes, coding: str) -> bytes | None:
    """The body in a gzip or deflate one; None when it is larger than the limits allow. Raises NotInCoding.

    A gzip body may have several members. `deflate` is zlib's format; the raw one, which some clients send, is read too.
    """
    most = min(BODY.unpacked_bytes, max(BODY.expansion * len(packed), BODY.expansion_free))
    try:
        if coding == "gzip":
            return _unpacked(packed, _GZIP, most)
        return _unpacked(packed, _ZLIB if _is_zlib(packed) else _RAW, most)
    except zlib.error as error:
        raise NotInCoding(f"the body is no {coding}: {error}") from None


def _is_zlib(packed: bytes) -> bool:
    """Whether the two bytes of zlib's header are there."""
    return len(packed) >= 2 and packed[0] & 0x0F == 8 and int.from_bytes(packed[:2]) % 31 == 0


def _unpacked(packed: bytes, window_bits: int, most: int) -> bytes | None:
    pieces: list[bytes] = []
    left, room = packed, most
    while left:
        reader = zlib.decompressobj(window_bits)
        piece = reader.decompress(left, room + 1)
        if len(piece) > room:
            return None
        if not reader.eof:
            raise zlib.error("it ends early")
        pieces.append(piece)
        room -= len(piece)
        left = reader.unused_data
        if left and window_bits != _GZIP:
            raise zlib.error("something follows it")
    return b"".join(pieces)
