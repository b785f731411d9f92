"""Services of Cloud Map that a private integration names: found by DNS, kept as long as their records say, and never waited for twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.documents import Discovery, HealthCheck, LinksDocument, LoadBalancer
from gateway_runtime.upstream.balancing import Balancer
from gateway_runtime.upstream.discovery import DiscoveredBalancer, Discoverer
from gateway_runtime.upstream.name_servers import Answer, Found, NameServers, NotResolved
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import PLACE
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness
from tests.gateway_runtime.plane.http_apis import HOST, http_api, proxy, route
from tests.gateway_runtime.plane.name_server import NameServer

SERVICE = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-e4anhexample0004"
SRV = Discovery(name="_http._tcp.shop.internal", record_type="SRV")


@pytest.fixture
async def names() -> AsyncIterator[NameServer]:
    async with NameServer() as server:
        yield server


@pytest.fixture
def served(gateway: GatewayHarness, names: NameServer, clock: FakeClock) -> GatewayHarness:
    """A gateway that asks the little name server."""
    discoverer = Discoverer(clock.monotonic, NameServers([names.address]))
    gateway.services = replace(gateway.services, discoverer=discoverer)
    return gateway


def serve(gateway: GatewayHarness, discovery: Discovery = SRV, **members: Any) -> None:
    integration = proxy(SERVICE, connection_type="VPC_LINK", connection_id="link01", **members)
    balancer = LoadBalancer(targets=(), discovery=discovery)
    links = LinksDocument(**PLACE, links={"link01": ()}, balancers={SERVICE: balancer})
    gateway.serve(*http_api(route("ANY /{proxy+}", integration), stage="prod"), links)


async def status(gateway: GatewayHarness) -> int:
    return (await gateway.call("GET", "/prod/pets", host=HOST)).status


def balancer_in(gateway: GatewayHarness) -> DiscoveredBalancer:
    found = gateway.current.snapshot.links.find(PLACE["account_id"], PLACE["region"], "link01", SERVICE)
    assert isinstance(found, DiscoveredBalancer)
    return found


async def looked_up(gateway: GatewayHarness) -> None:
    """The question that is under way is answered."""
    asking = balancer_in(gateway).asking
    if asking is not None:
        await asking


async def test_srv_records_say_host_and_port(served: GatewayHarness, names: NameServer, backend: Backend) -> None:
    names.says("_http._tcp.shop.internal", "SRV", f"0 1 {backend.port} one.shop.internal.")
    names.says("one.shop.internal", "A", "127.0.0.1")
    serve(served)

    assert await status(served) == 200
    assert [request.target for request in backend.requests] == ["/prod/pets"]


async def test_addresses_go_with_the_port_that_is_set(
    served: GatewayHarness, names: NameServer, backend: Backend
) -> None:
    names.says("shop.internal", "A", "127.0.0.1")
    serve(served, Discovery(name="shop.internal", record_type="A", port=backend.port))

    assert await status(served) == 200
    assert sorted(names.asked) == [("shop.internal", "A"), ("shop.internal", "AAAA")]


async def test_an_answer_holds_as_long_as_it_says_and_serves_while_it_is_renewed(
    served: GatewayHarness, names: NameServer, clock: FakeClock
) -> None:
    async with Backend() as old, Backend() as new:
        discovery = Discovery(name="_http._tcp.shop.internal", record_type="SRV")
        names.says("_http._tcp.shop.internal", "SRV", f"0 1 {old.port} shop.internal.", ttl=30)
        names.says("shop.internal", "A", "127.0.0.1")
        serve(served, discovery)
        assert [await status(served) for _ in range(3)] == [200, 200, 200]
        questions = len(names.asked)
        names.says("_http._tcp.shop.internal", "SRV", f"0 1 {new.port} shop.internal.", ttl=30)

        clock.pass_seconds(29)
        assert await status(served) == 200
        assert len(names.asked) == questions
        clock.pass_seconds(2)
        assert await status(served) == 200, "this one asks, and goes where the last answer led"
        await looked_up(served)
        assert await status(served) == 200

        assert (len(old.requests), len(new.requests)) == (5, 1)


async def test_many_first_requests_ask_one_question(
    served: GatewayHarness, names: NameServer, backend: Backend
) -> None:
    names.says("_http._tcp.shop.internal", "SRV", f"0 1 {backend.port} shop.internal.")
    names.says("shop.internal", "A", "127.0.0.1")
    serve(served)

    assert await asyncio.gather(*(status(served) for _ in range(8))) == [200] * 8
    assert [kind for _, kind in names.asked].count("SRV") == 1


async def test_the_lowest_priority_is_called_until_none_of_it_is_reached(
    served: GatewayHarness, names: NameServer, backend: Backend
) -> None:
    names.says(
        "_http._tcp.shop.internal", "SRV", "0 1 1 dead.internal.", f"5 1 {backend.port} spare.internal.", ttl=300
    )
    for host in ("dead.internal", "spare.internal"):
        names.says(host, "A", "127.0.0.1")
    serve(served)

    assert [await status(served) for _ in range(5)] == [503, 503, 503, 200, 200]


async def test_turns_follow_the_weights(served: GatewayHarness, names: NameServer) -> None:
    async with Backend() as heavy, Backend() as light:
        names.says("_http._tcp.shop.internal", "SRV", f"0 3 {heavy.port} a.internal.", f"0 1 {light.port} b.internal.")
        for host in ("a.internal", "b.internal"):
            names.says(host, "A", "127.0.0.1")
        serve(served)

        for _ in range(8):
            assert await status(served) == 200

        assert (len(heavy.requests), len(light.requests)) == (6, 2)
        assert sorted(target.weight for target in balancer_in(served).targets) == [1, 3]


@pytest.mark.parametrize("records", [None, (), ("0 0 80 .",)])
async def test_a_service_without_places_is_unavailable(
    served: GatewayHarness, names: NameServer, records: tuple[str, ...] | None
) -> None:
    if records is not None:
        names.says("_http._tcp.shop.internal", "SRV", *records)
    serve(served)

    answer = await served.call("GET", "/prod/pets", host=HOST)

    assert (answer.status, answer.json()) == (503, {"message": "Service Unavailable"})


async def test_what_was_known_serves_on_while_no_name_server_answers(
    served: GatewayHarness, names: NameServer, backend: Backend, clock: FakeClock
) -> None:
    names.says("_http._tcp.shop.internal", "SRV", f"0 1 {backend.port} shop.internal.", ttl=5)
    names.says("shop.internal", "A", "127.0.0.1", ttl=5)
    serve(served)
    assert await status(served) == 200
    names.code = dns.rcode.SERVFAIL

    clock.pass_seconds(6)
    assert await status(served) == 200
    await looked_up(served)
    assert await status(served) == 200
    questions = len(names.asked)
    assert await status(served) == 200
    assert len(names.asked) == questions, "it is asked again in a second, not at every request"


async def test_a_service_that_is_looked_up_too_long_is_late(served: GatewayHarness, names: NameServer) -> None:
    names.silent = True
    serve(served, timeout_in_millis=50)

    assert await status(served) == 503


async def test_a_service_that_disappears_is_no_longer_called(
    served: GatewayHarness, names: NameServer, backend: Backend, clock: FakeClock
) -> None:
    names.says("_http._tcp.shop.internal", "SRV", f"0 1 {backend.port} shop.internal.", ttl=5)
    names.says("shop.internal", "A", "127.0.0.1")
    serve(served)
    assert await status(served) == 200
    names.records.clear()

    clock.pass_seconds(6)
    await status(served)
    await looked_up(served)

    assert await status(served) == 503


async def test_one_host_without_address_does_not_take_the_others_away(names: NameServer) -> None:
    names.says("_http._tcp.shop.internal", "SRV", "0 1 80 gone.internal.", "0 1 81 here.internal.", ttl=60)
    names.says("here.internal", "A", "127.0.0.1")

    answer = await NameServers([names.address]).look_up(SRV)

    assert answer == Answer((Found("127.0.0.1", 81),), 5.0)


async def test_nobody_answering_is_told(names: NameServer) -> None:
    names.code = dns.rcode.REFUSED

    with pytest.raises(NotResolved):
        await NameServers([names.address]).look_up(SRV)


@given(
    st.lists(
        st.builds(
            Found, st.ip_addresses(v=4).map(str), st.integers(1, 65_535), st.integers(0, 3), st.integers(0, 65_535)
        ),
        min_size=1,
        max_size=9,
        unique_by=lambda found: (found.host, found.port),
    )
)
def test_a_target_of_the_lowest_priority_is_chosen_whatever_the_records(found: list[Found]) -> None:
    balancer = DiscoveredBalancer(SERVICE, LoadBalancer(targets=(), health_check=HealthCheck(), discovery=SRV), SRV)

    balancer.put(Answer(tuple(found), 60), 0.0)

    lowest = min(place.priority for place in found)
    chosen = [balancer.choose(0.0) for _ in range(20)]
    assert {target.priority for target in chosen} == {lowest}
    kept = balancer.targets
    balancer.put(Answer(tuple(found), 60), 1.0)
    assert balancer.targets == kept, "what is known of a target's health stays"
    assert isinstance(balancer, Balancer)
