"""ListConnections: what it refuses, and that it tells when nobody can be asked. What it lists is told with real processes."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException, ServiceUnavailableException
from tests.builders import a_websocket_api, an_http_api


def listed(caller: Caller, api: str, **request: Any) -> dict[str, Any]:
    asked = {"apiId": api, "stageName": "prod", **request}
    return registry.call(caller, "gatehouse", "ListConnections", asked)


@pytest.fixture
def chat(caller: Caller, valkey: redis.Redis) -> str:
    api = a_websocket_api(caller)
    registry.call(caller, "apigatewayv2", "CreateStage", {"ApiId": api, "StageName": "prod"})
    return api


def test_a_stage_that_nobody_is_connected_to_has_none(caller: Caller, chat: str) -> None:
    assert listed(caller, chat) == {"items": [], "total": 0, "isComplete": True}


@pytest.mark.parametrize("limit", [-1, 1_001])
def test_a_page_has_bounds(caller: Caller, chat: str, limit: int) -> None:
    with pytest.raises(BadRequestException):
        listed(caller, chat, limit=limit)


def test_only_stages_of_websocket_apis_have_connections(caller: Caller, chat: str) -> None:
    with pytest.raises(BadRequestException):
        listed(caller, an_http_api(caller))
    with pytest.raises(NotFoundException):
        listed(caller, chat, stageName="test")
    with pytest.raises(NotFoundException):
        listed(caller, "nosuch0000")


def test_a_redis_that_is_away_is_told(caller: Caller, chat: str, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    with pytest.raises(ServiceUnavailableException):
        listed(caller, chat)
