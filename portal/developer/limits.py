"""A usage plan's limits in words that a developer reads before choosing."""

from __future__ import annotations

from dataclasses import dataclass

from apps.usage_plans.models import UsagePlan

PERIODS = {"DAY": "day", "WEEK": "week", "MONTH": "month"}


@dataclass(frozen=True)
class LimitWords:
    """`headline` and `headline_unit` for the eye ("10,000", "calls a month"), `lines` for the list below."""

    headline: str
    headline_unit: str
    lines: tuple[str, ...]
    short: str


def limit_words(plan: UsagePlan) -> LimitWords:
    """The words of a plan; a plan without limits says so."""
    headline, unit = _quota(plan)
    return LimitWords(headline, unit, (_rate(plan), _burst(plan)), _short(plan))


def _quota(plan: UsagePlan) -> tuple[str, str]:
    if plan.quota_limit is None or not plan.quota_period:
        return "Unmetered", ""
    return f"{plan.quota_limit:,}", f"{_calls(plan.quota_limit)} a {PERIODS[plan.quota_period]}"


def _rate(plan: UsagePlan) -> str:
    if plan.throttle_rate_limit is None:
        return "No limit on requests a second"
    rate = plan.throttle_rate_limit
    if not rate:
        return "No requests at all"
    if rate < 1:
        return f"One request every {1 / rate:g} seconds, steadily"
    return f"{rate:,g} {'request' if rate == 1 else 'requests'} a second, steadily"


def _burst(plan: UsagePlan) -> str:
    if plan.throttle_burst_limit is None:
        return "Bursts of any size" if plan.throttle_rate_limit is None else "Bursts as the gateway allows"
    return f"Bursts of up to {plan.throttle_burst_limit:,} at once"


def _short(plan: UsagePlan) -> str:
    if plan.quota_limit is not None and plan.quota_period:
        return f"{plan.quota_limit:,} {_calls(plan.quota_limit)} a {PERIODS[plan.quota_period]}"
    if plan.throttle_rate_limit is not None:
        return f"{plan.throttle_rate_limit:,g} a second"
    return "unmetered"


def _calls(number: int) -> str:
    return "call" if number == 1 else "calls"
