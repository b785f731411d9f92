"""The health check that probes ask."""

from __future__ import annotations

from typing import Any

from django.test import Client


def test_it_is_well_when_database_and_redis_answer(client: Client, db: None, valkey: Any) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "database": "ok", "redis": "ok"})


def test_it_is_unwell_without_redis_and_tells_no_address(client: Client, db: None, settings: Any) -> None:
    settings.REDIS_URL = "redis://user:secret@127.0.0.1:1/0"

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()["redis"]) == (503, "unreachable")
    assert b"secret" not in answer.content
