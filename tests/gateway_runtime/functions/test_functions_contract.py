"""What every implementation of the port `Functions` does: the scripted one of the tests, and the client of a real host, and
functions that are elsewhere."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway_runtime.functions.client import INVOCATION_TYPE, FirstOf
from gateway_runtime.functions.errors import FunctionNotFound
from gateway_runtime.ports import FunctionAnswer, Functions
from tests.gateway_runtime.functions.hosting import API_ARN, function_host
from tests.gateway_runtime.plane.functions import ScriptedFunctions, function_arn
from tests.gateway_runtime.plane.harness import AWS_KEY

ECHO = "def handler(event, context): return event"
BROKEN = "def handler(event, context): raise ValueError('no such pet')"


def _broken(event: Any) -> FunctionAnswer:
    told = {"errorType": "ValueError", "errorMessage": "no such pet", "requestId": "1", "stackTrace": []}
    return FunctionAnswer(json.dumps(told).encode(), "Unhandled")


class Elsewhere(FirstOf):
    """Functions that are elsewhere, for somebody who can sign."""

    def __init__(self, elsewhere: Functions) -> None:
        super().__init__(ScriptedFunctions(), elsewhere)

    async def invoke(self, *arguments: Any, **options: Any) -> FunctionAnswer:
        return await super().invoke(*arguments, signer=lambda: AWS_KEY, **options)


@pytest.fixture(params=["scripted", "host", "elsewhere"])
async def functions(request: pytest.FixtureRequest, valkey_url: str) -> AsyncIterator[Functions]:
    """Functions `echo` and `broken`."""
    if request.param != "host":
        scripted = ScriptedFunctions()
        scripted.runs("echo", lambda event: event)
        scripted.runs("broken", _broken)
        yield scripted if request.param == "scripted" else Elsewhere(scripted)
        return
    async with function_host(valkey_url) as host:
        await host.runs("echo", ECHO)
        await host.runs("broken", BROKEN)
        yield host.client


class TestFunctions:
    async def test_a_function_answers_with_its_result(self, functions: Functions):
        answer = await functions.invoke(function_arn("echo"), b'{"pet":"Rex"}', source_arn=API_ARN, timeout=10)

        assert (json.loads(answer.payload), answer.error, answer.status) == ({"pet": "Rex"}, None, 200)

    async def test_an_error_of_the_function_is_its_answer(self, functions: Functions):
        answer = await functions.invoke(function_arn("broken"), b"{}", source_arn=API_ARN, timeout=10)

        told = json.loads(answer.payload)
        assert answer.error == "Unhandled"
        assert (told["errorType"], told["errorMessage"]) == ("ValueError", "no such pet")

    async def test_an_invocation_as_an_event_is_accepted_without_a_payload(self, functions: Functions):
        answers = [
            await functions.invoke(function_arn("echo"), b"{}", source_arn=API_ARN, timeout=10, event=True),
            await functions.invoke(
                function_arn("echo"), b"{}", source_arn=API_ARN, timeout=10, headers=[(INVOCATION_TYPE, b"Event")]
            ),
        ]

        assert [(answer.payload, answer.error, answer.status) for answer in answers] == [(b"", None, 202)] * 2

    async def test_a_function_that_does_not_exist_is_not_found(self, functions: Functions):
        with pytest.raises(FunctionNotFound):
            await functions.invoke(function_arn("nobody"), b"{}", source_arn=API_ARN, timeout=10)
