"""Guards of canaries: every few seconds each is compared with its stage, and ended or promoted by its rule."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, NamedTuple

from celery import shared_task
from django.utils import timezone

from apps.control_plane import registry
from apps.control_plane.caller import system_caller
from apps.control_plane.errors import AwsError
from apps.control_plane.gatehouse.canaries import comparison_of
from apps.deployments.models import StageCanary
from apps.metering.canaries import Comparison, percent
from apps.metering.reports import Totals

logger = logging.getLogger("gatehouse.canaries")


class Decision(NamedTuple):
    """What a guard does, and why."""

    operation: str
    reason: str


@shared_task
def watch_canaries() -> None:
    """Look at every guarded canary once. Running it twice at once does nothing twice: an operation names the canary that it means."""
    rows = StageCanary.objects.filter(ended=None, guard__isnull=False).select_related(
        "stage__rest_api", "stage__deployment"
    )
    for row in rows.order_by("pk"):
        comparison = comparison_of(row.stage, row)
        decision = decide(row.guard or {}, comparison, timezone.now() - row.released)
        if decision is not None:
            _carry_out(row, decision)


def decide(guard: dict[str, Any], found: Comparison, age: timedelta) -> Decision | None:
    """What a rule makes of the numbers; nothing before the canary has answered as many requests as the rule asks for."""
    if found.canary.count < guard["minimumRequests"]:
        return None
    for reason in (_fails(guard, found), _lags(guard, found)):
        if reason:
            return Decision("EndCanary", reason)
    after = guard.get("promoteAfterSeconds")
    if after is not None and age >= timedelta(seconds=after):
        return Decision(
            "PromoteCanary", f"It kept to its guard for {after:,} seconds and {found.canary.count:,} requests."
        )
    return None


def _fails(guard: dict[str, Any], found: Comparison) -> str:
    margin = guard.get("errorRateMargin")
    if margin is None:
        return ""
    client = bool(guard.get("countClientErrors"))
    here, there = _error_rate(found.canary, client=client), _error_rate(found.base, client=client)
    if here - there <= margin:
        return ""
    kinds = "4xx and 5xx" if client else "5xx"
    return (
        f"{percent(here / 100)} of {found.canary.count:,} answers were {kinds}, against {percent(there / 100)} of the stage's {found.base.count:,}: "
        f"more than {margin:g} points above."
    )


def _lags(guard: dict[str, Any], found: Comparison) -> str:
    margin, before, after = guard.get("latencyMargin"), found.base.p95, found.canary.p95
    # Without as many answers of the stage there is nothing to be slower than.
    if margin is None or before is None or after is None or found.base.count < guard["minimumRequests"]:
        return ""
    if after <= before * (1 + margin / 100):
        return ""
    return f"p95 was {after:.0f} ms against the stage's {before:.0f} ms: more than {margin:g} % above."


def _error_rate(totals: Totals, *, client: bool) -> float:
    return totals.share(totals.errors_5xx + (totals.errors_4xx if client else 0)) or 0.0


def _carry_out(row: StageCanary, decision: Decision) -> None:
    api = row.stage.rest_api
    caller = system_caller(api.account_id, api.region, "guard", "canary-guard")
    request = {
        "restApiId": api.id,
        "stageName": row.stage.name,
        "deploymentId": row.deployment_id,
        "reason": decision.reason,
    }
    try:
        registry.call(caller, "gatehouse", decision.operation, request)
    except AwsError as error:
        # Somebody was faster, or the stage cannot be changed now: the next look decides anew.
        logger.warning("canary of %s/%s: %s failed: %s", api.id, row.stage.name, decision.operation, error.message)
