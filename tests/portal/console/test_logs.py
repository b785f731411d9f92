"""The pages that tell what requests met: logs, a request's story, a trace."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.core.stories import PASSED, REFUSED, LogLine, Phase, Span, Story
from apps.metering import stories
from tests.builders import a_rest_api, call, mock
from tests.portal.console.reading import text, words

ROOT = "1-5759e988-bd862e3fe1be46a994272793"


@pytest.fixture
def told(caller: Caller, valkey: redis.Redis) -> Callable[..., Story]:
    """Keeps a story in the caller's account."""

    def keep(request_id: str, **members: Any) -> Story:
        known: dict[str, Any] = {
            "account_id": caller.account_id,
            "region": caller.region,
            "api_id": "a1b2c3d4e5",
            "stage_name": "prod",
            "at": time.time(),
            "method": "GET",
            "path": "/prod/pets",
            "status": 200,
            "kept_for": "sample",
            "latency_ms": 12.5,
        }
        story = Story(request_id=request_id, **{**known, **members})
        stories.keep(story)
        return story

    return keep


def logs(client: Client, **given: str) -> str:
    return text(client.get(reverse("console:logs"), given))


def test_the_newest_requests_are_listed_with_what_decided(owner: Client, told: Callable[..., Story]) -> None:
    told("first")
    refused = Phase(name="throttle", verdict=REFUSED, because="limits: stage 1/s, burst 2")
    told("second", status=429, error="THROTTLED", phases=(refused,))

    page = logs(owner)

    assert page.index('id="at-second"') < page.index('id="at-first"')
    assert "Throttling" in page
    assert reverse("console:story", args=["second"]) in page
    assert 'hx-trigger="every 2s"' in page


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"status": "4xx"}, {"two"}),
        ({"status": "200"}, {"one", "three"}),
        ({"stage": "test"}, {"three"}),
        ({"api": "other00000"}, {"two"}),
        ({"text": "/cats"}, {"two"}),
        ({"text": "thr"}, {"three"}),
        ({"text": "1-5759e988"}, {"one"}),
        ({"text": "nowhere"}, set()),
    ],
)
def test_filters_leave_what_was_asked_for(
    owner: Client, told: Callable[..., Story], given: dict[str, str], found: set[str]
) -> None:
    told("one", span=Span(root=ROOT))
    told("two", status=403, api_id="other00000", path="/prod/cats")
    told("three", stage_name="test")

    page = logs(owner, **given)

    assert {name for name in ("one", "two", "three") if f'id="at-{name}"' in page} == found


def test_a_paused_list_stands_still(owner: Client, told: Callable[..., Story]) -> None:
    told("one")

    lines = logs(owner, paused="1").partition('id="lines"')[2]

    assert "hx-trigger" not in lines.partition(">")[0]


def test_the_id_of_a_request_leads_to_its_story(owner: Client, told: Callable[..., Story]) -> None:
    told("e3d7ce50-3a1e-48f1-9adf-b68283d969e9")

    answer = owner.get(reverse("console:logs"), {"text": "e3d7ce50-3a1e-48f1-9adf-b68283d969e9"})

    assert answer["Location"] == reverse("console:story", args=["e3d7ce50-3a1e-48f1-9adf-b68283d969e9"])


def test_a_story_shows_each_phase_with_its_time_and_what_decided(owner: Client, told: Callable[..., Story]) -> None:
    told(
        "one",
        status=403,
        error="INVALID_API_KEY",
        message="Forbidden",
        kept_for="refusal",
        phases=(
            Phase(name="match_method", took_ms=0.02, because="GET /pets at stage prod"),
            Phase(name="validate_api_key", began_ms=0.02, took_ms=1.5, verdict=REFUSED, because="apiKeyRequired"),
        ),
        log=(LogLine(time.time(), "(one) Method completed with status: 403"),),
    )

    answer = owner.get(reverse("console:story", args=["one"]))

    page = words(answer)
    assert "403" in page
    assert "Find the method 20 µs GET /pets at stage prod" in page
    assert "API key refused" in page
    assert "1.5 ms apiKeyRequired" in page
    assert "API-Gateway-Execution-Logs_a1b2c3d4e5/prod" in page
    assert "Method completed with status: 403" in page
    assert 'x="1.6" y="0" width="120.0"' in text(answer)


def test_what_callers_send_is_shown_as_text(owner: Client, told: Callable[..., Story]) -> None:
    told("one", path="/prod/<script>alert(1)</script>", detail="<b>no</b>", error="DEFAULT_5XX", status=500)

    for page in (logs(owner), text(owner.get(reverse("console:story", args=["one"])))):
        assert "<script>alert" not in page
        assert "<b>no" not in page


def test_a_story_of_an_http_api_is_found_by_its_id_slashes_and_all(owner: Client, told: Callable[..., Story]) -> None:
    told("Glj6oUx9/hv7nso=")

    page = logs(owner)

    assert reverse("console:story", args=["Glj6oUx9/hv7nso="]) in page
    assert owner.get(reverse("console:story", args=["Glj6oUx9/hv7nso="])).status_code == 200


def test_an_id_without_a_story_is_explained(owner: Client, valkey: redis.Redis) -> None:
    answer = owner.get(reverse("console:story", args=["unheard-of"]))

    assert answer.status_code == 404
    assert "It was not kept, or is forgotten" in words(answer)


def test_nobody_sees_the_requests_of_another_account(
    owner: Client, elsewhere: Caller, told: Callable[..., Story]
) -> None:
    told("theirs", account_id=elsewhere.account_id)

    assert "theirs" not in logs(owner)
    assert owner.get(reverse("console:story", args=["theirs"])).status_code == 404


def test_a_trace_shows_its_requests_in_their_order(owner: Client, told: Callable[..., Story]) -> None:
    now = time.time()
    told("inner", at=now + 0.010, latency_ms=5, path="/prod/inner", span=Span(root=ROOT))
    told("outer", at=now, latency_ms=20, path="/prod/outer", span=Span(root=ROOT))
    told("other", path="/prod/other")

    page = text(owner.get(reverse("console:trace", args=[ROOT])))

    assert page.index("/prod/outer") < page.index("/prod/inner")
    assert "/prod/other" not in page
    assert owner.get(reverse("console:trace", args=["1-0-0"])).status_code == 404


def test_without_redis_the_page_says_so(owner: Client, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"

    answer = owner.get(reverse("console:logs"))

    assert answer.status_code == 503
    assert "Redis does not answer" in words(answer)


def test_a_viewer_reads_the_logs(viewer: Client, told: Callable[..., Story]) -> None:
    told("one")

    assert 'id="at-one"' in logs(viewer)


def test_a_test_call_has_a_story_of_its_own(owner: Client, caller: Caller, valkey: redis.Redis) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": mock(body="{}")}})
    resource = next(row["id"] for row in call(caller, "GetResources", restApiId=api)["items"] if row["path"] == "/pets")

    page = text(owner.post(reverse("console:test_method", args=[api, resource, "GET"]), {}))
    [story] = stories.search(caller.account_id, caller.region, stories.StoryFilter(), 10)

    assert reverse("console:story", args=[story.request_id]) in page
    assert (story.kept_for, story.status) == ("test", 200)
    assert {phase.name: phase.verdict for phase in story.phases} == {
        "match_method": PASSED,
        "map_request": PASSED,
        "map_response": PASSED,
    }
