"""Load balancers: calls are spread over targets by weight, and targets that are unwell are left out.

Two things make a target unwell: health checks that it fails, and calls that cannot reach it. Where no target is well, all are tried: a
check that is wrong had better not close a back end that works. A call that reaches no target may go to another, within a budget: where
many fail, trying again is no more load than a share of what comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from apps.core import documents
from apps.core.documents import HealthCheck, LinksDocument

# Of a listener the load balancer counts: arn:…:listener/net/shop/50dc6c495c0c9188/f2f7dc8efc522ab2
_LISTENER = re.compile(r"(arn:[\w-]+:elasticloadbalancing:[^:]*:[^:]*:)listener/((?:app|net)/[^/]+/[^/]+)/[^/]+")
_FAILURES = 3  # calls in a row that do not reach a target
_PAUSE, _LONGEST_PAUSE = 5.0, 60.0  # seconds without calls, doubled each time
_MOST_SAVED = 10.0  # retries that calls have earned and none has needed


class Target:
    """One target with what is known of its health. Times are those of the monotonic clock."""

    __slots__ = (
        "_failed",
        "_in_a_row",
        "_pause",
        "_until",
        "checked_at",
        "current",
        "failing",
        "fault",
        "host",
        "port",
        "priority",
        "share",
        "sound",
        "weight",
    )

    def __init__(self, document: documents.Target) -> None:
        self.host = document.host
        self.port = document.port
        self.weight = self.share = document.weight  # what was said, and what turns are spread by
        self.priority = 0
        self.sound = True  # as health checks see it
        self.checked_at: float | None = None  # when a health check last ended
        self.failing = False  # whether that one failed; `sound` takes more than one to change
        self.fault = ""  # what the last check that failed says
        self.current = 0  # the balance of its turns
        self._in_a_row = 0  # checks that said the opposite
        self._failed = 0
        self._pause = _PAUSE
        self._until = 0.0

    def is_well(self, now: float) -> bool:
        return self.sound and now >= self._until

    def reached(self) -> None:
        """A call got an answer, whatever that says."""
        self._failed = 0
        self._pause = _PAUSE

    def missed(self, now: float) -> None:
        """A call did not reach it."""
        self._failed += 1
        if self._failed >= _FAILURES:
            self._failed = _FAILURES - 1  # the next call after the pause decides
            self._until = now + self._pause
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def checked(self, good: bool, check: HealthCheck) -> None:
        """A health check has ended."""
        if good is self.sound:
            self._in_a_row = 0
            return
        self._in_a_row += 1
        if self._in_a_row >= (check.healthy_threshold if good else check.unhealthy_threshold):
            self.sound = good
            self._in_a_row = 0


class Balancer:
    """The targets that stand for one load balancer."""

    __slots__ = ("_budget", "_earned", "arn", "check_due", "document", "targets")

    def __init__(self, arn: str, document: documents.LoadBalancer) -> None:
        self._budget = _MOST_SAVED
        self._earned = document.retries.budget_percent / 100 if document.retries is not None else 0.0
        self.arn = arn
        self.document = document
        self.targets = tuple(Target(target) for target in document.targets if target.weight > 0)
        self.check_due = 0.0

    def choose(self, now: float) -> Target:
        """The target of the next call. Turns are spread evenly: weights 3 and 1 give a, a, b, a."""
        if self._earned:
            self._budget = min(_MOST_SAVED, self._budget + self._earned)
        return _in_turn(self.candidates(now))

    def choose_again(self, now: float, tried: tuple[Target, ...]) -> Target | None:
        """Another target for a call that did not reach those; None where there is none, or enough has been tried."""
        retries = self.document.retries
        if retries is None or len(tried) > retries.attempts or self._budget < 1:
            return None
        left = [target for target in self.candidates(now) if target not in tried]
        left = left or [target for target in self.targets if target not in tried]
        if not left:
            return None
        self._budget -= 1
        return _in_turn(left)

    def candidates(self, now: float) -> list[Target]:
        """The targets that are well, or all where none is."""
        return [target for target in self.targets if target.is_well(now)] or list(self.targets)


def _in_turn(candidates: list[Target]) -> Target:
    if len(candidates) == 1:
        return candidates[0]
    total = 0
    for target in candidates:
        total += target.share
        target.current += target.share
    chosen = max(candidates, key=lambda target: target.current)
    chosen.current -= total
    return chosen


_Place = tuple[str, str]  # account and region


class Links:
    """The VPC links of all accounts. Load balancers that stay as they were keep what is known of their targets."""

    __slots__ = ("_balancers", "_links")

    def __init__(
        self,
        found: Iterable[LinksDocument] = (),
        last: Links | None = None,
        make: Callable[[str, documents.LoadBalancer], Balancer] = Balancer,
    ) -> None:
        self._links: dict[_Place, dict[str, tuple[str, ...]]] = {}
        self._balancers: dict[_Place, dict[str, Balancer]] = {}
        for document in found:
            place = (document.account_id, document.region)
            before = {} if last is None else last._balancers.get(place, {})
            self._links[place] = document.links
            self._balancers[place] = {
                arn: known
                if (known := before.get(arn)) is not None and known.document == balancer
                else make(arn, balancer)
                for arn, balancer in document.balancers.items()
            }

    def find(self, account_id: str, region: str, link_id: str, target: str | None) -> Balancer:
        """The load balancer that an integration reaches through a link. `target` is an ARN that the integration names itself.

        Raises `LookupError`, which says what is missing.
        """
        place = (account_id, region)
        arns = self._links.get(place, {}).get(link_id)
        if arns is None:
            raise LookupError(f"there is no VPC link {link_id}")
        arn = target or next(iter(arns), None)
        if arn is None:
            raise LookupError(f"the VPC link {link_id} leads where the integration says, and it says nothing")
        if arns and arn not in arns:
            raise LookupError(f"the VPC link {link_id} does not lead to {arn}")
        balancers = self._balancers.get(place, {})
        found = balancers.get(arn) or balancers.get(_LISTENER.sub(r"\1loadbalancer/\2", arn))
        if found is None or not (found.targets or found.document.discovery):
            raise LookupError(f"no targets stand for {arn}")
        return found

    def balancers(self) -> Iterable[Balancer]:
        for of_place in self._balancers.values():
            yield from of_place.values()

    def places(self) -> Iterable[tuple[_Place, Iterable[Balancer]]]:
        """The load balancers by account and region."""
        return [(place, of_place.values()) for place, of_place in self._balancers.items()]
