"""Usage: what keys have used of a plan's quota, day by day, and what remains."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.db.models import Sum

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.paging import page
from apps.control_plane.patching import LISTS_PATHS, Patch, PatchTable, Rule, integer
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.usage_plan_keys import find_membership, find_usage_plan
from apps.core.quota_periods import period_start
from apps.deployments import publisher
from apps.metering.models import DailyUsage
from apps.usage_plans.models import QuotaExtension, UsagePlan, UsagePlanKey

UNLIMITED = -1
"""What remains of a plan that has no quota."""

_LONGEST = timedelta(days=366)


@operation("GetUsage")
def get_usage(caller: Caller, request: Shape) -> Shape:
    """`items` maps each key of the plan to `[used, remaining]` for each day of the range, both ends included."""
    plan = find_usage_plan(caller, request["usagePlanId"])
    start, end = _range(request)
    rows = UsagePlanKey.objects.filter(plan=plan).select_related("api_key").defer("api_key__value")
    if request.get("keyId"):
        rows = rows.filter(api_key__key_id=request["keyId"])
        if not rows.exists():
            raise NotFoundException("Invalid API Key identifier specified")
    members, position = page(rows.prefetch_related("extensions"), request, "pk")
    shape = _usage_shape(plan, start, end, members)
    return shape if position is None else {**shape, "position": position}


@operation("UpdateUsage")
def update_usage(caller: Caller, request: Shape) -> Shape:
    """Grant a key more of (or take from it) the current period's quota: `replace /remaining`."""
    membership = find_membership(caller, request["usagePlanId"], request["keyId"])
    _PATCHES.apply(membership, request.get("patchOperations"))
    publisher.publish_keys(caller.account_id, caller.region, [request["keyId"]])
    today = _today()
    fresh = UsagePlanKey.objects.select_related("api_key").prefetch_related("extensions").get(pk=membership.pk)
    return _usage_shape(membership.plan, today, today, [fresh])


def _set_remaining(membership: UsagePlanKey, patch: Patch) -> None:
    remaining = _remaining(patch.value)
    plan = membership.plan
    if plan.quota_limit is None or plan.quota_period is None:
        raise BadRequestException(f"Usage Plan {plan.plan_id} does not have a quota")
    start = period_start(plan.quota_period, _today(), plan.quota_offset)
    used = (
        DailyUsage.objects.filter(
            account_id=plan.account_id,
            region=plan.region,
            plan_id=plan.plan_id,
            key_id=membership.api_key.key_id,
            day__gte=start,
        ).aggregate(total=Sum("used"))["total"]
        or 0
    )
    QuotaExtension.objects.update_or_create(
        membership=membership, period_start=start, defaults={"requests": remaining + used - plan.quota_limit}
    )


_remaining = integer("Invalid value specified for path '/remaining'. Must be a non-negative number", 0)
_PATCHES = PatchTable((Rule("/remaining", {"replace": _set_remaining}),), LISTS_PATHS)


def _today() -> date:
    return datetime.now(UTC).date()


def _range(request: Shape) -> tuple[date, date]:
    start, end = _day(request["startDate"], "start"), _day(request["endDate"], "end")
    if end < start:
        raise BadRequestException("Invalid date range specified. The start date must not be after the end date")
    if end - start > _LONGEST:
        raise BadRequestException(f"Invalid date range specified. It must not be longer than {_LONGEST.days} days")
    return start, end


def _day(text: str, which: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise BadRequestException(f"Invalid {which} date specified. The format must be yyyy-MM-dd") from None


def _usage_shape(plan: UsagePlan, start: date, end: date, members: Iterable[UsagePlanKey]) -> Shape:
    members = list(members)
    used = _used(plan, _period(plan, start), end, [member.api_key.key_id for member in members])
    return {
        "usagePlanId": plan.plan_id,
        "startDate": start.isoformat(),
        "endDate": end.isoformat(),
        "items": {
            member.api_key.key_id: _days(plan, start, end, member, used.get(member.api_key.key_id, {}))
            for member in members
        },
    }


def _period(plan: UsagePlan, day: date) -> date:
    """The first day of the quota's period that holds `day`; without a quota each day stands alone."""
    return period_start(plan.quota_period, day, plan.quota_offset) if plan.quota_period else day


def _used(plan: UsagePlan, start: date, end: date, key_ids: list[str]) -> dict[str, dict[date, int]]:
    rows = DailyUsage.objects.filter(
        account_id=plan.account_id,
        region=plan.region,
        plan_id=plan.plan_id,
        key_id__in=key_ids,
        day__range=(start, end),
    )
    used: dict[str, dict[date, int]] = {}
    for key_id, day, count in rows.values_list("key_id", "day", "used"):
        used.setdefault(key_id, {})[day] = count
    return used


def _days(plan: UsagePlan, start: date, end: date, member: UsagePlanKey, used: dict[date, int]) -> list[list[int]]:
    """`[used, remaining]` from `start` to `end`; what was used earlier in the first day's period counts against the rest."""
    extensions = {extension.period_start: extension.requests for extension in member.extensions.all()}
    answer: list[list[int]] = []
    day, period, spent = _period(plan, start), None, 0
    while day <= end:
        if _period(plan, day) != period:
            period, spent = _period(plan, day), 0
        spent += used.get(day, 0)
        if day >= start:
            remaining = UNLIMITED
            if plan.quota_limit is not None:
                remaining = max(0, plan.quota_limit + extensions.get(period or day, 0) - spent)
            answer.append([used.get(day, 0), remaining])
        day += timedelta(days=1)
    return answer
