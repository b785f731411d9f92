"""An unmodified boto3 against the running portal, and the recordings of the real service to compare with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.accounts.models import Account
from tests.conformance.every_operation import MAKING
from tests.conformance.making import World, take
from tests.conformance.replay import Replay
from tests.conformance.sequences import Client, Open


@pytest.fixture
def api_gateway(aws: Callable[..., Client]) -> Client:
    return aws("apigateway")


@pytest.fixture
def recording(account: Account) -> Open:
    """`recording("test_resource_lifecycle")` opens a recorded sequence."""
    return lambda name: Replay(name, account.id)


@pytest.fixture
def world(api_gateway: Client) -> World:
    """What the steps make."""
    world: World = {}
    for step in MAKING:
        take(api_gateway, step, world)
    return world
