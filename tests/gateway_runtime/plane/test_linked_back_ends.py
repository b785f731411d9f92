"""VPC links: calls are spread over the targets that stand for a load balancer, and stay away from those that are unwell."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import documents
from apps.core.documents import HealthCheck, Integration, LinksDocument, LoadBalancer, Retries, Target
from gateway_runtime.upstream.balancing import Balancer
from gateway_runtime.upstream.health_checks import HealthChecks
from tests.gateway_runtime.plane.backend import Answer as AnAnswer
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import PLACE, get, http, http_proxy, post, rest_api, stage
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness

BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/shop/50dc6c495c0c9188"
OTHER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/other/1234567890123456"


def linked(uri: str = "http://shop.internal:8080/pets", link: str = "link01", **members: Any) -> Integration:
    return http_proxy(uri, connection_type="VPC_LINK", connection_id=link, **members)


def links(
    *targets: tuple[int, int],
    check: HealthCheck | None = None,
    link: tuple[str, ...] = (BALANCER,),
    retries: Retries | None = None,
) -> LinksDocument:
    """One link to one load balancer; targets are ports of this machine with their weights."""
    balancer = LoadBalancer(
        targets=tuple(Target(host="127.0.0.1", port=port, weight=weight) for port, weight in targets),
        health_check=check,
        retries=retries,
    )
    return LinksDocument(**PLACE, links={"link01": link}, balancers={BALANCER: balancer})


def closed_port() -> int:
    """Where nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


async def test_calls_go_to_a_target_under_the_name_of_the_uri(gateway: GatewayHarness, backend: Backend) -> None:
    mapped = http("http://shop.internal:8080/mapped", connection_type="VPC_LINK", connection_id="link01")
    gateway.serve(rest_api(get("/pets", linked()), get("/mapped", mapped)), links((backend.port, 1)))

    assert (await gateway.get("/prod/pets?a=1")).status == 200
    assert (await gateway.get("/prod/mapped")).status == 200

    assert [request.target for request in backend.requests] == ["/pets?a=1", "/mapped"]
    assert {request.header("host") for request in backend.requests} == {"shop.internal:8080"}


async def test_a_stage_variable_names_the_link(gateway: GatewayHarness, backend: Backend) -> None:
    route = get("/pets", linked(link="${stageVariables.link}"))
    stages = stage("prod", variables={"link": "link01"}), stage("dev", variables={"link": "nosuch"}), stage("bare")
    gateway.serve(rest_api(route, *stages), links((backend.port, 1)))

    assert [(await gateway.get(f"/{name}/pets")).status for name in ("prod", "dev", "bare")] == [200, 500, 500]


@pytest.mark.parametrize(
    ("link", "target", "status"),
    [
        ((BALANCER,), None, 200),
        ((BALANCER,), BALANCER, 200),
        ((BALANCER,), OTHER, 500),
        ((), BALANCER, 200),
        ((), BALANCER.replace("loadbalancer", "listener") + "/f2f7dc8efc522ab2", 200),
        ((), None, 500),
        ((), OTHER, 500),
        ((OTHER,), None, 500),
    ],
)
async def test_an_integration_may_name_the_load_balancer_itself(
    gateway: GatewayHarness, backend: Backend, link: tuple[str, ...], target: str | None, status: int
) -> None:
    gateway.serve(rest_api(get("/pets", linked(integration_target=target))), links((backend.port, 1), link=link))

    assert (await gateway.get("/prod/pets")).status == status


async def test_calls_are_spread_by_weight(gateway: GatewayHarness) -> None:
    async with Backend() as one, Backend() as two, Backend() as none:
        gateway.serve(rest_api(get("/pets", linked())), links((one.port, 3), (two.port, 1), (none.port, 0)))

        for _ in range(40):
            assert (await gateway.get("/prod/pets")).status == 200

        assert (len(one.requests), len(two.requests), len(none.requests)) == (30, 10, 0)


