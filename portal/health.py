"""`/healthz`: whether the portal can reach its database and its Redis. For probes and load balancers; it tells no secret."""

from __future__ import annotations

import logging
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

_TIMEOUT_SECONDS = 2

logger = logging.getLogger("gatehouse.health")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when both answer, else 503; the body names which one does not."""
    checks = {"database": _answers(_ask_database), "redis": _answers(_ask_redis)}
    healthy = all(checks.values())
    states = {name: "ok" if answers else "unreachable" for name, answers in checks.items()}
    return JsonResponse({"status": "ok" if healthy else "unavailable", **states}, status=200 if healthy else 503)


def _answers(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except (DatabaseError, redis.RedisError) as error:
        logger.warning("health: %s", type(error).__name__)
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_redis() -> None:
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
    ) as client:
        client.ping()
