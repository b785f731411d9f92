"""WebSocket APIs by real clients over real processes: a chat between two workers, limits of frames, and workers that end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import redis
from botocore.config import Config
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed, InvalidStatus

from apps.core.documents import AccessKeyDocument
from apps.core.environment import read_environment
from apps.core.secrets import DocumentSeal
from apps.core.v2_documents import V2IntegrationResponse
from apps.v2_apis import open_connections
from apps.v2_apis.open_connections import Listing
from gateway_runtime.websocket.connection import worker_of
from tests.gateway_runtime.plane.builders import REGION
from tests.gateway_runtime.plane.signing import KEY, KEY_SECRET, credentials
from tests.gateway_runtime.plane.sockets import CHAT, HOST, Path, chat, integration, replace_struct
from tests.gateway_runtime.plane.worker import _MASTER_SECRET, Product, Publisher, eventually, product

pytestmark = pytest.mark.stack

WHO = integration(
    "MOCK",
    template_selection_expression="\\$default",
    request_templates={"$default": '{"statusCode": 200}'},
    responses=(
        V2IntegrationResponse(id="1", key="$default", response_templates={"$default": "$context.connectionId"}),
    ),
)


@asynccontextmanager
async def chatting(valkey_url: str, workers: int = 1) -> AsyncIterator[Product]:
    """A data plane that serves a chat; its `$default` tells connections their ids."""
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    known = credentials(invokes=True)
    seal = DocumentSeal(read_environment({"GATEHOUSE_SECRET_KEY": _MASTER_SECRET}).derived_key("document-secrets"))
    sealed = AccessKeyDocument(id=KEY, secret=seal.seal(KEY_SECRET, KEY), arn=known.keys[0].arn)
    Publisher(client).publish(*chat(Path("$default", WHO, two_way=True)), replace_struct(known, keys=(sealed,)))
    async with product(valkey_url, workers) as plane:
        yield plane


def dial(plane: Product, path: str = "/prod", **options: Any) -> Any:
    return connect_websocket(
        f"ws://{HOST}:{plane.port}{path}", host="127.0.0.1", port=plane.port, compression=None, **options
    )


async def identity(client: ClientConnection) -> str:
    await client.send("who am I?")
    async with asyncio.timeout(5):
        return str(await client.recv())


def management(plane: Product) -> Any:
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=f"http://127.0.0.1:{plane.port}/_aws/execute-api/{CHAT}/prod",
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=KEY_SECRET,
        config=Config(retries={"max_attempts": 0}),
    )


async def test_unmodified_boto3_posts_to_connections_of_every_worker(valkey_url: str) -> None:
    async with chatting(valkey_url, workers=2) as plane:
        clients = [await dial(plane) for _ in range(12)]
        ids = [await identity(client) for client in clients]
        assert len({worker_of(each) for each in ids}) == 2
        back_end = management(plane)

        for number, connection_id in enumerate(ids):
            data = json.dumps({"to": number})
            await asyncio.to_thread(back_end.post_to_connection, ConnectionId=connection_id, Data=data)
        async with asyncio.timeout(5):
            heard = [json.loads(await client.recv()) for client in clients]
        shown = await asyncio.to_thread(back_end.get_connection, ConnectionId=ids[0])
        await asyncio.to_thread(back_end.delete_connection, ConnectionId=ids[0])
        with pytest.raises(ConnectionClosed):
            await clients[0].recv()
        await clients[1].close()
        for connection_id in ids[:2]:
            with pytest.raises(back_end.exceptions.GoneException):
                await asyncio.to_thread(back_end.post_to_connection, ConnectionId=connection_id, Data="x")
        for client in clients:
            await client.close()

    assert heard == [{"to": number} for number in range(12)]
    assert shown["Identity"]["SourceIp"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("frames", "is_taken"),
    [(["x" * 32_768], True), (["x" * 32_769], False), (["x" * 32_768] * 4, True), (["x" * 32_768] * 4 + ["x"], False)],
)
async def test_frames_of_32_and_messages_of_128_kilobytes_are_the_largest(
    valkey_url: str, frames: list[str], is_taken: bool
) -> None:
    async with chatting(valkey_url) as plane, dial(plane) as client:
        await client.send(frames)
        async with asyncio.timeout(5):
            if is_taken:
                assert len(await client.recv()) == 16
            else:
                with pytest.raises(ConnectionClosed):
                    await client.recv()
                assert client.close_code == 1009


async def test_the_open_connections_of_all_workers_are_listed_by_pages(valkey_url: str, settings: Any) -> None:
    settings.REDIS_URL = valkey_url

    def listed(after: str = "", limit: int = 5, stage: str = "prod") -> Listing:
        return open_connections.list_open(CHAT, stage, after, limit)

    async with chatting(valkey_url, workers=2) as plane:
        clients = [await dial(plane, user_agent_header="lister") for _ in range(12)]
        ids = sorted([await identity(client) for client in clients])
        pages: list[Listing] = [await asyncio.to_thread(listed)]
        while pages[-1].has_more:
            pages.append(await asyncio.to_thread(listed, pages[-1].connections[-1].id))
        elsewhere = await asyncio.to_thread(listed, stage="other")
        for client in clients[1:]:
            await client.close()
        async with asyncio.timeout(10):
            while (await asyncio.to_thread(listed)).total != 1:
                pass
        await clients[0].close()

    assert [len(page.connections) for page in pages] == [5, 5, 2]
    assert [each.id for page in pages for each in page.connections] == ids
    assert {(page.total, page.complete) for page in pages} == {(12, True)}
    first = pages[0].connections[0]
    assert (first.source_ip, first.user_agent) == ("127.0.0.1", "lister")
    assert abs(first.last_active_at - datetime.now(UTC)) < timedelta(seconds=60)
    assert (elsewhere.total, elsewhere.connections) == (0, [])


async def test_without_a_data_plane_no_connection_is_open(valkey_url: str, settings: Any) -> None:
    settings.REDIS_URL = valkey_url

    found = await asyncio.to_thread(open_connections.list_open, CHAT, "prod", "", 5)

    assert found == Listing([], 0, complete=True, has_more=False)


async def test_a_plain_request_and_an_unknown_stage_open_nothing(valkey_url: str) -> None:
    async with chatting(valkey_url) as plane:
        with pytest.raises(InvalidStatus) as refused:
            await dial(plane, "/test")

    assert refused.value.response.status_code == 403


async def test_a_worker_that_drains_tells_its_clients_to_come_back(valkey_url: str) -> None:
    async with chatting(valkey_url) as plane, dial(plane) as client:
        await identity(client)
        await asyncio.to_thread(plane.stop)
        with pytest.raises(ConnectionClosed):
            await client.recv()

        assert client.close_code == 1001


async def test_the_connections_of_a_worker_that_was_killed_are_gone(valkey_url: str) -> None:
    async with chatting(valkey_url, workers=2) as plane:
        client = await dial(plane)
        connection_id = await identity(client)
        for pid in plane.worker_pids():
            os.kill(pid, signal.SIGKILL)
        await eventually(plane.ready)
        back_end = management(plane)

        with pytest.raises(back_end.exceptions.GoneException):
            await asyncio.to_thread(back_end.post_to_connection, ConnectionId=connection_id, Data="x")
