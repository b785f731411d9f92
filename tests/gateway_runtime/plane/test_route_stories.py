"""What can be seen of routes: stories, execution logs and metrics of HTTP and WebSocket APIs."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.stories import FAILED, PASSED, REFUSED, Story
from apps.core.v2_documents import V2RouteSettings
from tests.gateway_runtime.plane import sockets
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.harness import GatewayHarness
from tests.gateway_runtime.plane.http_apis import HOST, http_api, proxy, route
from tests.gateway_runtime.plane.sockets import Path, chat, connect, integration

INFO = V2RouteSettings(logging_level="INFO")


def echo(event: dict[str, Any]) -> dict[str, Any]:
    return {"statusCode": 200, "body": event.get("body", "")}


def phases(story: Story) -> dict[str, str]:
    return {phase.name: phase.verdict for phase in story.phases}


def texts(gateway: GatewayHarness) -> list[str]:
    """The events without their moments and request ids."""
    return [line.split(") ", 1)[1] for lines in gateway.execution_logs.lines for line in lines.splitlines()]


async def test_a_refused_request_of_an_http_api_tells_its_story(gateway: GatewayHarness) -> None:
    gateway.stories.per_second = 5
    settings = {"GET /pets": V2RouteSettings(throttling_rate_limit=0.001, throttling_burst_limit=0)}
    gateway.serve(*http_api(route("GET /pets", proxy("http://127.0.0.1:1/")), settings=settings))

    answer = await gateway.call("GET", "/pets", host=HOST)

    [story] = gateway.stories.kept
    assert (answer.status, story.status, story.error, story.resource) == (429, 429, "THROTTLED", "/pets")
    assert phases(story) == {"match_method": PASSED, "throttle": REFUSED}
    assert story.phases[0].because == "the route GET /pets at stage $default, deployment dep001"


async def test_the_route_settings_of_a_websocket_say_what_is_logged(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("say", echo)
    settings = {"say": INFO}
    gateway.serve(*chat(Path("say", sockets.function(arn), two_way=True), Path("$default", None), settings=settings))
    client = await connect(gateway)

    await client.ask({"action": "say"})
    await client.say("unlogged")
    await client.close()

    lines = texts(gateway)
    assert any(line.startswith("Event: MESSAGE, Route: say, Connection Id: ") for line in lines)
    assert "Method completed with status: 200" in lines
    [story] = gateway.stories.kept
    assert (story.method, story.resource, story.kept_for) == ("MESSAGE", "say", "log")
    walked = ("match_method", "throttle_message", "map_request", "integrate", "map_reply")
    assert phases(story) == dict.fromkeys(walked, PASSED)
    assert all(phase.took_ms is not None for phase in story.phases)


async def test_a_route_takes_from_the_default_what_it_leaves_out(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("say", echo)
    deployment, stage = chat(
        Path("say", sockets.function(arn), two_way=True),
        Path("sing", sockets.function(arn), two_way=True),
        settings={"say": V2RouteSettings(throttling_burst_limit=9), "sing": V2RouteSettings(logging_level="OFF")},
    )
    gateway.serve(deployment, sockets.replace_struct(stage, default_route_settings=INFO))
    client = await connect(gateway)

    await client.ask({"action": "say"})
    await client.ask({"action": "sing"})

    logged = [line for line in texts(gateway) if line.startswith("Event: MESSAGE")]
    assert len(logged) == 1
    assert "Route: say" in logged[0]


async def test_data_tracing_shows_messages_in_full(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answers(200, '{"heard": true}')
    traced = V2RouteSettings(logging_level="INFO", data_trace_enabled=True)
    gateway.serve(*chat(Path("say", integration("HTTP_PROXY", backend.url), two_way=True), settings={"say": traced}))
    client = await connect(gateway)

    assert await client.ask({"action": "say"}) == {"heard": True}

    lines = texts(gateway)
    assert 'Method request body before transformations: {"action": "say"}' in lines
    assert 'Endpoint response body before transformations: {"heard": true}' in lines


async def test_a_refused_message_and_a_refused_handshake_have_stories(gateway: GatewayHarness) -> None:
    gateway.stories.per_second = 5
    dead = Path("say", integration("HTTP_PROXY", "http://127.0.0.1:1"), two_way=True)
    refuse = Path("$connect", sockets.function(gateway.functions.runs("no", {"statusCode": 403})))
    gateway.serve(*chat(dead))
    client = await connect(gateway)
    await client.ask({"action": "say"})
    await client.ask({"action": "nothing"})
    gateway.serve(*chat(refuse))
    with pytest.raises(sockets.Refused):
        await connect(gateway)

    told = {(story.method, story.error): story for story in gateway.stories.kept if story.error}
    assert phases(told["MESSAGE", "INTEGRATION_FAILURE"])["integrate"] == FAILED
    assert phases(told["MESSAGE", "DEFAULT_4XX"]) == {"match_method": REFUSED}
    assert phases(told["CONNECT", "DEFAULT_4XX"])["require_success"] == REFUSED


async def test_requests_count_under_their_route_with_the_bytes_of_both_ways(
    gateway: GatewayHarness, backend: Backend
) -> None:
    backend.answers(404, "0123456789")
    detailed = V2RouteSettings(detailed_metrics_enabled=True)
    gateway.serve(*http_api(route("ANY /pets", proxy(backend.url)), settings={"ANY /pets": detailed}))

    await gateway.call("POST", "/pets", b"12345", host=HOST)

    label, _, status = gateway.meter.answers[0]
    assert (label.resource, label.method, label.detailed, status) == ("/pets", "ANY", True, 404)
    assert gateway.meter.of_routes == [(15, True)]


async def test_events_count_under_their_kind_and_back_ends_errors_are_the_integrations(
    gateway: GatewayHarness, backend: Backend
) -> None:
    backend.answers(500, "broken")
    gateway.serve(*chat(Path("say", integration("HTTP_PROXY", backend.url), two_way=True)))
    client = await connect(gateway)

    await client.ask({"action": "say"})
    await client.ask({"action": "nothing"})
    await client.close()

    counted = [(label.resource, label.method, status) for label, _, status in gateway.meter.answers]
    assert counted[0] == ("", "CONNECT", 200)
    assert counted[1:3] == [("say", "MESSAGE", 200), ("", "MESSAGE", 403)]
    assert gateway.meter.of_routes[1] == (len('{"action": "say"}') + len("broken"), True)


@pytest.mark.parametrize(
    ("behind", "status", "integration_failed"),
    [({"statusCode": 401}, 200, True), ({"statusCode": 500}, 200, True), ({"nonsense": 1}, 502, False)],
)
async def test_what_the_function_of_connect_refuses_is_the_integrations_error(
    gateway: GatewayHarness, behind: dict[str, int], status: int, integration_failed: bool
) -> None:
    gateway.serve(*chat(Path("$connect", sockets.function(gateway.functions.runs("connect", behind)))))

    with pytest.raises(sockets.Refused):
        await connect(gateway)

    assert [counted for _, _, counted in gateway.meter.answers] == [status]
    assert [failed for _, failed in gateway.meter.of_routes] == [integration_failed]
