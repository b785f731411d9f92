"""The world of the data plane's stories: a gateway in this process, a clock to turn, a back end that remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness


@pytest.fixture
def clock() -> FakeClock:
    """Time that passes when the story says so."""
    return FakeClock()


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    """A real HTTP server that answers as told and remembers what it was asked."""
    async with Backend() as server:
        yield server


@pytest.fixture
async def gateway(clock: FakeClock) -> AsyncIterator[GatewayHarness]:
    """The real application in this process, with stores in memory."""
    async with GatewayHarness(clock) as harness:
        yield harness


@pytest.fixture
async def another_gateway(clock: FakeClock) -> AsyncIterator[Callable[[], GatewayHarness]]:
    """Makes more of them."""
    made: list[GatewayHarness] = []

    def make() -> GatewayHarness:
        made.append(GatewayHarness(clock))
        return made[-1]

    yield make
    for harness in made:
        await harness.close()
