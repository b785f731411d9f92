"""The name that a TLS client asks for (SNI), read from its first bytes before any cryptography.

Which protocol versions are spoken, which certificate is shown and whether the caller has to show one differ by name, and OpenSSL
can change only some of that once it has begun: so the name is known first.
"""

from __future__ import annotations

import re

LARGEST = 16 * 1024
"""Bytes in which a ClientHello has to be whole."""

_HANDSHAKE = 22
_CLIENT_HELLO = 1
_RECORD_HEAD = 5
_LARGEST_RECORD = 16_384
_SERVER_NAME = 0
_HOST_NAME = 0
_NAME = re.compile(rb"[A-Za-z0-9_.-]{1,253}\Z").match


class BadHello(ValueError):
    """The bytes begin no ClientHello."""


class _Reader:
    """Takes pieces off the front of bytes; raises BadHello where they end too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise BadHello("a length is longer than what it measures")
        piece, self._at = self._data[self._at : end], end
        return piece

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def vector(self, size: int) -> bytes:
        """What a length of `size` bytes measures."""
        return self.take(self.number(size))


def server_name(data: bytes) -> str | None:
    """The name, in lower case, that a client asks for: "" when it asks for none, None while more bytes have to come.

    Raises BadHello for what is no ClientHello, or one that is not whole within `LARGEST` bytes.
    """
    hello = _hello(data)
    if hello is None:
        if len(data) >= LARGEST:
            raise BadHello("the ClientHello is too large")
        return None
    reader = _Reader(hello)
    reader.take(2 + 32)  # version, random
    reader.vector(1)  # session id
    reader.vector(2)  # cipher suites
    reader.vector(1)  # compression methods
    if not reader:
        return ""
    extensions = _Reader(reader.vector(2))
    while extensions:
        kind, body = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            return _host_name(body)
    return ""


def _hello(data: bytes) -> bytes | None:
    """The handshake message, put together from its records; None while it is not whole."""
    message = b""
    at = 0
    while True:
        head = data[at : at + _RECORD_HEAD]
        if (head and head[0] != _HANDSHAKE) or (len(head) > 1 and head[1] != 3):
            raise BadHello("no TLS handshake")
        if len(head) < _RECORD_HEAD:
            return None
        size = int.from_bytes(head[3:])
        if not 0 < size <= _LARGEST_RECORD:
            raise BadHello("a record of no possible size")
        message += data[at + _RECORD_HEAD : at + _RECORD_HEAD + size]
        if message and message[0] != _CLIENT_HELLO:
            raise BadHello("no ClientHello")
        if len(message) >= 4:
            length = int.from_bytes(message[1:4])
            if length > LARGEST:
                raise BadHello("the ClientHello is too large")
            if len(message) >= 4 + length:
                return message[4 : 4 + length]
        at += _RECORD_HEAD + size
        if at >= len(data):
            return None


def _host_name(body: bytes) -> str:
    names = _Reader(_Reader(body).vector(2))
    while names:
        kind, name = names.number(1), names.vector(2)
        if kind == _HOST_NAME:
            if _NAME(name) is None:
                raise BadHello("an ill-formed server name")
            return name.decode().lower()
    return ""
