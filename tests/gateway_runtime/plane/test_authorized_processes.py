"""Authorizers in the real processes, over sockets."""

from __future__ import annotations

import asyncio

import pytest
import redis

from tests.gateway_runtime.plane.authorizers import by_function, guarded
from tests.gateway_runtime.plane.builders import get, mock, rest_api
from tests.gateway_runtime.plane.worker import Caller, Publisher, product

pytestmark = pytest.mark.stack


async def test_where_the_function_cannot_be_asked_nobody_gets_in(valkey_url: str) -> None:
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    async with product(valkey_url) as plane:
        Publisher(client).publish(rest_api(get("/open", mock()), guarded("/pets"), by_function()))

        async def ask(**headers: str) -> tuple[int, bytes]:
            async with Caller(plane.port) as caller:
                status, _, body = await caller.get("/prod/pets", **headers)
                return status, body

        async with asyncio.timeout(5), Caller(plane.port) as caller:
            while (await caller.get("/prod/open"))[0] != 200:
                await asyncio.sleep(0.01)

        assert await ask() == (401, b'{"message":"Unauthorized"}')
        answers = await asyncio.gather(*[ask(authorization="t") for _ in range(8)])
        assert answers == [(500, b'{"message":null}')] * 8
