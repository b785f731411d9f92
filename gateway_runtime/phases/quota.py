"""Quotas of usage plans, and the count of what drew on them."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apps.core import quota_periods
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange

if TYPE_CHECKING:
    from gateway_runtime.ports import Meter
    from gateway_runtime.snapshot.entitlements import Entitlement
    from gateway_runtime.snapshot.stage import MethodSite, Step


def quota(site: MethodSite) -> Step | None:
    """Count the request against the key's quota, or refuse it with 429; what is admitted is metered as used."""
    if not site.method.api_key_required:
        return None
    services = site.services
    grant, meter = services.quotas.grant, services.meter

    def step(exchange: Exchange) -> Awaitable[None] | None:
        entitlement = exchange.entitlement
        if entitlement is None:
            return None
        now = exchange.received_at
        period = entitlement.quota_period(now)
        if period is not None:
            granted = grant(period)
            if granted is False:
                raise exceeded(entitlement, now)
            if granted is not True:
                return _wait(granted, entitlement, now, meter)
        used(entitlement, meter)
        return None

    return step


async def _wait(asked: Awaitable[bool], entitlement: Entitlement, now: float, meter: Meter) -> None:
    if not await asked:
        raise exceeded(entitlement, now)
    used(entitlement, meter)


def used(entitlement: Entitlement, meter: Meter) -> None:
    plan = entitlement.plan
    meter.use(plan.account_id, plan.region, plan.plan_id, entitlement.key.id)


def exceeded(entitlement: Entitlement, now: float) -> GatewayError:
    """429 with the quota's policy and the seconds until its period ends."""
    limits = entitlement.plan.quota
    assert limits is not None
    moment = datetime.fromtimestamp(now, UTC)
    wait = quota_periods.seconds_to_reset(limits.period, moment, limits.offset)
    period = entitlement.quota_period(now)
    assert period is not None
    window = int(period.ends_at - period.starts_at)
    return GatewayError(
        "QUOTA_EXCEEDED",
        headers=(
            (b"ratelimit-policy", f'"quota";q={max(period.limit, 0)};w={window}'.encode()),
            (b"ratelimit", f'"quota";r=0;t={wait}'.encode()),
            (b"retry-after", str(wait).encode()),
        ),
    )
