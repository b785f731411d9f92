"""The Django side's connections to Valkey (or Redis): one pool per URL and patience, `redis://` and `unix://` alike."""

from __future__ import annotations

from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

# An operation that a person waits for does not wait longer than this for an announcement.
BRIEF = 0.5
# A background task may.
PATIENT = 5.0


def client(patience: float = BRIEF) -> redis.Redis:
    """A client that gives up on connecting, and on each answer, after `patience` seconds. Raises `redis.RedisError` when used."""
    return _client(settings.REDIS_URL, patience)


@lru_cache(maxsize=8)
def _client(url: str, patience: float) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=patience,
        socket_connect_timeout=patience,
        # One more try covers a pooled connection that a restart of the server has closed; a timeout is never repeated.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )
