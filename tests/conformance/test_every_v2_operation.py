"""Every operation of V2, against the running portal, through an unmodified boto3."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name
from builders import a_caller, a_rest_api, a_stage
from every_operation import Shape, Step
from every_v2_operation import STEPS

Client = Any
World = dict[str, str]
_NAME = re.compile(r"\{(\w+)\}")


def filled(value: Any, world: World) -> Any:
    """A request with what its names stand for."""
    match value:
        case str():
            return _NAME.sub(lambda name: world.get(name[1], name[0]), value)
        case dict():
            return {key: filled(item, world) for key, item in value.items()}
        case list():
            return [filled(item, world) for item in value]
    return value


def perform(client: Client, operation: str, request: Shape, world: World) -> Shape:
    answer: Shape = getattr(client, xform_name(operation))(**filled(request, world))
    if operation == "ExportApi":
        answer["body"].read()
    return answer


def take(client: Client, step: Step, world: World) -> None:
    answer = perform(client, step.operation, step.request, world)
    world.update({name: answer[member] for name, member in step.keeps.items()})


@pytest.fixture
def v2(aws: Callable[..., Any], valkey: Any) -> Client:
    return aws("apigatewayv2")


@pytest.fixture
def world(v2: Client) -> World:
    """A REST API with a stage, for routing rules to lead to."""
    caller = a_caller()
    rest = a_rest_api(caller)
    a_stage(caller, rest)
    return {"rest": rest}


def test_every_v2_operation_succeeds(v2: Client, world: World) -> None:
    for step in STEPS:
        take(v2, step, world)
