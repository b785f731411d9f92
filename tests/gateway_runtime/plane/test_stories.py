"""Stories: what befell a request, phase by phase, for whoever asks why it was answered so."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from apps.core import stories
from apps.core.documents import MethodSetting
from apps.core.stories import FAILED, PASSED, REFUSED, Story
from gateway_runtime.observation.watch import Sample
from gateway_runtime.stores.stories import RedisStories
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import (
    ACCOUNT,
    API,
    REGION,
    get,
    http_proxy,
    key,
    keys,
    mock,
    plan,
    rest_api,
    stage,
)
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness


def phases(story: Story) -> dict[str, str]:
    return {phase.name: phase.verdict for phase in story.phases}


async def test_a_refusal_tells_which_phase_refused_and_what_decided(gateway: GatewayHarness) -> None:
    gateway.stories.per_second = 5
    gateway.serve(rest_api(get("/pets", mock()).with_key(), stage("prod")), plan(), keys(key("s3cret")))

    answer = await gateway.get("/prod/pets", x_api_key="wrong")

    [story] = gateway.stories.kept
    assert story.request_id == answer.header("x-amzn-requestid")
    assert (story.kept_for, story.status, story.error) == ("refusal", 403, "INVALID_API_KEY")
    assert phases(story) == {"match_method": PASSED, "validate_api_key": REFUSED}
    assert "apiKeyRequired" in story.phases[-1].because
    assert "wrong" not in str(story)


async def test_a_refusal_that_nobody_watched_still_names_its_phase(gateway: GatewayHarness, clock: FakeClock) -> None:
    gateway.stories.per_second = 0.001
    gateway.serve(rest_api(get("/pets", mock()), stage("prod", rate=0.001, burst=25)))
    for _ in range(25):
        await gateway.get("/prod/pets")

    await gateway.get("/prod/pets")

    story = gateway.stories.kept[-1]
    assert (story.error, story.kept_for) == ("THROTTLED", "refusal")
    assert phases(story)["throttle"] == REFUSED
    assert story.phases[-1].took_ms is None
    assert "method 0.001/s, burst 25" in story.phases[-1].because


async def test_an_unknown_path_is_told_as_such(gateway: GatewayHarness) -> None:
    gateway.stories.per_second = 5
    gateway.serve(rest_api(get("/pets", mock()), stage("prod")))

    await gateway.get("/prod/cats")

    [story] = gateway.stories.kept
    assert phases(story) == {"match_method": REFUSED}
    assert "no method for GET /prod/cats" in story.phases[0].because


async def test_of_successes_a_sample_is_kept_and_its_phases_are_timed(
    gateway: GatewayHarness, backend: Backend, clock: FakeClock
) -> None:
    gateway.stories.per_second = 1
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), stage("prod")))

    for _ in range(30):
        await gateway.get("/prod/pets")
    burst = len(gateway.stories.kept)
    clock.pass_seconds(1)
    await gateway.get("/prod/pets")
    await gateway.get("/prod/pets")

    assert (burst, len(gateway.stories.kept)) == (20, 21)
    story = gateway.stories.kept[0]
    assert story.kept_for == "sample"
    assert list(phases(story)) == ["match_method", "throttle", "map_request", "integrate", "map_response"]
    assert phases(story)["integrate"] == PASSED
    assert all(phase.took_ms is not None for phase in story.phases)
    assert story.endpoint == f"{backend.url}/"


async def test_nothing_is_watched_where_no_stories_are_kept(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", mock()), stage("prod")))

    await gateway.get("/prod/pets")
    await gateway.get("/prod/nothing")

    assert gateway.stories.kept == []
    method = gateway.current.snapshot.stages[API]["prod"].match(("pets",), "GET")
    assert method is not None
    assert method[0].watch.due == float("inf")


async def test_a_back_end_that_does_not_answer_is_a_failure(gateway: GatewayHarness) -> None:
    gateway.stories.per_second = 5
    gateway.serve(rest_api(get("/pets", http_proxy("http://127.0.0.1:9")), stage("prod")))

    await gateway.get("/prod/pets")

    [story] = gateway.stories.kept
    assert phases(story)["integrate"] == FAILED
    assert story.detail


async def test_a_flood_of_refusals_keeps_only_the_first(gateway: GatewayHarness) -> None:
    gateway.stories.per_second = 1
    gateway.serve(rest_api(get("/pets", mock()), stage("prod")))

    for _ in range(100):
        await gateway.get("/prod/nothing")

    assert len(gateway.stories.kept) == 20


async def test_a_logged_method_keeps_every_story_with_its_log(gateway: GatewayHarness) -> None:
    settings = {"*/*": MethodSetting(logging_level="INFO")}
    gateway.serve(rest_api(get("/pets", mock()), stage("prod", method_settings=settings)))

    for _ in range(30):
        await gateway.get("/prod/pets")

    assert [story.kept_for for story in gateway.stories.kept] == ["log"] * 30
    assert gateway.stories.kept[0].log[-1].text.endswith("Method completed with status: 200")


def test_a_sample_takes_a_burst_and_then_its_rate() -> None:
    sample = Sample(2)

    first = [sample.take(100.0) for _ in range(21)]
    later = [sample.take(100.5), sample.take(100.5), sample.take(1000.0)]

    assert first == [True] * 20 + [False]
    assert later == [True, False, True]


# In Redis -----------------------------------------------------------------------------------------------


@pytest.fixture
async def redis(valkey_url: str) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(valkey_url)
    await client.flushall()
    yield client
    await client.aclose()


def a_story(request_id: str, **members: object) -> Story:
    told: dict[str, object] = {
        "account_id": ACCOUNT,
        "region": REGION,
        "api_id": API,
        "stage_name": "prod",
        "at": time.time(),
        "method": "GET",
        "path": "/prod/pets",
        "status": 200,
        "kept_for": "sample",
    }
    return Story(request_id=request_id, **{**told, **members})  # type: ignore[arg-type]


async def kept(redis: Redis) -> list[str]:
    return [entry[b"id"].decode() for _, entry in await redis.xrange(stories.stream(ACCOUNT, REGION))]


async def test_stories_reach_the_stream_of_their_account_and_are_found_by_id(redis: Redis) -> None:
    store = RedisStories(redis, 5)
    for name in ("one", "two"):
        store.keep(a_story(name))

    await store.flush()

    place = await redis.hget(stories.index(ACCOUNT, REGION), "two")
    [(_, entry)] = await redis.xrange(stories.stream(ACCOUNT, REGION), place, place)
    assert stories.decode(entry[stories.FIELD]).request_id == "two"
    assert await kept(redis) == ["one", "two"]


async def test_the_oldest_stories_make_room_in_stream_and_index(redis: Redis) -> None:
    store = RedisStories(redis, 5, most=3)

    for number in range(7):
        store.keep(a_story(str(number)))
    await store.flush()

    assert await kept(redis) == ["4", "5", "6"]
    assert sorted(await redis.hkeys(stories.index(ACCOUNT, REGION))) == [b"4", b"5", b"6"]


async def test_stories_end_after_their_days(redis: Redis) -> None:
    store = RedisStories(redis, 5)
    old = int((time.time() - (stories.DAYS + 1) * 86_400) * 1000)
    stream, index = stories.stream(ACCOUNT, REGION), stories.index(ACCOUNT, REGION)
    await redis.xadd(stream, {"id": "old", "story": stories.encode(a_story("old"))}, id=f"{old}-0")
    await redis.hset(index, "old", f"{old}-0")

    store.keep(a_story("new"))
    await store.flush()

    assert await kept(redis) == ["new"]
    assert await redis.hkeys(index) == [b"new"]
    assert 0 < await redis.ttl(stream) <= stories.DAYS * 86_400


async def test_without_redis_stories_are_dropped_and_requests_go_on() -> None:
    client: Redis = Redis.from_url("unix:///nowhere/valkey.sock")
    store = RedisStories(client, 5)
    for number in range(5_000):
        store.keep(a_story(str(number)))

    await store.flush()

    await client.aclose()


def test_a_story_that_is_too_long_loses_its_log() -> None:
    lines = tuple(stories.LogLine(0.0, "x" * 1024) for _ in range(100))

    story = stories.decode(stories.encode(a_story("long", log=lines)))

    assert story.log == ()
