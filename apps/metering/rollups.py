"""Which rollups a minute's answers belong to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from apps.metering.models import TrafficMinute, TrafficRollup

MINUTE, HOUR = 60, 3_600
Scope = TrafficRollup.Scope

# A key's minutes are few enough to be read as they are; keys are too many for minutes of their own.
_SCOPES = {MINUTE: (Scope.ACCOUNT, Scope.STAGE, Scope.METHOD), HOUR: tuple(Scope)}
KEPT = {MINUTE: timedelta(days=2), HOUR: timedelta(days=35)}


class Place(NamedTuple):
    """What is one row: the fields of a `TrafficRollup` that are no sums."""

    scope: str
    step: int
    start: datetime
    account_id: str
    region: str
    api_id: str = ""
    stage_name: str = ""
    resource: str = ""
    method: str = ""
    key_id: str = ""
    canary: bool = False


PLACE = Place._fields


def places(row: TrafficMinute) -> Iterator[Place]:
    """The rollups that a minute's row adds to."""
    for step, scopes in _SCOPES.items():
        start = floor(row.minute, step)
        for scope in scopes:
            yield _place(row, scope, step, start)


def floor(moment: datetime, step: int) -> datetime:
    """The beginning of the step (seconds) that a moment lies in."""
    return datetime.fromtimestamp(int(moment.timestamp()) // step * step, UTC)


def _place(row: TrafficMinute, scope: Scope, step: int, start: datetime) -> Place:
    whole = Place(scope.value, step, start, row.account_id, row.region)
    if scope == Scope.ACCOUNT:
        return whole
    of_stage = whole._replace(api_id=row.api_id, stage_name=row.stage_name)
    if scope == Scope.KEY:
        return of_stage._replace(key_id=row.key_id)
    if scope == Scope.METHOD:
        return of_stage._replace(resource=row.resource, method=row.method, canary=row.canary)
    return of_stage._replace(canary=row.canary)
