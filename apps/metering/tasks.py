"""Celery's part in metering: batches into the ledger several times a second, old rows out, lost counters back."""

from __future__ import annotations

import logging
from datetime import timedelta

import redis
from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from apps.metering import quota_counters, rollups, stream
from apps.metering.models import TrafficMinute, TrafficRollup, UsageBatch

BATCHES_REMEMBERED = timedelta(days=7)
MINUTES_KEPT = timedelta(days=35)
_ROWS_AT_ONCE = 5_000

logger = logging.getLogger("gatehouse.metering")


@shared_task
def drain_usage() -> None:
    """Add the batches in the stream to the ledger."""
    try:
        stream.drain()
    except redis.RedisError as error:
        logger.warning("usage waits with the runtimes: %s", error)
    except OperationalError as error:
        logger.warning("usage waits in the stream, the database is away: %s", error)


@shared_task
def seed_quota_counters() -> None:
    """Give a Redis that lost its data the quota counters of the running periods."""
    try:
        if quota_counters.seed_quota_counters():
            logger.info("quota counters are seeded from the ledger")
    except redis.RedisError as error:
        logger.warning("quota counters are not seeded: %s", error)


@shared_task
def prune() -> None:
    """Forget batch ids and minutes that are too old to matter, a few thousand in each transaction."""
    now = timezone.now()
    old_rollups = (TrafficRollup.objects.filter(step=step, start__lt=now - kept) for step, kept in rollups.KEPT.items())
    for rows in (
        UsageBatch.objects.filter(received__lt=now - BATCHES_REMEMBERED),
        TrafficMinute.objects.filter(minute__lt=now - MINUTES_KEPT),
        *old_rollups,
    ):
        while old := list(rows.values_list("pk", flat=True)[:_ROWS_AT_ONCE]):
            rows.filter(pk__in=old).delete()
