"""Answers that a runtime writes piece by piece."""

from __future__ import annotations

from collections.abc import Callable

from gateway_runtime.functions.http import Exchange
from gateway_runtime.functions.invocation import Invocation
from gateway_runtime.functions.limits import LARGEST_ANSWER, LARGEST_STREAM
from gateway_runtime.functions.runtime_errors import error_of_trailers, response_too_large

Over = Callable[[Exchange, bytes, str | None], None]
"""Told at the end: the exchange, the payload and, of a function that failed, `Unhandled`."""


class StreamedAnswer:
    """An answer that the runtime writes piece by piece: to the receiver, or kept until its end where the caller wants it whole."""

    def __init__(self, over: Over, exchange: Exchange, invocation: Invocation) -> None:
        self._over = over
        self._exchange = exchange
        self._invocation = invocation
        self._receiver = invocation.receiver
        self._kept = bytearray()
        self._size = 0
        if self._receiver is not None:
            self._receiver.begin(exchange.headers.get(b"content-type", b"application/octet-stream"), exchange.hold)

    def data(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._receiver is None:
            if self._size <= LARGEST_ANSWER:
                self._kept += chunk
        elif self._size <= LARGEST_STREAM and not self._invocation.answer.done():
            self._invocation.streamed = True
            self._receiver.chunk(chunk)

    def end(self, trailers: dict[bytes, bytes]) -> None:
        over, exchange = self._over, self._exchange
        error_type = trailers.get(b"lambda-runtime-function-error-type")
        if error_type is not None:
            over(exchange, error_of_trailers(error_type, trailers), "Unhandled")
        elif self._size > (LARGEST_ANSWER if self._receiver is None else LARGEST_STREAM):
            over(exchange, response_too_large(), "Unhandled")
        else:
            over(exchange, bytes(self._kept), None)

    def lost(self) -> None:
        """The runtime is gone, and its process will say why."""
