"""What an application uses: its quotas and its calls over time, as the application's page and the API show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from django.db.models import Sum

from apps.core.quota_periods import next_period_start, period_start
from apps.metering import reports
from apps.metering.models import DailyUsage
from apps.portals.models import Subscription
from apps.usage_plans.models import QuotaExtension, UsagePlan
from portal import charts
from portal.developer.applications import ApplicationOnPage, KeyOnPage


@dataclass(frozen=True)
class Span:
    """A stretch of time up to now, cut into steps."""

    id: str
    label: str
    length: timedelta
    step: timedelta
    time_format: str


SPANS = (
    Span("hour", "Last hour", timedelta(hours=1), timedelta(minutes=1), "%H:%M"),
    Span("day", "Last day", timedelta(days=1), timedelta(minutes=30), "%H:%M"),
    Span("week", "Last week", timedelta(days=7), timedelta(hours=6), "%a %H:%M"),
)


@dataclass(frozen=True)
class Quota:
    """What a key has used of a plan's quota in the running period, which ends at `resets`."""

    used: int
    limit: int
    period: str
    resets: datetime

    @property
    def percent(self) -> int:
        return 100 if not self.limit else self.used * 100 // self.limit

    @property
    def meter(self) -> charts.Meter:
        """Every call counts here, so the numbers are not shortened."""
        return replace(charts.meter(self.used, self.limit), used_label=f"{self.used:,}", limit_label=f"{self.limit:,}")


@dataclass(frozen=True)
class SubscriptionOnPage:
    """A subscription with the key that draws on it and, where its plan has one, its quota."""

    row: Subscription
    key: KeyOnPage | None
    quota: Quota | None

    @property
    def plan(self) -> UsagePlan:
        return self.row.product_plan.plan


def span_named(name: str) -> Span:
    """The span of that name; the hour for any other."""
    return next((span for span in SPANS if span.id == name), SPANS[0])


def calls(application: ApplicationOnPage, span: Span, now: datetime) -> list[reports.Point]:
    """The calls of all keys of the application, step by step; the running step comes last."""
    wanted = reports.Filter(
        account_id=application.row.account_id,
        region=application.row.region,
        # The step that `start` falls into is shown whole: one more than the span would not line up with its name.
        start=now - span.length + span.step,
        end=now + timedelta(seconds=1),
        key_ids=[key.id for key in application.keys],
    )
    return reports.traffic(wanted, span.step)


def calls_chart(points: Sequence[reports.Point], span: Span) -> charts.Chart:
    """Bars of answers by their kind. Times are UTC, as quotas are."""
    answered = tuple(p.totals.count - p.totals.errors_4xx - p.totals.errors_5xx for p in points)
    return charts.bar_chart(
        "calls",
        f"Calls, {span.label.lower()}",
        [point.start.strftime(span.time_format) for point in points],
        [
            charts.Series("Successful", answered),
            charts.Series("4xx", tuple(point.totals.errors_4xx for point in points)),
            charts.Series("5xx", tuple(point.totals.errors_5xx for point in points)),
        ],
    )


def subscriptions(application: ApplicationOnPage, now: datetime) -> list[SubscriptionOnPage]:
    """The application's subscriptions with their quotas, in two queries however many there are."""
    keyed = [(one, application.key_under(one.product_plan.plan)) for one in application.subscriptions]
    drawn = [
        (one.product_plan.plan, key)
        for one, key in keyed
        if key is not None and one.status == Subscription.Status.ACTIVE and _metered(one.product_plan.plan)
    ]
    today = now.astimezone(UTC).date()
    used, extended = _used(application, drawn, today), _extended(drawn, today)
    found = []
    for one, key in keyed:
        plan = one.product_plan.plan
        quota = None
        if key is not None and (plan, key) in drawn:
            end = next_period_start(plan.quota_period or "", today, plan.quota_offset)
            quota = Quota(
                used=used.get((plan.plan_id, key.id), 0),
                limit=(plan.quota_limit or 0) + extended.get((plan.plan_id, key.id), 0),
                period=(plan.quota_period or "").lower(),
                resets=datetime.combine(end, datetime.min.time(), UTC),
            )
        found.append(SubscriptionOnPage(one, key, quota))
    return found


def _metered(plan: UsagePlan) -> bool:
    return plan.quota_limit is not None and bool(plan.quota_period)


def _used(
    application: ApplicationOnPage, drawn: Sequence[tuple[UsagePlan, KeyOnPage]], today: date
) -> dict[tuple[str, str], int]:
    """Used in the running period by (plan id, key id)."""
    starts = {plan.plan_id: period_start(plan.quota_period or "", today, plan.quota_offset) for plan, _ in drawn}
    if not starts:
        return {}
    rows = DailyUsage.objects.filter(
        account_id=application.row.account_id,
        region=application.row.region,
        plan_id__in=starts,
        key_id__in={key.id for _, key in drawn},
        day__range=(min(starts.values()), today),
    )
    used: dict[tuple[str, str], int] = defaultdict(int)
    for plan_id, key_id, day, count in rows.values_list("plan_id", "key_id", "day", "used"):
        if day >= starts[plan_id]:
            used[plan_id, key_id] += count
    return used


def _extended(drawn: Sequence[tuple[UsagePlan, KeyOnPage]], today: date) -> dict[tuple[str, str], int]:
    """What was granted beyond the quota in the running period, by (plan id, key id)."""
    starts = {plan.plan_id: period_start(plan.quota_period or "", today, plan.quota_offset) for plan, _ in drawn}
    rows = (
        QuotaExtension.objects.filter(
            membership__plan__in={plan.pk for plan, _ in drawn},
            membership__api_key__in={key.row.api_key_id for _, key in drawn},
            period_start__in=set(starts.values()),
        )
        .values_list("membership__plan__plan_id", "membership__api_key__key_id", "period_start")
        .annotate(total=Sum("requests"))
    )
    return {(plan_id, key_id): total for plan_id, key_id, start, total in rows if starts.get(plan_id) == start}
