"""Answers as the data plane reports them: in batches, through the ledger."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from apps.core.usage import LATENCY_BOUNDS_MS, Traffic, UsageBatch
from apps.metering import ledger


def answers(
    api_id: str, count: int = 1, *, ago: float = 0, at: datetime | None = None, ms: float = 10.0, back_end_ms: float = 0.0,
    **members: Any,
) -> Traffic:  # fmt: skip
    """So many answers of GET /pets of prod, `ago` minutes before now or at a moment, each of so many milliseconds."""
    moment = (at or timezone.now()) - timedelta(minutes=ago)
    told = {
        "account_id": "000000000000",
        "region": "us-east-1",
        "stage_name": "prod",
        "resource": "/pets",
        "method": "GET",
    }
    told |= {"key_id": "", "errors_4xx": 0, "errors_5xx": 0}
    if back_end_ms:
        told["integration_buckets"] = {bisect_left(LATENCY_BOUNDS_MS, back_end_ms): count}
    return Traffic(
        **told | members,
        api_id=api_id,
        minute=int(moment.timestamp()) // 60 * 60,
        count=count,
        latency_ms=ms * count,
        integration_latency_ms=back_end_ms * count,
        latency_buckets={bisect_left(LATENCY_BOUNDS_MS, ms): count},
    )


def report(*traffic: Traffic) -> None:
    """Add one batch to the ledger."""
    ledger.add([UsageBatch(batch_id=str(uuid4()), origin="test", traffic=traffic)])
