"""Latencies counted before sketches keep their place among them."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.apps import apps

from apps.core.usage import quantile
from apps.metering.models import TrafficMinute


@pytest.mark.django_db
def test_counts_of_before_become_sketches():
    before = [0] * 23
    before[11], before[22] = 90, 10  # up to 100 ms, and beyond 30 s
    TrafficMinute.objects.create(
        account_id="1" * 12, region="r", api_id="a", stage_name="s", method="GET",
        minute=datetime(2026, 11, 28, tzinfo=UTC), count=100, latency_buckets=before,
    )  # fmt: skip

    import_module("apps.metering.migrations.0002_sketches_and_cache").to_sketches(apps, None)

    sketch = {int(at): count for at, count in TrafficMinute.objects.get().latency_buckets.items()}
    assert quantile(sketch, 0.5) == pytest.approx(100, rel=0.1)
    assert quantile(sketch, 0.99) == pytest.approx(30_000, rel=0.1)
