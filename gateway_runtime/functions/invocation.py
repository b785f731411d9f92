"""One invocation on its way through the host: what is asked, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from gateway_runtime.functions.http import Header
from gateway_runtime.functions.runtime_errors import error_payload
from gateway_runtime.ports import FunctionAnswer


class Receiver(Protocol):
    """Takes what a function writes while it writes it."""

    def begin(self, content_type: bytes, hold: Callable[[bool], None]) -> None:
        """The function has begun; `hold` makes it wait, or go on."""

    def chunk(self, data: bytes) -> None: ...


class Invocation:
    """`arn` is the invoked one, with its qualifier; `seconds` the function's timeout. `answer` is set exactly once."""

    def __init__(
        self,
        request_id: str,
        arn: str,
        payload: bytes,
        *,
        client_context: str = "",
        trace_id: str = "",
        receiver: Receiver | None = None,
    ) -> None:
        self.request_id = request_id
        self.arn = arn
        self.payload = payload
        self.client_context = client_context
        self.trace_id = trace_id
        self.receiver = receiver
        self.streamed = False  # a part of the answer has gone to the receiver
        self.log_tail = b""
        self.answer: asyncio.Future[FunctionAnswer] = asyncio.get_running_loop().create_future()

    def end(self, payload: bytes, error: str | None = None) -> None:
        """The function's answer; the first one counts."""
        if not self.answer.done():
            self.answer.set_result(FunctionAnswer(payload, error))

    def fail(self, error_type: str, message: str) -> None:
        """An error that the function did not write itself, worded as AWS words it."""
        self.end(error_payload(error_type, message), "Unhandled")

    def head(self, deadline_ms: int) -> list[Header]:
        """The headers with which the Runtime API hands the event to the runtime."""
        headers = [
            (b"content-type", b"application/json"),
            (b"lambda-runtime-aws-request-id", self.request_id.encode()),
            (b"lambda-runtime-deadline-ms", b"%d" % deadline_ms),
            (b"lambda-runtime-invoked-function-arn", self.arn.encode()),
        ]
        if self.trace_id:
            headers.append((b"lambda-runtime-trace-id", self.trace_id.encode("latin-1", "replace")))
        if self.client_context:
            headers.append((b"lambda-runtime-client-context", self.client_context.encode()))
        return headers
