"""Functions that answer as a story tells them, and remember what they were invoked with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway_runtime.functions.errors import FunctionNotFound, InvocationFailed
from gateway_runtime.ports import FunctionAnswer
from gateway_runtime.upstream.response import UpstreamResponse
from tests.gateway_runtime.plane.builders import ACCOUNT, REGION


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


@dataclass
class Invocation:
    """One call of a function."""

    arn: str
    event: Any
    source_arn: str
    as_event: bool = False


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
        self, arn: str, payload: bytes, *, source_arn: str, event: bool = False, timeout: float
    ) -> FunctionAnswer:
        self.invocations.append(Invocation(arn, json.loads(payload), source_arn, event))
        if arn not in self._behaviours:
            raise FunctionNotFound(arn)
        behaviour = self._behaviours[arn]
        result = behaviour(json.loads(payload)) if callable(behaviour) else behaviour
        if isinstance(result, InvocationFailed):
            raise result
        if event:
            return FunctionAnswer(b"", status=202)
        return result if isinstance(result, FunctionAnswer) else FunctionAnswer(json.dumps(result).encode())

    async def stream(self, arn: str, payload: bytes, *, source_arn: str, timeout: float) -> UpstreamResponse:
        raise NotImplementedError("the story has no streams")
