"""Functions that answer as a story tells them, and remember what they were invoked with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway_runtime.edge.deadlines import Sweep
from gateway_runtime.functions.errors import FunctionNotFound, InvocationFailed
from gateway_runtime.ports import FunctionAnswer, Signer
from gateway_runtime.upstream.errors import UpstreamError
from gateway_runtime.upstream.response import UpstreamResponse
from tests.gateway_runtime.plane.builders import ACCOUNT, REGION

AHEAD = 256 * 1024  # bytes that a stream writes before they are read


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


@dataclass
class Invocation:
    """One call of a function."""

    arn: str
    event: Any
    source_arn: str
    as_event: bool = False
    role_arn: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    signer: Signer | None = None


class ScriptedFunctions:
    """`runs` gives a function its behaviour: a callable from event to result, a result, or an error to raise."""

    def __init__(self) -> None:
        self.invocations: list[Invocation] = []
        self._behaviours: dict[str, Any] = {}

    def runs(self, name: str, behaviour: Callable[[Any], Any] | Any) -> str:
        """The function's ARN."""
        arn = function_arn(name)
        self._behaviours[arn] = behaviour
        return arn

    async def invoke(
        self,
        arn: str,
        payload: bytes,
        *,
        source_arn: str,
        role_arn: str = "",
        signer: Signer | None = None,
        event: bool = False,
        headers: Sequence[tuple[bytes, bytes]] = (),
        timeout: float,
    ) -> FunctionAnswer:
        named = {name.decode(): value.decode() for name, value in headers}
        event = event or named.get("x-amz-invocation-type") == "Event"
        self.invocations.append(Invocation(arn, json.loads(payload), source_arn, event, role_arn, named, signer))
        if arn not in self._behaviours:
            raise FunctionNotFound(arn)
        behaviour = self._behaviours[arn]
        result = behaviour(json.loads(payload)) if callable(behaviour) else behaviour
        if isinstance(result, Awaitable):
            result = await result
        if isinstance(result, InvocationFailed):
            raise result
        if event:
            return FunctionAnswer(b"", status=202)
        return result if isinstance(result, FunctionAnswer) else FunctionAnswer(json.dumps(result).encode())

    async def stream(
        self,
        arn: str,
        payload: bytes,
        *,
        source_arn: str,
        role_arn: str = "",
        signer: Signer | None = None,
        timeout: float,
    ) -> UpstreamResponse:
        """The behaviour of a function that streams is bytes, or a callable from the event to an iterator of them."""
        self.invocations.append(Invocation(arn, json.loads(payload), source_arn, role_arn=role_arn, signer=signer))
        if arn not in self._behaviours:
            raise FunctionNotFound(arn)
        behaviour = self._behaviours[arn]
        if isinstance(behaviour, InvocationFailed):
            raise behaviour
        pieces = behaviour(json.loads(payload)) if callable(behaviour) else _once(behaviour)
        return ScriptedStream(pieces, timeout).response


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


class ScriptedStream:
    """Writes pieces to a response as fast as it is read, in the place of its connection. An error among them ends it."""

    def __init__(self, pieces: AsyncIterator[bytes], timeout: float) -> None:
        loop = asyncio.get_running_loop()
        self.response = UpstreamResponse(loop, Sweep(loop, 0.01), loop.time() + timeout, False)
        self.response.status = 200
        self.response.connection = self  # type: ignore[assignment]
        self._room = asyncio.Event()
        self._task = loop.create_task(self._write(pieces))

    def read_on(self) -> None:
        self._room.set()

    def abort(self) -> None:
        self._task.cancel()

    async def _write(self, pieces: AsyncIterator[bytes]) -> None:
        try:
            async for piece in pieces:
                if self.response.store(piece) > AHEAD:
                    self._room.clear()
                self.response.wake()
                await self._room.wait() if self.response._buffered > AHEAD else await asyncio.sleep(0)
        except UpstreamError as error:
            self.response.fail(error)
        else:
            self.response.finish()
            self.response.wake()
