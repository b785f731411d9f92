"""What the edge refuses, and the answer it gives: AWS-shaped, naming nothing but a request id."""

from __future__ import annotations

import os
from collections.abc import Callable
from http import HTTPStatus
from itertools import chain

_ERROR_TYPES = {
    400: "BadRequestException",
    408: "RequestTimeoutException",
    413: "RequestEntityTooLargeException",
    414: "RequestUriTooLongException",
    417: "BadRequestException",
    431: "RequestHeaderFieldsTooLargeException",
    500: "InternalServerErrorException",
    503: "ServiceUnavailableException",
}
_MESSAGES = {
    400: "Bad Request",
    408: "Request Timeout",
    413: "Request Too Long",
    414: "Request-URI Too Long",
    417: "Expectation Failed",
    431: "Request Header Fields Too Large",
    500: "Internal server error",
    503: "Service Unavailable",
}


class AmbiguousRequest(ValueError):
    """A request that two readers could understand differently, or that exceeds a limit of its head.

    `status` is the answer (400, 414, 417, 431); `reason` is for the log and never reaches the client.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


def in_batches(make: Callable[[], list[str]]) -> Callable[[], str]:
    """A function that gives one text after the other of those that `make` makes at a time."""
    return chain.from_iterable(iter(make, [])).__next__


_BATCH = 256
_DASHES = (8, 13, 18, 23)


def _some_ids() -> list[str]:
    """Version 4 UUIDs as text, cut from one piece of system randomness, all of them column by column."""
    digits = os.urandom(16 * _BATCH).hex().encode()
    text = bytearray(b"-" * (36 * _BATCH))
    columns = [at for at in range(36) if at not in _DASHES]
    for number, at in enumerate(columns):
        text[at::36] = digits[number::32]
    text[14::36] = b"4" * _BATCH
    text[19::36] = text[19::36].translate(_VARIANT)
    joined = text.decode("ascii")
    return [joined[at : at + 36] for at in range(0, len(joined), 36)]


_VARIANT = bytes.maketrans(b"0123456789abcdef", b"89ab" * 4)
new_request_id = in_batches(_some_ids)


def refusal(status: int, date: bytes = b"") -> bytes:
    """The whole answer to a refused request; the connection closes behind it."""
    body = b'{"message": "%s"}' % _MESSAGES[status].encode()
    return b"".join(
        (
            b"HTTP/1.1 %d %s\r\n" % (status, HTTPStatus(status).phrase.encode()),
            b"date: %s\r\n" % date if date else b"",
            b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body),
            b"x-amzn-requestid: %s\r\n" % new_request_id().encode(),
            b"x-amzn-errortype: %s\r\n" % _ERROR_TYPES[status].encode(),
            b"connection: close\r\n\r\n",
            body,
        )
    )
