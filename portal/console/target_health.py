"""How targets are, for the pages of VPC links and load balancers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.control_plane.errors import NotFoundException, ServiceUnavailableException
from portal.console.gate import Console, Shape

_SERVICE = "gatehouse"
_TONES = {"healthy": "success", "unhealthy": "danger", "unknown": "neutral"}


@dataclass(frozen=True)
class TargetRow:
    """A target: how many workers see it in which state, when it was last checked, and what was last wrong."""

    place: str
    weight: int
    states: list[tuple[str, str, int]]  # state, tone, workers
    checked: datetime | None
    error: str


@dataclass(frozen=True)
class Health:
    """What a page shows; `problem` says why it can show nothing."""

    rows: list[TargetRow]
    problem: str = ""

    @property
    def summary(self) -> tuple[str, str]:
        """A word or two for a list, with its tone."""
        well = sum(1 for row in self.rows if all(state == "healthy" for state, _, _ in row.states) and row.states)
        unwell = sum(1 for row in self.rows if any(state == "unhealthy" for state, _, _ in row.states))
        if unwell:
            return f"{unwell} of {len(self.rows)} unhealthy", "danger"
        if well and well == len(self.rows):
            return "healthy", "success"
        return "unknown", "neutral"


def health_of(console: Console, arn: str) -> Health:
    """Of one load balancer; nothing where nothing stands for it."""
    try:
        told = console.call("GetTargetHealth", {"loadBalancerArn": arn}, _SERVICE)
    except NotFoundException:
        return Health([])
    except ServiceUnavailableException as error:
        return Health([], error.message)
    return Health([_row(target) for target in told["targets"]])


def _row(target: Shape) -> TargetRow:
    workers = target["workers"]
    states = [
        (state, tone, count)
        for state, tone in _TONES.items()
        if (count := sum(1 for one in workers if one["state"] == state))
    ]
    host = f"[{target['host']}]" if ":" in target["host"] else target["host"]
    return TargetRow(
        place=f"{host}:{target['port']}",
        weight=target["weight"],
        states=states,
        checked=max((one["lastCheckDate"] for one in workers if "lastCheckDate" in one), default=None),
        error=next((one["lastError"] for one in workers if one.get("lastError")), ""),
    )
