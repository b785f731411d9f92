"""How targets of load balancers are, as each worker of the data plane sees them: told to Redis every few seconds, and forgotten soon."""

from __future__ import annotations

import msgspec

HEALTHY, UNHEALTHY, UNKNOWN = "healthy", "unhealthy", "unknown"

REPORT_SECONDS = 2.0
FRESH_SECONDS = 10.0
"""What a worker told longer ago says nothing any more: it is gone, or cut off."""
KEPT_SECONDS = 60


class TargetHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One target. `checked` is when its last health check ended (seconds since 1970), None before the first; `error` what was last wrong."""

    host: str
    port: int
    weight: int
    state: str
    checked: float | None = None
    error: str = ""


class BalancerHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The targets of one load balancer."""

    arn: str
    targets: tuple[TargetHealth, ...]


class HealthReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one worker tells of the load balancers of an account and region; `at` is seconds since 1970."""

    at: float
    balancers: tuple[BalancerHealth, ...]


_decoder = msgspec.json.Decoder(HealthReport)


def key(account_id: str, region: str) -> str:
    """A hash in Redis: the report of each worker by its name."""
    return f"gatehouse:targets:{account_id}:{region}"


def encode(report: HealthReport) -> bytes:
    return msgspec.json.encode(report)


def decode(data: bytes) -> HealthReport:
    """Raises `msgspec.DecodeError`."""
    return _decoder.decode(data)
