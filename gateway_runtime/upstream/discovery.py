"""Services that are found by DNS: asked about when a request comes whose answer has run out, by one question at a time.

The request that finds nothing yet waits for the answer; later ones go where the last answer led while a new one is fetched.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from apps.core import documents
from gateway_runtime.ending import end
from gateway_runtime.upstream.balancing import Balancer, Target
from gateway_runtime.upstream.errors import ConnectFailed, IntegrationTimedOut
from gateway_runtime.upstream.name_servers import Answer, Found, NameServers, NotResolved

logger = logging.getLogger("gateway_runtime.upstream")

_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds until a question is asked again that nobody has answered


class LooksUp(Protocol):
    """Answers where a service is; raises NotResolved."""

    async def look_up(self, discovery: documents.Discovery) -> Answer: ...


class DiscoveredBalancer(Balancer):
    """The places of a service. `targets` are those of the last answer, which holds until `due`."""

    __slots__ = ("_pause", "asking", "discovery", "due")

    def __init__(self, arn: str, document: documents.LoadBalancer, discovery: documents.Discovery) -> None:
        super().__init__(arn, document)
        self.discovery = discovery
        self.due = 0.0
        self.asking: asyncio.Task[None] | None = None
        self._pause = _PAUSE

    def put(self, answer: Answer, now: float) -> None:
        """Go where an answer leads. Targets that were there before keep what is known of their health."""
        before = {(target.host, target.port): target for target in self.targets}
        self.targets = tuple(_target(found, before.get((found.host, found.port))) for found in answer.found)
        self.due, self._pause = now + answer.seconds, _PAUSE

    def wait(self, now: float) -> None:
        """Nobody has answered: what was known stays, and the question is asked again in a while."""
        self.due = now + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def candidates(self, now: float) -> list[Target]:
        """Of the well ones those of the lowest priority (RFC 2782)."""
        well = super().candidates(now)
        lowest = min(target.priority for target in well)
        return [target for target in well if target.priority == lowest]


class Discoverer:
    """Fetches the places of services."""

    def __init__(self, monotonic: Callable[[], float], names: LooksUp | None = None) -> None:
        self._monotonic = monotonic
        self._names = names or NameServers()
        self._tasks: set[asyncio.Task[None]] = set()

    def refresh(self, balancer: DiscoveredBalancer) -> None:
        """Begin to ask where a service is, unless that is known or under way."""
        if balancer.asking is None and self._monotonic() >= balancer.due:
            balancer.asking = task = asyncio.get_running_loop().create_task(self._ask(balancer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def known(self, balancer: DiscoveredBalancer, seconds: float) -> None:
        """Wait until the service has places to call. Raises ConnectFailed or IntegrationTimedOut."""
        if balancer.asking is not None:
            try:
                async with asyncio.timeout(seconds):
                    await asyncio.shield(balancer.asking)
            except TimeoutError:
                raise IntegrationTimedOut(f"{balancer.discovery.name} is being looked up") from None
        if not balancer.targets:
            raise ConnectFailed(f"{balancer.discovery.name} leads nowhere")

    async def _ask(self, balancer: DiscoveredBalancer) -> None:
        try:
            balancer.put(await self._names.look_up(balancer.discovery), self._monotonic())
        except NotResolved as error:
            balancer.wait(self._monotonic())
            logger.warning("the service %s is not found: %s", balancer.arn, error)
        finally:
            balancer.asking = None

    async def aclose(self) -> None:
        await end(self._tasks)


def _target(found: Found, before: Target | None) -> Target:
    target = before or Target(documents.Target(host=found.host, port=found.port))
    # An SRV record of weight 0 is to be called very seldom beside others.
    target.weight, target.share, target.priority = found.weight, max(1, found.weight * 100), found.priority
    return target


def balancer_of(arn: str, document: documents.LoadBalancer) -> Balancer:
    """The kind of balancer that a document asks for."""
    if document.discovery is None:
        return Balancer(arn, document)
    return DiscoveredBalancer(arn, document, document.discovery)
