"""A stage's canary beside what is left of the stage: what both answered, and what that tells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.metering import dashboards
from apps.metering.dashboards import Subject, Window
from apps.metering.reports import Totals
from apps.metering.rollups import HOUR, KEPT, MINUTE, floor

ENOUGH = 100
"""Of fewer requests on either side little can be said."""
_SURE = 2.58  # standard errors: one in a hundred differences is told of that is none
_SLOWER = 1.2  # sketches differ from the truth by 5 % on each side


@dataclass(frozen=True)
class Verdict:
    """What the numbers say, in a sentence for each thing; `tone` is success, warning, danger or neutral."""

    tone: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


@dataclass(frozen=True)
class Comparison:
    """What the stage's own deployment and its canary have answered since some moment."""

    base: Totals
    canary: Totals

    @property
    def error_difference(self) -> float | None:
        """Percentage points by which the canary's share of 5xx is above the stage's; None while one of them has none answered."""
        here, there = self.canary.share(self.canary.errors_5xx), self.base.share(self.base.errors_5xx)
        return None if here is None or there is None else here - there

    @property
    def verdict(self) -> Verdict:
        few = min(self.base.count, self.canary.count)
        if few < ENOUGH:
            side = "canary" if self.canary.count <= self.base.count else "stage"
            early = (
                f"Too early to tell: the {side} has answered {few:,} requests, and {ENOUGH} on each side are the least.",
            )
            return Verdict("neutral", early)
        found = [
            _of_errors("5xx", "danger", self.base, self.canary, self.base.errors_5xx, self.canary.errors_5xx),
            _of_errors("4xx", "warning", self.base, self.canary, self.base.errors_4xx, self.canary.errors_4xx),
            _of_latency(self.base.p95, self.canary.p95),
        ]
        differences = [one for one in found if one is not None]
        if not differences:
            return Verdict("success", (f"No difference that {few:,} requests on each side could show.",))
        # What fails is often fast: beside what is worse nothing better is told.
        tone = next((tone for tone in ("danger", "warning") if any(one.tone == tone for one in differences)), "success")
        told = [one for one in differences if tone == "success" or one.tone != "success"]
        return Verdict(tone, tuple(sentence for one in told for sentence in one.sentences))


def compare(subject: Subject, since: datetime, now: datetime) -> Comparison:
    """The canary and the rest of a stage since a moment, by the minute as long as minutes are kept."""
    step = MINUTE if now - since < KEPT[MINUTE] - timedelta(hours=1) else HOUR
    begin = floor(since + timedelta(seconds=step - 1), step)
    time = Window(begin, now + timedelta(microseconds=1), timedelta(seconds=step))
    sides = [dashboards.total(dashboards.series(_side(subject, canary=canary), time)) for canary in (False, True)]
    return Comparison(*sides)


def _side(subject: Subject, *, canary: bool) -> Subject:
    return Subject(subject.account_id, subject.region, subject.api_id, subject.stage_name, canary=canary)


def _of_errors(kind: str, tone: str, base: Totals, canary: Totals, before: int, after: int) -> Verdict | None:
    """A sentence when the shares differ by more than chance would have it."""
    here, there = after / canary.count, before / base.count
    whole = (before + after) / (base.count + canary.count)
    error = math.sqrt(whole * (1 - whole) * (1 / base.count + 1 / canary.count))
    if not error or abs(here - there) < _SURE * error:
        return None
    shares = f"{percent(here)} against {percent(there)}; {canary.count:,} requests."
    if not before:
        return Verdict(tone, (f"The canary answers {kind} where the stage never does: {shares}",))
    if here > there:
        return Verdict(tone, (f"The canary answers {kind} {here / there:.1f} times as often: {shares}",))
    return Verdict("success", (f"The canary answers {kind} less often: {shares}",))


def _of_latency(before: float | None, after: float | None) -> Verdict | None:
    if not before or not after or max(before, after) / min(before, after) < _SLOWER:
        return None
    p95 = f"p95 is {after:.0f} ms against {before:.0f} ms."
    if after > before:
        return Verdict("warning", (f"The canary is slower: {p95}",))
    return Verdict("success", (f"The canary is faster: {p95}",))


def percent(share: float) -> str:
    """A share (0 to 1) with two digits that say something."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"
