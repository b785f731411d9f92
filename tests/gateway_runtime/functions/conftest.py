"""A function host for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.gateway_runtime.functions.hosting import HostHarness, function_host


@pytest.fixture
async def functions(valkey_url: str) -> AsyncIterator[HostHarness]:
    async with function_host(valkey_url) as harness:
        yield harness
