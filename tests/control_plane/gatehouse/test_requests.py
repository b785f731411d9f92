"""GetRequest and ListRequests: stories for programs."""

from __future__ import annotations

import time
from typing import Any

import pytest
import redis

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException, ServiceUnavailableException
from apps.core.stories import REFUSED, LogLine, Phase, Story
from apps.metering import stories


def told(caller: Caller, request_id: str, **members: Any) -> None:
    known: dict[str, Any] = {
        "stage_name": "prod",
        "method": "GET",
        "path": "/prod/pets",
        "status": 200,
        "kept_for": "log",
    }
    stories.keep(
        Story(
            request_id=request_id,
            account_id=caller.account_id,
            region=caller.region,
            api_id="a1b2c3d4e5",
            at=time.time(),
            **{**known, **members},
        )
    )


def call(caller: Caller, operation: str, **request: Any) -> dict[str, Any]:
    return registry.call(caller, "gatehouse", operation, request)


def test_a_request_is_told_with_its_phases_and_its_log(caller: Caller, valkey: redis.Redis) -> None:
    refused = Phase(name="throttle", began_ms=1.0, took_ms=0.5, verdict=REFUSED, because="limits: stage 1/s, burst 2")
    told(
        caller, "one", status=429, error="THROTTLED", phases=(refused,), log=(LogLine(0.0, "(one) Too Many Requests"),)
    )

    story = call(caller, "GetRequest", requestId="one")

    assert (story["status"], story["responseType"]) == (429, "THROTTLED")
    assert story["phases"] == [
        {"name": "throttle", "verdict": "refused", "because": "limits: stage 1/s, burst 2", "began": 1.0, "took": 0.5}
    ]
    assert story["log"] == ["(one) Too Many Requests"]


def test_requests_are_listed_newest_first_as_they_fit(caller: Caller, valkey: redis.Redis) -> None:
    told(caller, "one")
    told(caller, "two", status=403)
    told(caller, "three", stage_name="test")

    def listed(**request: Any) -> list[str]:
        return [item["requestId"] for item in call(caller, "ListRequests", **request)["items"]]

    assert listed() == ["three", "two", "one"]
    assert listed(status="4xx") == ["two"]
    assert listed(stageName="prod", limit=1) == ["two"]
    with pytest.raises(BadRequestException):
        listed(limit=501)


def test_requests_of_another_account_are_unknown(caller: Caller, valkey: redis.Redis) -> None:
    told(caller, "one")
    stranger = Caller(
        account_id="210987654321", region=caller.region, principal="arn:aws:iam::210987654321:root", via="seed"
    )

    with pytest.raises(NotFoundException):
        call(stranger, "GetRequest", requestId="one")
    assert call(stranger, "ListRequests")["items"] == []


def test_without_redis_the_caller_may_try_again(caller: Caller, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"

    with pytest.raises(ServiceUnavailableException):
        call(caller, "GetRequest", requestId="one")
