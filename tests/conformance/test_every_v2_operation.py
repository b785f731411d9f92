"""Every operation of V2, against the running portal: it succeeds, and is refused with each error of its model that a client can cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from apps.portals.tasks import publish_waiting_portals
from tests.builders import a_caller, a_rest_api, a_stage
from tests.conformance.every_operation import NOBODY, Shape, Step
from tests.conformance.every_v2_operation import LEFT_OUT, MAKING, MORE, NEVER, REFUSED, REQUESTS, STEPS
from tests.conformance.making import World, perform, take
from tests.conformance.sequences import Client
from tests.issuer import Issuer

MODEL = botocore.session.get_session().get_service_model("apigatewayv2")
BUILT = list(MODEL.operation_names)


def take_all(client: Client, steps: Iterable[Step], world: World) -> None:
    """Steps with what Celery does after them."""
    for step in steps:
        take(client, step, world)
        publish_waiting_portals()


@pytest.fixture
def v2(aws: Callable[..., Any], valkey: Any) -> Client:
    return aws("apigatewayv2")


@pytest.fixture
def world(v2: Client) -> Iterator[World]:
    """A REST API with a stage, for routing rules to lead to, and an issuer of tokens."""
    caller = a_caller()
    rest = a_rest_api(caller)
    a_stage(caller, rest)
    with Issuer() as issuer:
        yield {"rest": rest, "issuer": issuer.url}


def test_every_v2_operation_succeeds(v2: Client, world: World) -> None:
    take_all(v2, STEPS, world)


def ending(client: Client, operation: str, request: Shape, world: World) -> str:
    try:
        perform(client, operation, request, world)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "succeeded"


def told() -> Iterator[tuple[str, str]]:
    """Every operation with each error that its model names and that a client can cause at all."""
    for operation in sorted(BUILT):
        for shape in MODEL.operation_model(operation).error_shapes:
            if shape.name not in NEVER:
                yield operation, shape.name


def refused_request(operation: str, error: str) -> Shape | None:
    """A request that is refused with the error, or None when the tables have none."""
    request = REQUESTS[operation]
    if operation in REFUSED.get(error, {}):
        return {**request, **REFUSED[error][operation]}
    ids = {name for name in request if name.endswith("Id")}
    if error == "NotFoundException" and ids:
        return {**request, **dict.fromkeys(ids, NOBODY)}
    if error == "BadRequestException" and "MaxResults" in MODEL.operation_model(operation).input_shape.members:
        return {**request, "NextToken": "none"}
    return None


def test_every_operation_and_error_of_the_v2_model_has_a_case_or_a_reason() -> None:
    cases = {(operation, error) for operation, error in told() if refused_request(operation, error) is not None}
    reasons = {(operation, error) for error, why in LEFT_OUT.items() for names in why.values() for operation in names}

    assert set(REQUESTS) == set(BUILT)
    assert sorted(set(told()) - cases - reasons) == []
    assert sorted(cases & reasons) == []
    assert sorted(reasons - set(told())) == []


def test_v2_is_refused_with_every_error_of_its_model(v2: Client, world: World) -> None:
    take_all(v2, MAKING, world)
    for step in MORE:
        take(v2, step, world)

    found = {}
    for operation, error in told():
        request = refused_request(operation, error)
        if request is not None:
            found[operation, error] = ending(v2, operation, request, world)

    assert {case: code for case, code in found.items() if code != case[1]} == {}
