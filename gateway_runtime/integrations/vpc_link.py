"""VPC links: calls of an integration go to the targets that stand for a load balancer, under the name that its URI has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.target import with_stage_variables
from gateway_runtime.metrics import METRICS
from gateway_runtime.snapshot.stage import Misconfigured
from gateway_runtime.upstream.balancing import Balancer, Target
from gateway_runtime.upstream.discovery import DiscoveredBalancer
from gateway_runtime.upstream.errors import ConnectFailed, IntegrationTimedOut
from gateway_runtime.upstream.origin import Origin
from gateway_runtime.upstream.response import UpstreamResponse

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite

_again = METRICS.counter("gatehouse_upstream_retries_total", "Calls sent to another target, for they could not connect")


class Destination(NamedTuple):
    """Where one call goes. `target` is the one of a load balancer's; None for a call that needs no link, and for one that has to
    wait until a service is found: `found` waits for so many seconds. `another` is where it goes if it cannot connect there, None for
    nowhere; a call that is never sent elsewhere has none."""

    origin: Origin
    target: Target | None = None
    found: Callable[[float], Awaitable[Destination]] | None = None
    another: Callable[[], Destination | None] | None = None

    async def told(self, answer: Awaitable[UpstreamResponse], monotonic: Callable[[], float]) -> UpstreamResponse:
        """The answer; the target is told whether the call reached it."""
        assert self.target is not None
        try:
            found = await answer
        except (ConnectFailed, IntegrationTimedOut):
            self.target.missed(monotonic())
            raise
        self.target.reached()
        return found


def compile_destination(site: MethodSite, origin: Origin) -> Callable[[Exchange], Destination]:
    """A function from a request to where its call goes: for connections by the internet, always to the URI's origin."""
    integration = site.method.integration
    if integration.connection_type == "INTERNET":
        direct = Destination(origin)
        return lambda exchange: direct
    if not integration.connection_id:
        raise Misconfigured("the integration names no VPC link")
    link_id = with_stage_variables(integration.connection_id, site)
    arn = with_stage_variables(integration.integration_target, site) if integration.integration_target else None
    account_id, region = site.stage.account_id, site.stage.region
    monotonic = site.services.clock.monotonic
    discoverer = site.services.discoverer
    # To the target the URI's host is only a name: in `Host`, and where certificates are verified.
    named = origin._replace(named=origin.authority.decode("ascii"), server_name=origin.server_name or origin.host)

    def choose(exchange: Exchange) -> Destination:
        try:
            balancer = exchange.snapshot.links.find(account_id, region, link_id, arn)
        except LookupError as error:
            raise GatewayError("API_CONFIGURATION_ERROR", detail=str(error)) from None
        if isinstance(balancer, DiscoveredBalancer):
            discoverer.refresh(balancer)
            if not balancer.targets:
                return Destination(named, found=partial(found, balancer))
        return towards(balancer)

    def towards(balancer: Balancer) -> Destination:
        return to(balancer, balancer.choose(monotonic()), ())

    def to(balancer: Balancer, target: Target, tried: tuple[Target, ...]) -> Destination:
        origin = named._replace(host=target.host, port=target.port)
        if balancer.document.retries is None:
            return Destination(origin, target)
        return Destination(origin, target, another=partial(another, balancer, (*tried, target)))

    def another(balancer: Balancer, tried: tuple[Target, ...]) -> Destination | None:
        target = balancer.choose_again(monotonic(), tried)
        if target is None:
            return None
        METRICS.values[_again] += 1
        return to(balancer, target, tried)

    async def found(balancer: DiscoveredBalancer, seconds: float) -> Destination:
        await discoverer.known(balancer, seconds)
        return towards(balancer)

    return choose
