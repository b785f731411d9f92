"""What stages do over several real workers: one cache, one canary, one custom domain name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import redis

from apps.core.documents import CanaryRelease, MethodSetting
from tests.gateway_runtime.plane.backend import Answer, Backend
from tests.gateway_runtime.plane.builders import API, RestApi, domain, get, http_proxy, mock, rest_api, stage
from tests.gateway_runtime.plane.worker import Caller, Product, Publisher, eventually, product

pytestmark = pytest.mark.stack

HOST = "api.example.com"


def cached(backend: Backend, **members: object) -> RestApi:
    settings = {"*/*": MethodSetting(caching_enabled=True, cache_data_encrypted=True)}
    prod = stage("prod", method_settings=settings, cache_cluster_size=0.5, **members)
    return rest_api(get("/pets", http_proxy(f"{backend.url}/pets")), prod)


def kept_in(client: redis.Redis) -> list[bytes]:
    """The names of all answers that stages keep."""
    return list(client.scan_iter("gatehouse:answer:*"))


async def one_call(plane: Product, path: str, **headers: str) -> tuple[int, bytes]:
    """A call on a connection of its own: any worker may take it."""
    async with Caller(plane.port) as caller:
        status, _, body = await caller.get(path, **headers)
    return status, body


async def until(holds: Callable[[tuple[int, bytes]], bool], plane: Product, path: str, **headers: str) -> None:
    async with asyncio.timeout(10):
        while not holds(await one_call(plane, path, **headers)):
            await asyncio.sleep(0.01)


async def test_workers_share_a_cache_that_is_flushed_for_all(valkey_url: str, backend: Backend) -> None:
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    backend.choose = lambda received: Answer(200, b"secret %d" % len(backend.requests))
    publisher = Publisher(client)
    publisher.publish(cached(backend))
    async with product(valkey_url, workers=2) as plane:
        first = await one_call(plane, "/prod/pets")
        # An answer is kept beside being given, so it may come a moment later.
        await eventually(lambda: len(kept_in(client)) == 1)

        found = {first, *[await one_call(plane, "/prod/pets") for _ in range(20)]}

        assert found == {(200, b"secret 1")}
        assert len(backend.requests) == 1
        assert b"secret" not in (client.get(*kept_in(client)) or b"")

        publisher.publish(cached(backend, cache_flushes=1))
        await until(lambda answer: answer == (200, b"secret 2"), plane, "/prod/pets")
        await eventually(lambda: len(kept_in(client)) == 2)
        client.delete(*kept_in(client))
        assert (await one_call(plane, "/prod/pets"))[1] == b"secret 3"


async def test_a_canary_and_a_domain_are_served_as_soon_as_they_are_announced(valkey_url: str) -> None:
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    publisher = Publisher(client)
    publisher.publish(rest_api(get("/pets", mock(200, "first"))))
    later = rest_api(get("/pets", mock(200, "second")), deployment_id="dep002").documents()[0]
    async with product(valkey_url, workers=2) as plane:
        await until(lambda answer: answer == (200, b"first"), plane, "/prod/pets")

        publisher.publish(domain(HOST, ("v1", API, "prod")))
        await until(lambda answer: answer == (200, b"first"), plane, "/v1/pets", host=HOST)

        canary = CanaryRelease(deployment_id="dep002", percent_traffic=100.0)
        publisher.publish(rest_api(get("/pets", mock(200, "first")), stage("prod", canary=canary)), later)
        await until(lambda answer: answer == (200, b"second"), plane, "/v1/pets", host=HOST)
