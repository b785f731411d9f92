"""The data plane as processes, with everything real: sockets, Valkey, workers that are killed."""

from __future__ import annotations

import asyncio
import os
import signal

import redis

from apps.core import usage
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import ACCOUNT, get, http_proxy, keys, mock, plan, rest_api, stage
from tests.gateway_runtime.plane.worker import Caller, Publisher, eventually, key, product


async def test_what_is_published_is_served_logged_and_metered(valkey_url: str, backend: Backend) -> None:
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    publisher = Publisher(client)
    log = "$context.httpMethod $context.resourcePath $context.status"
    async with product(valkey_url) as plane:
        publisher.publish(
            rest_api(
                get("/pets", mock(200, '{"id": 42}')),
                get("/proxy", http_proxy(f"{backend.url}/x")),
                stage("prod", log=log),
            )
        )
        async with Caller(plane.port) as caller:
            statuses = []

            async def served() -> bool:
                statuses.append((await caller.get("/prod/pets"))[0])
                return statuses[-1] == 200

            async with asyncio.timeout(5):
                while not await served():
                    await asyncio.sleep(0.01)
            assert (await caller.get("/prod/proxy"))[2] == b'{"from":"backend"}'
        path = plane.directory / "logs" / "access" / "a1b2c3d4e5" / "prod.log"
        await eventually(path.exists)
        await eventually(lambda: path.read_text() == "GET /pets 200\nGET /proxy 200\n")
        await eventually(lambda: client.xlen(usage.STREAM) > 0)
    rows = [row for batch in batches(client) for row in batch.traffic]
    assert sum(row.count for row in rows if row.resource) == 2
    assert {row.account_id for row in rows} == {ACCOUNT}


def batches(client: redis.Redis) -> list[usage.UsageBatch]:
    """What lies in metering's stream."""
    return [usage.decode_batch(fields[usage.FIELD]) for _, fields in client.xrange(usage.STREAM)]


async def test_a_burst_of_two_admits_two_over_all_workers_and_a_killed_worker_loses_no_count(
    valkey_url: str, backend: Backend
) -> None:
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    publisher = Publisher(client)
    publisher.publish(
        rest_api(get("/pets", http_proxy(backend.url)).with_key(), get("/free", mock())),
        plan(rate=0.001, burst=2, quota=100),
        keys(key("s3cret")),
        plan("plan02", quota=5000),
        keys(key("other", "key0000002", "plan02"), shard="01"),
    )
    async with product(valkey_url, workers=2) as plane:

        async def one_call(value: str) -> int:
            async with Caller(plane.port) as caller:
                return (await caller.get("/prod/pets", x_api_key=value))[0]

        async with asyncio.timeout(10):
            limited = sorted([await one_call("s3cret") for _ in range(12)])
            assert limited == [200] * 2 + [429] * 10
            answered = [await one_call("other") for _ in range(40)]
        assert answered == [200] * 40
        for pid in plane.worker_pids():
            os.kill(pid, signal.SIGKILL)
        await eventually(plane.ready)
        await eventually(
            lambda: (
                sum(use.count for batch in {b.batch_id: b for b in batches(client)}.values() for use in batch.uses)
                == 42
            )
        )
    assert len(backend.requests) == 42
