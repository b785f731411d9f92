"""Reading how targets of load balancers are. All of it comes from Redis, where each worker tells what it sees."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any

import msgspec
import redis

from apps.core import target_health
from apps.core.target_health import TargetHealth
from apps.deployments import valkey

logger = logging.getLogger(__name__)

Unavailable = redis.RedisError
"""What is raised while Redis is away."""


@dataclass(frozen=True)
class SeenTarget:
    """A target as the workers see it, by their names."""

    host: str
    port: int
    seen: dict[str, TargetHealth] = field(default_factory=dict)


def of_balancers(account_id: str, region: str) -> dict[str, list[SeenTarget]]:
    """What workers told lately of each load balancer, by its ARN. Raises `redis.RedisError`."""
    client: Any = valkey.client()
    found: dict[str, dict[tuple[str, int], SeenTarget]] = {}
    oldest = time.time() - target_health.FRESH_SECONDS
    reports: dict[bytes, bytes] = client.hgetall(target_health.key(account_id, region))
    for worker, data in sorted(reports.items()):
        try:
            report = target_health.decode(data)
        except msgspec.DecodeError as error:
            logger.warning("the report of %s cannot be read: %s", worker, error)
            continue
        for balancer in report.balancers if report.at >= oldest else ():
            targets = found.setdefault(balancer.arn, {})
            for one in balancer.targets:
                place = (one.host, one.port)
                targets.setdefault(place, SeenTarget(*place)).seen[worker.decode()] = one
    return {arn: list(targets.values()) for arn, targets in found.items()}