async def test_another_target_acts_at_once_and_health_outlives_other_changes(gateway: GatewayHarness) -> None:
    async with Backend() as one, Backend() as two:
        gateway.serve(rest_api(get("/pets", linked())), links((one.port, 1)))
        await gateway.get("/prod/pets")
        gateway.serve(links((two.port, 1)))
        await gateway.get("/prod/pets")

        assert (len(one.requests), len(two.requests)) == (1, 1)
        before = list(gateway.current.snapshot.links.balancers())
        gateway.serve(documents.AccountDocument(**PLACE, throttle=documents.Throttle(rate=10, burst=10)))
        gateway.serve(LinksDocument(**PLACE, links={"more01": ()}, balancers={BALANCER: before[0].document}))
        assert list(gateway.current.snapshot.links.balancers()) == before


async def test_a_target_that_cannot_be_reached_is_left_out_for_a_while(
    gateway: GatewayHarness, backend: Backend, clock: FakeClock
) -> None:
    gateway.serve(rest_api(get("/pets", linked())), links((backend.port, 1), (closed_port(), 1)))

    first = Counter([(await gateway.get("/prod/pets")).status for _ in range(20)])
    clock.pass_seconds(5.1)
    second = Counter([(await gateway.get("/prod/pets")).status for _ in range(20)])
    third = Counter([(await gateway.get("/prod/pets")).status for _ in range(20)])

    assert first == {200: 17, 504: 3}
    assert second == {200: 19, 504: 1}  # one call finds out
    assert third == {200: 20}


async def test_where_no_target_is_well_all_are_tried(
    gateway: GatewayHarness, backend: Backend, clock: FakeClock
) -> None:
    gateway.serve(rest_api(get("/pets", linked())), links((backend.port, 1)))
    for balancer in gateway.current.snapshot.links.balancers():
        balancer.targets[0].sound = False

    assert (await gateway.get("/prod/pets")).status == 200


async def test_health_checks_find_who_is_unwell_and_well_again(
    gateway: GatewayHarness, backend: Backend, clock: FakeClock
) -> None:
    check = HealthCheck(path="/health", healthy_threshold=2, unhealthy_threshold=3, interval_seconds=10)
    async with Backend() as sick:
        gateway.serve(rest_api(get("/pets", linked())), links((backend.port, 1), (sick.port, 1), check=check))
        checks = HealthChecks(lambda: gateway.current.snapshot.links.balancers(), gateway.pool, clock.monotonic)

        async def checked(times: int) -> list[bool]:
            for _ in range(times):
                await asyncio.gather(*checks.begin_due())
                clock.pass_seconds(10)
            (balancer,) = gateway.current.snapshot.links.balancers()
            return [target.sound for target in balancer.targets]

        sick.answers(503)
        assert await checked(2) == [True, True]
        assert await checked(1) == [True, False]
        begun = checks.begin_due()
        assert len(begun) == 2
        assert checks.begin_due() == []  # not before the interval has passed
        await asyncio.gather(*begun)
        sick.answers(204)
        clock.pass_seconds(10)
        assert await checked(1) == [True, False]
        assert await checked(2) == [True, True]

    assert backend.requests[0].target == "/health"


async def test_a_check_without_a_path_only_connects(
    gateway: GatewayHarness, backend: Backend, clock: FakeClock
) -> None:
    check = HealthCheck(healthy_threshold=1, unhealthy_threshold=1, timeout_seconds=2)
    gateway.serve(rest_api(get("/pets", linked())), links((backend.port, 1), (closed_port(), 1), check=check))
    checks = HealthChecks(lambda: gateway.current.snapshot.links.balancers(), gateway.pool, clock.monotonic)

    await asyncio.gather(*checks.begin_due())

    (balancer,) = gateway.current.snapshot.links.balancers()
    assert [target.sound for target in balancer.targets] == [True, False]
    assert backend.requests == []


async def test_a_link_is_only_for_http(gateway: GatewayHarness) -> None:
    mock = Integration(type="MOCK", connection_type="VPC_LINK", connection_id="link01")
    gateway.serve(rest_api(get("/pets", mock)))

    assert (await gateway.get("/prod/pets")).status == 501


