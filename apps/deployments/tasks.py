"""Celery's part in publishing: what an operation could not announce is announced again, and what is left over is collected."""

from __future__ import annotations

import logging

import redis
from celery import shared_task
from django.db import OperationalError

from apps.deployments import announcements, collection

logger = logging.getLogger("gatehouse.configuration")


@shared_task
def catch_up_configuration() -> None:
    """Tell Redis what it does not know; one SELECT and one GET when it knows everything."""
    try:
        announcements.catch_up()
    except OperationalError as error:
        logger.warning("configuration is not compared, the database is away: %s", error)


@shared_task
def collect_configuration() -> None:
    """Check that Redis holds what it should, then let documents end that no section holds."""
    try:
        if collection.verify_announced():
            collection.collect_documents()
    except redis.RedisError as error:
        logger.warning("configuration is not collected: %s", error)
