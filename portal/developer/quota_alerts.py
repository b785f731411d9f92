"""Telling developers that a quota is nearly, or wholly, used up: once in each period, by e-mail and by webhook."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import User
from apps.control_plane.caller import system_caller
from apps.control_plane.gatehouse.notices import tell_of_quota
from apps.core.quota_periods import period_start
from apps.portals.models import OutgoingMail, Subscription
from portal.developer.applications import all_with_quotas
from portal.developer.usage import SubscriptionOnPage, subscriptions

THRESHOLDS = (100, 80)
"""Per cent of a quota."""

logger = logging.getLogger("gatehouse.portal")


def reached(used: int, limit: int) -> int:
    """The highest threshold that is reached; 0 for none."""
    return next((one for one in THRESHOLDS if used * 100 >= limit * one), 0)


@shared_task
def tell_of_quotas() -> None:
    """Tell of each quota that has reached a threshold since it was last told. Running it again tells nothing twice."""
    now = timezone.now()
    for application in all_with_quotas():
        for one in subscriptions(application, now):
            if one.quota is not None and (threshold := reached(one.quota.used, one.quota.limit)):
                _tell(one, threshold, now)


def _tell(one: SubscriptionOnPage, threshold: int, now: datetime) -> None:
    row, quota = one.row, one.quota
    assert quota is not None, "only of quotas is told"
    start = period_start(one.plan.quota_period or "", now.astimezone(UTC).date(), one.plan.quota_offset)
    key = f"quota:{row.subscription_id}:{start:%Y%m%d}:{threshold}"
    if OutgoingMail.objects.filter(key__startswith=f"{key}:").exists():
        return
    application = row.application
    people: list[User] = [application.owner, *_managers(row)]
    caller = system_caller(application.account_id, application.region, "portal", "developer-portal")
    tell_of_quota(
        caller, row, people, key, threshold=threshold, used=quota.used, limit=quota.limit, resets=quota.resets
    )


def _managers(row: Subscription) -> list[User]:
    members = row.application.members.filter(role="manager", user__isnull=False).select_related("user")
    return [member.user for member in members if member.user is not None]
