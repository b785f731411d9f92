"""A function's streamed answer: Lambda's events taken apart again into the bytes that the function wrote."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

from apps.core.event_stream import BadEventStream, EventStreamDecoder, Message
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.functions.errors import FunctionFailed, FunctionsUnreachable, InvocationTimedOut
from gateway_runtime.upstream.errors import BadResponse, IntegrationTimedOut, TruncatedResponse, UpstreamError
from gateway_runtime.upstream.pool import UpstreamPool
from gateway_runtime.upstream.response import UpstreamResponse

_AHEAD = 256 * 1024  # bytes that may wait for the reader


class FunctionStream:
    """Reads an event stream and writes the function's bytes to a response of its own, as fast as that is read.

    It takes the place of the origin's connection of that response.
    """

    def __init__(self, arn: str, source: UpstreamResponse, pool: UpstreamPool) -> None:
        self._arn = arn
        self._source = source
        self._pool = pool
        self._decoder = EventStreamDecoder()
        self._room = asyncio.Event()
        self._room.set()
        self._complete = False

    async def begin(self) -> UpstreamResponse:
        """The response, once the function has written something or has ended well. Raises the errors of `functions.errors`."""
        first: list[Message] = []
        try:
            while not first:
                data = await self._source.next_chunk()
                if not data:
                    raise FunctionsUnreachable(f"{self._arn}: the stream ended before it began")
                first = list(self._decoder.feed(data))
        except IntegrationTimedOut as error:
            raise InvocationTimedOut(f"{self._arn}: {error}") from error
        except (UpstreamError, BadEventStream) as error:
            raise FunctionsUnreachable(f"{self._arn}: {error}") from error
        failure = _failure(first[0])
        if failure is not None:
            self._source.close()
            raise FunctionFailed(f"{self._arn}: {failure}")
        target = self._target = UpstreamResponse(self._pool.loop, self._pool.exchanges, self._source.deadline, False)
        target.status = 200
        target.headers = self._headers()
        target.connection = cast("Any", self)
        self._pool.spawn(self._pump(first))
        return target

    # As the response's connection
    def read_on(self) -> None:
        self._room.set()

    def abort(self) -> None:
        self._room.set()
        self._source.close()

    async def _pump(self, messages: list[Message]) -> None:
        try:
            while True:
                for message in messages:
                    self._take(message)
                if self._complete or self._target.error is not None:
                    return
                await self._room.wait()
                data = await self._source.next_chunk()
                if not data:
                    raise TruncatedResponse("the stream ended before its last event")
                messages = list(self._decoder.feed(data))
        except BadEventStream as error:
            self._target.fail(BadResponse(str(error)))
        except Exception as error:
            self._target.fail(error)
        finally:
            self._source.close()

    def _take(self, message: Message) -> None:
        target = self._target
        if self._complete or target.error is not None:
            return
        if message.event_type == "PayloadChunk":
            if target.store(message.payload) > _AHEAD:
                self._room.clear()
            target.wake()
        elif message.event_type == "InvokeComplete":
            failure = _failure(message)
            if failure is not None:
                raise TruncatedResponse(f"the function failed in the middle of its answer: {failure}")
            self._complete = True
            target.finish()
            target.wake()
        elif message.headers.get(":message-type") != "event":
            raise BadResponse(f"the stream tells an error: {message.headers}")

    def _headers(self) -> Headers:
        """The function's own content type in place of the stream's."""
        remapped = b"application/octet-stream"
        for name, value in self._source.headers:
            if name == b"x-amzn-remapped-content-type":
                remapped = value
        return [(b"content-type", remapped)]


def _failure(message: Message) -> str | None:
    """Why the function failed, when this is the event that says so."""
    if message.event_type != "InvokeComplete":
        return None
    try:
        told = json.loads(message.payload or b"{}")
    except ValueError:
        raise BadEventStream("the last event is not JSON") from None
    code = told.get("ErrorCode") if isinstance(told, dict) else None
    return f"{code}: {str(told.get('ErrorDetails') or '')[:512]}" if code else None
