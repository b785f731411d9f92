"""What the edge refuses, and the answer it gives: AWS-shaped, naming nothing but a request id."""

from __future__ import annotations

import os
from http import HTTPStatus

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


class RequestIds:
    """Version 4 UUIDs as text, cut from one batch of system randomness at a time."""

    _BATCH = 256
    _FIXED = int.from_bytes(bytes.fromhex("00000000000040008000000000000000") * _BATCH)  # version and variant
    _RANDOM = int.from_bytes(bytes.fromhex("ffffffffffff0fff3fffffffffffffff") * _BATCH)

    def __init__(self) -> None:
        self._left: list[str] = []

    def __call__(self) -> str:
        if not self._left:
            size = 16 * self._BATCH
            noise = int.from_bytes(os.urandom(size)) & self._RANDOM | self._FIXED
            digits = noise.to_bytes(size).hex()
            self._left = [digits[at : at + 32] for at in range(0, len(digits), 32)]
        text = self._left.pop()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


new_request_id = RequestIds()


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
