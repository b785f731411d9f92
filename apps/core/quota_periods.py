"""Quota periods of usage plans: days, weeks and months in UTC.

AWS describes `offset` as requests taken from the first period, but accepts only 0 for DAY, 0–6 for WEEK and 0–27 for
MONTH: it shifts the day on which the period starts. Weeks start on Sunday plus offset, months on the first plus offset.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta

# The largest offset that AWS accepts for each period.
MAX_OFFSET = {"DAY": 0, "WEEK": 6, "MONTH": 27}


def period_start(period: str, day: date, offset: int = 0) -> date:
    """The first day of the DAY, WEEK or MONTH that holds `day`."""
    if period == "DAY":
        return day
    if period == "WEEK":
        return day - timedelta(days=(day.weekday() + 1 - offset) % 7)
    if period == "MONTH":
        return (day - timedelta(days=offset)).replace(day=1) + timedelta(days=offset)
    raise ValueError(f"unknown quota period {period!r}")


def next_period_start(period: str, day: date, offset: int = 0) -> date:
    """The first day of the period after the one that holds `day`."""
    start = period_start(period, day, offset)
    if period == "DAY":
        return start + timedelta(days=1)
    if period == "WEEK":
        return start + timedelta(days=7)
    first = start - timedelta(days=offset)
    return start + timedelta(days=calendar.monthrange(first.year, first.month)[1])


def seconds_to_reset(period: str, now: datetime, offset: int = 0) -> int:
    """Whole seconds until the running period of `now` (aware) ends, at least 1."""
    now = now.astimezone(UTC)
    end = datetime.combine(next_period_start(period, now.date(), offset), datetime.min.time(), UTC)
    return max(1, int((end - now).total_seconds() + 0.999))
