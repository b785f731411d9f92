"""AWS's event stream encoding (`application/vnd.amazon.eventstream`): messages of named headers and a payload."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_LARGEST = 16 * 1024 * 1024
_STRING = 7
_WIDTHS = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}  # of the other types of header values, which are skipped


class BadEventStream(ValueError):
    """The bytes are no event stream, or were damaged on their way."""


class Message(NamedTuple):
    """One message; `headers` are those whose values are strings."""

    headers: dict[str, str]
    payload: bytes

    @property
    def event_type(self) -> str:
        return self.headers.get(":event-type", "")


def encode_event(event_type: str, payload: bytes, content_type: str) -> bytes:
    """A message of the type `event`."""
    return encode({":event-type": event_type, ":content-type": content_type, ":message-type": "event"}, payload)


def encode(headers: Mapping[str, str], payload: bytes) -> bytes:
    packed = b"".join(
        struct.pack(">B", len(name.encode()))
        + name.encode()
        + struct.pack(">BH", _STRING, len(value.encode()))
        + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(packed) + len(payload), len(packed))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + packed + payload
    return message + struct.pack(">I", zlib.crc32(message))


class EventStreamDecoder:
    """Bytes as they arrive, messages as they are complete. Raises `BadEventStream`, after which it is of no more use."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        self._buffer += data
        while len(self._buffer) >= 12:
            total, header_length, checksum = struct.unpack_from(">III", self._buffer)
            if zlib.crc32(self._buffer[:8]) != checksum or not 16 + header_length <= total <= _LARGEST:
                raise BadEventStream("the prelude of a message is damaged")
            if len(self._buffer) < total:
                return
            message = bytes(self._buffer[:total])
            del self._buffer[:total]
            if zlib.crc32(message[:-4]) != struct.unpack(">I", message[-4:])[0]:
                raise BadEventStream("a message is damaged")
            yield Message(_headers(message[12 : 12 + header_length]), message[12 + header_length : -4])


def _headers(packed: bytes) -> dict[str, str]:
    headers = {}
    at = 0
    try:
        while at < len(packed):
            end = at + 1 + packed[at]
            name, kind = packed[at + 1 : end].decode(), packed[end]
            at = end + 1
            if kind in (6, _STRING):
                (length,) = struct.unpack_from(">H", packed, at)
                value = packed[at + 2 : at + 2 + length]
                if len(value) < length:
                    raise BadEventStream("a header is cut off")
                at += 2 + length
                if kind == _STRING:
                    headers[name] = value.decode()
            else:
                at += _WIDTHS[kind]
    except (IndexError, KeyError, struct.error, UnicodeDecodeError) as error:
        raise BadEventStream(f"the headers of a message cannot be read: {error}") from None
    return headers
