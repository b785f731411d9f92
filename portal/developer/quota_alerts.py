"""Telling developers that a quota is nearly, or wholly, used up: once in each period, by e-mail and by webhook.

A run asks the ledger, plan by plan, which keys have come near their quota, and looks at applications of those alone that were not told yet: what it
costs goes by what runs out, and not by how many applications there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date

from celery import shared_task
from django.db.models import Sum
from django.utils import timezone

from apps.accounts.models import User
from apps.control_plane.caller import system_caller
from apps.control_plane.gatehouse.notices import tell_of_quota
from apps.core.quota_periods import period_start
from apps.metering.models import DailyUsage
from apps.portals.models import Subscription
from apps.usage_plans.models import QuotaExtension, UsagePlan
from portal.developer.applications import ApplicationOnPage, loaded
from portal.developer.usage import SubscriptionOnPage, subscriptions

THRESHOLDS = (100, 80)
"""Per cent of a quota."""
_AT_A_TIME = 200


def reached(used: int, limit: int) -> int:
    """The highest threshold that is reached; 0 for none."""
    return next((one for one in THRESHOLDS if used * 100 >= limit * one), 0)


@shared_task
def tell_of_quotas() -> None:
    """Tell of each quota that has reached a threshold since it was last told. Running it again tells nothing twice."""
    now = timezone.now()
    today = now.astimezone(UTC).date()
    active = Subscription.objects.filter(status=Subscription.Status.ACTIVE)
    plans = UsagePlan.objects.filter(
        pk__in=active.values("product_plan__plan"), quota_limit__gt=0, quota_period__isnull=False
    )
    for plan in plans.order_by("pk").iterator(chunk_size=_AT_A_TIME):
        start = period_start(plan.quota_period or "", today, plan.quota_offset)
        for row in _untold(plan, start, today):
            application = ApplicationOnPage(row.application, row.application.owner)
            for one in subscriptions(application, now):
                if one.row.pk == row.pk and one.quota is not None:
                    _tell(one, reached(one.quota.used, one.quota.limit), start)


def _untold(plan: UsagePlan, start: date, today: date) -> Iterator[Subscription]:
    """Subscriptions whose key has reached more of the plan's quota than was told in the period."""
    near = _near(plan, start, today)
    for keys in _groups(list(near)):
        rows = Subscription.objects.filter(
            status=Subscription.Status.ACTIVE,
            product_plan__plan=plan,
            application__keys__api_key__key_id__in=keys,
            application__account_id=plan.account_id,
            application__region=plan.region,
        )
        told = {row.pk: row for row in rows.distinct()}
        applications = {one.pk: one for one in loaded([row.application_id for row in told.values()])}
        for row in told.values():
            row.application = applications[row.application_id]
            most = max((near.get(key.api_key.key_id, 0) for key in row.application.keys.all()), default=0)
            if _told(row, start) < most:
                yield row


def _near(plan: UsagePlan, start: date, today: date) -> dict[str, int]:
    """Keys that have used as much of the plan's quota as is worth telling, and the threshold of each.

    A key whose quota was made smaller counts as used up: what it may still use is looked at one by one.
    """
    limit = plan.quota_limit or 0
    usage = DailyUsage.objects.filter(
        account_id=plan.account_id, region=plan.region, plan_id=plan.plan_id, day__range=(start, today)
    )
    totals = usage.values("key_id").annotate(total=Sum("used")).filter(total__gte=limit * min(THRESHOLDS) / 100)
    near = {key: reached(total, limit) for key, total in totals.values_list("key_id", "total")}
    smaller = QuotaExtension.objects.filter(membership__plan=plan, period_start=start, requests__lt=0)
    return near | dict.fromkeys(smaller.values_list("membership__api_key__key_id", flat=True), max(THRESHOLDS))


def _told(row: Subscription, start: date) -> int:
    """The threshold that was told of in this period; 0 for none."""
    period, _, threshold = row.quota_told.partition(":")
    return int(threshold) if period == f"{start:%Y%m%d}" else 0


def _tell(one: SubscriptionOnPage, threshold: int, start: date) -> None:
    row, quota = one.row, one.quota
    assert quota is not None, "only of quotas is told"
    if threshold <= _told(row, start):
        return
    period = f"{start:%Y%m%d}:{threshold}"
    application = row.application
    people: list[User] = [application.owner, *_managers(row)]
    caller = system_caller(application.account_id, application.region, "portal", "developer-portal")
    key = f"quota:{row.subscription_id}:{period}"
    tell_of_quota(
        caller, row, people, key, threshold=threshold, used=quota.used, limit=quota.limit, resets=quota.resets
    )
    Subscription.objects.filter(pk=row.pk).update(quota_told=period)


def _groups(keys: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(keys), _AT_A_TIME):
        yield keys[at : at + _AT_A_TIME]


def _managers(row: Subscription) -> list[User]:
    members = row.application.members.filter(role="manager", user__isnull=False).select_related("user")
    return [member.user for member in members if member.user is not None]