@given(st.lists(st.integers(0, 20), min_size=1, max_size=6).filter(any))
def test_turns_follow_the_weights_exactly(weights: list[int]) -> None:
    targets = tuple(Target(host="a", port=port + 1, weight=weight) for port, weight in enumerate(weights))
    balancer = Balancer(BALANCER, LoadBalancer(targets=targets))

    taken = Counter(balancer.choose(0.0).port for _ in range(sum(weights)))

    assert taken == {port + 1: weight for port, weight in enumerate(weights) if weight}


# Calls that cannot connect ------------------------------------------------------------------------------

ONCE_MORE = Retries(attempts=1)


@pytest.mark.parametrize("size", [0, 1_000, 200_000])
async def test_a_call_that_cannot_connect_goes_to_another_target_whatever_its_method(
    gateway: GatewayHarness, backend: Backend, size: int
) -> None:
    gateway.serve(rest_api(post("/pets", linked())), links((closed_port(), 1), (backend.port, 1), retries=ONCE_MORE))
    bodies = [bytes([65 + turn]) * size for turn in range(6)]

    statuses = [(await gateway.post("/prod/pets", body)).status for body in bodies]

    assert statuses == [200] * 6
    assert [request.body for request in backend.requests] == bodies  # each once, and whole


async def test_a_back_end_that_dies_costs_no_call(gateway: GatewayHarness, backend: Backend) -> None:
    async with Backend() as dying:
        gateway.serve(rest_api(get("/pets", linked())), links((dying.port, 1), (backend.port, 1), retries=ONCE_MORE))
        before = [(await gateway.get("/prod/pets")).status for _ in range(4)]
        served = len(dying.requests)

    after = [(await gateway.get("/prod/pets")).status for _ in range(20)]

    assert (served, before, after) == (2, [200] * 4, [200] * 20)
    assert len(backend.requests) == 22


async def test_a_call_that_was_sent_goes_nowhere_else(gateway: GatewayHarness, backend: Backend) -> None:
    async with Backend() as silent:
        silent.answer = AnAnswer(raw=b"", close=True)
        gateway.serve(rest_api(post("/pets", linked())), links((silent.port, 9), (backend.port, 1), retries=ONCE_MORE))

        assert (await gateway.post("/prod/pets", b"an order")).status == 504
        assert (len(silent.requests), len(backend.requests)) == (1, 0)


@pytest.mark.parametrize(("attempts", "status"), [(1, 504), (2, 200)])
async def test_so_many_others_are_tried_and_no_more(
    gateway: GatewayHarness, backend: Backend, attempts: int, status: int
) -> None:
    targets = (closed_port(), 1_000), (closed_port(), 900), (backend.port, 1)
    gateway.serve(rest_api(get("/pets", linked())), links(*targets, retries=Retries(attempts=attempts)))

    assert (await gateway.get("/prod/pets")).status == status


async def test_a_call_with_no_other_target_fails_as_ever(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", linked())), links((closed_port(), 1), retries=Retries(attempts=3)))

    assert (await gateway.get("/prod/pets")).status == 504


def test_trying_again_is_a_share_of_the_calls_once_what_was_saved_is_spent() -> None:
    targets = tuple(Target(host="a", port=port) for port in (1, 2))
    balancer = Balancer(BALANCER, LoadBalancer(targets=targets, retries=Retries(attempts=1, budget_percent=10)))

    again = [balancer.choose_again(0.0, (balancer.choose(0.0),)) is not None for _ in range(210)]

    assert again[:10] == [True] * 10
    assert sum(again) == 10 + 20


def test_targets_that_are_well_are_tried_before_others() -> None:
    targets = tuple(Target(host="a", port=port) for port in (1, 2, 3))
    balancer = Balancer(BALANCER, LoadBalancer(targets=targets, retries=Retries(attempts=3)))
    first, second, third = balancer.targets
    second.sound = False

    assert balancer.choose_again(0.0, (first,)) is third
    assert balancer.choose_again(0.0, (first, third)) is second
    assert balancer.choose_again(0.0, (first, second, third)) is None
