"""How targets are: what workers told of late, by load balancer."""

from __future__ import annotations

import time
from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import NotFoundException, ServiceUnavailableException
from apps.core import target_health
from apps.core.target_health import BalancerHealth, HealthReport, TargetHealth
from tests.builders import a_caller, ours

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/shop/50dc6c495c0c9188"


def tell(valkey: Any, caller: Caller, worker: str, *targets: TargetHealth, ago: float = 0, arn: str = ARN) -> None:
    report = HealthReport(at=time.time() - ago, balancers=(BalancerHealth(arn=arn, targets=targets),))
    valkey.hset(target_health.key(caller.account_id, caller.region), worker, target_health.encode(report))


def target(port: int, state: str, **members: Any) -> TargetHealth:
    return TargetHealth(host="10.0.0.7", port=port, weight=1, state=state, **members)


@pytest.fixture
def balancer(caller: Caller, valkey: Any) -> str:
    targets = [{"host": "10.0.0.7", "port": 80}, {"host": "10.0.0.7", "port": 81, "weight": 3}]
    ours(caller, "PutLoadBalancer", loadBalancerArn=ARN, targets=targets)
    return ARN


def test_each_worker_is_told_of(caller: Caller, balancer: str, valkey: Any) -> None:
    tell(valkey, caller, "w1", target(80, "healthy", checked=1_790_000_000.0), target(81, "healthy"))
    tell(valkey, caller, "w2", target(80, "unhealthy", error="It answered 503."))
    tell(valkey, caller, "dead", target(80, "healthy"), ago=11)
    valkey.hset(target_health.key(caller.account_id, caller.region), "broken", b"{")

    told = ours(caller, "GetTargetHealth", loadBalancerArn=balancer)

    first, second = told["targets"]
    assert [(one["worker"], one["state"], one.get("lastError")) for one in first["workers"]] == [
        ("w1", "healthy", None),
        ("w2", "unhealthy", "It answered 503."),
    ]
    assert first["workers"][0]["lastCheckDate"].timestamp() == 1_790_000_000
    assert (second["port"], second["weight"], len(second["workers"])) == (81, 3, 1)


def test_targets_that_nobody_has_told_of_are_there_without_workers(caller: Caller, balancer: str) -> None:
    told = ours(caller, "GetTargetHealth", loadBalancerArn=balancer)

    assert [(one["port"], one["workers"]) for one in told["targets"]] == [(80, []), (81, [])]


def test_targets_that_were_taken_away_are_not_told_of(caller: Caller, balancer: str, valkey: Any) -> None:
    tell(valkey, caller, "w1", target(99, "healthy"))

    assert [one["port"] for one in ours(caller, "GetTargetHealth", loadBalancerArn=balancer)["targets"]] == [80, 81]


def test_targets_found_by_dns_are_what_workers_found(caller: Caller, valkey: Any) -> None:
    found = {"name": "shop.internal", "recordType": "A", "port": 80}
    ours(caller, "PutLoadBalancer", loadBalancerArn=ARN, discovery=found)
    tell(valkey, caller, "w1", target(80, "unknown", error="It is not checked."))

    assert [one["port"] for one in ours(caller, "GetTargetHealth", loadBalancerArn=ARN)["targets"]] == [80]


def test_while_redis_is_away_it_says_so(caller: Caller, balancer: str, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"

    with pytest.raises(ServiceUnavailableException):
        ours(caller, "GetTargetHealth", loadBalancerArn=balancer)


def test_load_balancers_of_others_are_unknown(caller: Caller, balancer: str) -> None:
    with pytest.raises(NotFoundException):
        ours(a_caller("999999999999"), "GetTargetHealth", loadBalancerArn=balancer)
