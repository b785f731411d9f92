"""Canary releases: a second deployment of a stage that takes a share of its requests."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from apps.core.documents import AnyDocument, CanaryRelease
from gateway_runtime.stores.access_logs import FileAccessLogs
from tests.gateway_runtime.plane.builders import account, get, mock, rest_api, stage
from tests.gateway_runtime.plane.harness import GatewayHarness

LINE = "$context.deploymentId $context.isCanaryRequest"


@dataclass
class Dice:
    """The chances that requests draw, one after another."""

    values: list[float]

    def __call__(self) -> float:
        return self.values.pop(0)


def released(percent: float, **members: object) -> tuple[AnyDocument, ...]:
    """A stage whose canary has /new beside /pets."""
    canary = CanaryRelease(deployment_id="dep002", percent_traffic=percent, **members)  # type: ignore[arg-type]
    pets = mock(200, "$stageVariables.colour")
    at_first = rest_api(get("/pets", pets), stage("prod", variables={"colour": "blue"}, log=LINE, canary=canary))
    later = rest_api(get("/pets", pets), get("/new", mock(200, "new")), deployment_id="dep002")
    return (*at_first.documents(), later.documents()[0])


async def answers(gateway: GatewayHarness, path: str = "/prod/pets", times: int = 1) -> list[bytes]:
    return [(await gateway.get(path)).body for _ in range(times)]


async def test_a_canary_takes_the_requests_that_draw_less_than_its_share(gateway: GatewayHarness) -> None:
    gateway.services = replace(gateway.services, chance=Dice([0.0, 0.2499, 0.25, 0.9999]))
    gateway.serve(*released(25.0, stage_variable_overrides={"colour": "green"}))

    assert await answers(gateway, times=4) == [b"green", b"green", b"blue", b"blue"]


async def test_the_share_is_kept_over_many_requests(gateway: GatewayHarness) -> None:
    gateway.serve(*released(30.0, stage_variable_overrides={"colour": "green"}))

    taken = (await answers(gateway, times=2000)).count(b"green")

    assert 480 < taken < 720  # six standard deviations on either side


@pytest.mark.parametrize(("percent", "body"), [(100.0, b"green")])
async def test_all_requests_may_go_to_the_canary(gateway: GatewayHarness, percent: float, body: bytes) -> None:
    gateway.serve(*released(percent, stage_variable_overrides={"colour": "green"}))

    assert set(await answers(gateway, times=50)) == {body}


async def test_variables_that_are_not_overridden_are_the_stage_s(gateway: GatewayHarness) -> None:
    gateway.serve(*released(100.0, stage_variable_overrides={"other": "1"}))

    assert await answers(gateway) == [b"blue"]


async def test_a_resource_of_the_canary_alone_is_found_by_its_requests_alone(gateway: GatewayHarness) -> None:
    gateway.services = replace(gateway.services, chance=Dice([0.1, 0.9, 0.1]))
    gateway.serve(*released(50.0))

    assert [(await gateway.get("/prod/new")).status for _ in range(3)] == [200, 403, 200]


async def test_each_answer_tells_the_deployment_that_gave_it(gateway: GatewayHarness) -> None:
    gateway.services = replace(gateway.services, chance=Dice([0.1, 0.9]))
    gateway.serve(*released(50.0))

    found = [(await gateway.get("/prod/pets")).header("x-gatehouse-deployment") for _ in range(2)]

    assert found == ["dep002", "dep001"]


async def test_a_canary_logs_apart_and_says_that_it_is_one(gateway: GatewayHarness) -> None:
    gateway.services = replace(gateway.services, chance=Dice([0.1, 0.9]))
    gateway.serve(*released(50.0))

    await answers(gateway, times=2)

    assert gateway.logs.by_stage == {"prod/Canary": ["dep002 true\n"], "prod": ["dep001 false\n"]}


def test_a_canary_s_log_is_a_file_below_its_stage(tmp_path) -> None:  # type: ignore[no-untyped-def]
    logs = FileAccessLogs(tmp_path)
    logs.start()
    logs.write("a1b2c3d4e5", "prod/Canary", "line\n")
    logs.write("a1b2c3d4e5", "../prod", "line\n")
    logs.close()

    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.log")] == ["a1b2c3d4e5/prod/Canary.log"]


async def test_a_canary_and_its_stage_share_their_throttle(gateway: GatewayHarness) -> None:
    gateway.services = replace(gateway.services, chance=Dice([0.1, 0.9, 0.1]))
    gateway.serve(*released(50.0), account(0.001, 2))

    assert [(await gateway.get("/prod/pets")).status for _ in range(3)] == [200, 200, 429]


async def test_a_stage_whose_canary_has_no_deployment_keeps_what_it_had(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", mock(200, "before"))))

    gateway.serve(*released(100.0)[:-1])

    assert await answers(gateway) == [b"before"]


async def test_removing_the_canary_gives_its_requests_back(gateway: GatewayHarness) -> None:
    gateway.serve(*released(100.0))
    assert (await gateway.get("/prod/new")).status == 200

    gateway.serve(rest_api(get("/pets", mock(200, "alone"))))

    assert await answers(gateway) == [b"alone"]
    assert (await gateway.get("/prod/new")).status == 403


async def test_what_a_canary_answers_is_counted_as_its_own(gateway: GatewayHarness) -> None:
    gateway.services = replace(gateway.services, chance=Dice([0.0, 0.9, 0.0]))
    gateway.serve(*released(50.0))

    for path in ("/prod/pets", "/prod/pets", "/prod/nothing"):
        await gateway.get(path)

    assert [(label.resource, label.canary) for label, _, _ in gateway.meter.answers] == [
        ("/pets", True),
        ("/pets", False),
        ("", True),
    ]
