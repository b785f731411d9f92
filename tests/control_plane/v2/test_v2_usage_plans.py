"""Usage plans cover stages of WebSocket APIs, whose routes may ask for API keys; HTTP APIs know none."""

from __future__ import annotations

import pytest
import redis

from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from apps.core import documents, manifest
from apps.core.documents import PlanDocument
from tests.builders import a_plan, call_v2

pytestmark = pytest.mark.django_db(transaction=True)


def covered(valkey: redis.Redis, plan: str) -> list[tuple[str, str]]:
    """The stages of a plan as a runtime is told."""
    digest = valkey.hget(manifest.MANIFEST, documents.plan_section("123456789012", "us-east-1", plan))
    assert digest is not None
    found = documents.decode(valkey.get(manifest.document_key(digest.decode())) or b"")
    assert isinstance(found, PlanDocument)
    return [(stage.api_id, stage.stage_name) for stage in found.stages]


def test_a_plan_covers_a_websocket_stage_until_it_is_deleted(caller: Caller, chat: str, valkey: redis.Redis) -> None:
    for name in ("live", "test"):
        call_v2(caller, "CreateStage", ApiId=chat, StageName=name)
    plan = a_plan(caller, (chat, "live"), (chat, "test"))
    assert covered(valkey, plan) == [(chat, "live"), (chat, "test")]

    call_v2(caller, "DeleteStage", ApiId=chat, StageName="test")
    assert covered(valkey, plan) == [(chat, "live")]

    call_v2(caller, "DeleteApi", ApiId=chat)
    assert covered(valkey, plan) == []


def test_a_plan_covers_no_stage_of_an_http_api(caller: Caller, http: str) -> None:
    call_v2(caller, "CreateStage", ApiId=http, StageName="live")

    with pytest.raises(AwsError, match="API Stage not found"):
        a_plan(caller, (http, "live"))
