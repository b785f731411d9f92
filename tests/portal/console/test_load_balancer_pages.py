"""Load balancers on the console: targets or a name in DNS, and how they are."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.core import target_health
from apps.core.target_health import BalancerHealth, HealthReport, TargetHealth
from tests.builders import call
from tests.portal.console.reading import text, words

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/shop/50dc6c495c0c9188"


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def stands(caller: Caller) -> dict[str, Any]:
    return registry.call(caller, "gatehouse", "GetLoadBalancer", {"loadBalancerArn": ARN})


@pytest.fixture
def told(caller: Caller, valkey: Any) -> None:
    """Two targets, one of which one of two workers cannot reach."""
    targets = [{"host": "10.0.0.7", "port": 80}, {"host": "10.0.0.8", "port": 80, "weight": 5}]
    request = {"loadBalancerArn": ARN, "targets": targets, "healthCheck": {"path": "/health"}}
    registry.call(caller, "gatehouse", "PutLoadBalancer", request)
    for worker, state, error in (("w1", "healthy", ""), ("w2", "unhealthy", "It answered 503.")):
        well = TargetHealth(host="10.0.0.7", port=80, weight=1, state="healthy", checked=time.time())
        other = TargetHealth(host="10.0.0.8", port=80, weight=5, state=state, error=error)
        report = HealthReport(at=time.time(), balancers=(BalancerHealth(arn=ARN, targets=(well, other)),))
        valkey.hset(target_health.key(caller.account_id, caller.region), worker, target_health.encode(report))


def test_health_is_told_as_each_worker_sees_it(owner: Client, told: None) -> None:
    page = owner.get(url("load_balancer", ARN))

    assert "10.0.0.7:80 healthy 1 " in words(page)
    assert "10.0.0.8:80 healthy · 1 worker unhealthy · 1 worker 5 – It answered 503." in words(page)
    assert 'id="health" data-live' in text(page)
    assert "1 of 2 unhealthy" in words(owner.get(url("load_balancers")))


def test_a_vpc_link_shows_the_same(owner: Client, caller: Caller, told: None) -> None:
    link = call(caller, "CreateVpcLink", name="shop", targetArns=[ARN])["id"]

    assert "It answered 503." in words(owner.get(url("vpc_link", link)))


def test_what_stands_for_an_arn_is_made_changed_and_deleted(owner: Client, caller: Caller, valkey: Any) -> None:
    made = owner.post(
        url("create_load_balancer"), {"arn": ARN, "targets": "10.0.0.5:80 2", "interval": "10"}, follow=True
    )
    assert "Calls go to the targets from now on." in words(made)
    assert "10.0.0.5:80 unknown 2" in words(made)

    given = {
        "dns_name": "_http._tcp.shop.internal",
        "dns_type": "SRV",
        "check": "path",
        "path": "/health",
        "interval": "20",
        "attempts": "2",
    }
    owner.post(url("load_balancer", ARN), given)
    assert stands(caller)["discovery"] == {"name": "_http._tcp.shop.internal", "recordType": "SRV"}
    assert stands(caller)["healthCheck"]["intervalSeconds"] == 20
    assert stands(caller)["retries"] == {"attempts": 2, "budgetPercent": 20}
    assert "_http._tcp.shop.internal SRV" in words(owner.get(url("load_balancers")))

    asked = owner.post(url("delete_load_balancer", ARN))
    assert "Type 50dc6c495c0c9188 to confirm" in words(asked)
    owner.post(url("delete_load_balancer", ARN), {"confirmation": "50dc6c495c0c9188"})
    assert "No load balancer yet" in words(owner.get(url("load_balancers")))


def as_the_form_has_it(page: Any) -> dict[str, str]:
    """What a browser sends when the form of targets is saved as it is."""
    form = page.context["form"]
    return {name: form[name].field.prepare_value(form[name].value()) or "" for name in form.fields}


@pytest.mark.parametrize("view", ["load_balancer", "vpc_link"])
@pytest.mark.parametrize(
    "standing",
    [
        {"discovery": {"name": "_http._tcp.shop.internal", "recordType": "SRV"}},
        {"discovery": {"name": "shop.internal", "recordType": "A", "port": 8080}},
        {"targets": [{"host": "10.0.0.5", "port": 80, "weight": 1}]},
    ],
)
@pytest.mark.parametrize("check", [{}, {"timeoutSeconds": 2, "port": 9000}, {"path": "/up", "healthyThreshold": 3}])
@pytest.mark.parametrize("retries", [{}, {"attempts": 3, "budgetPercent": 50}])
def test_saving_what_stands_there_as_it_is_changes_nothing(
    owner: Client,
    caller: Caller,
    valkey: Any,
    view: str,
    standing: dict[str, Any],
    check: dict[str, Any],
    retries: dict[str, Any],
) -> None:
    link = call(caller, "CreateVpcLink", name="shop", targetArns=[ARN])["id"]
    at = url(view, ARN if view == "load_balancer" else link)
    request = {"loadBalancerArn": ARN, **standing, **({"healthCheck": check} if check else {})}
    request |= {"retries": retries} if retries else {}
    before = registry.call(caller, "gatehouse", "PutLoadBalancer", request)

    answer = owner.post(at, as_the_form_has_it(owner.get(at)))

    assert answer.status_code == 302
    assert stands(caller) == before


def test_a_name_in_dns_gives_way_to_targets_and_is_listed_until_then(
    owner: Client, caller: Caller, valkey: Any
) -> None:
    call(caller, "CreateVpcLink", name="shop", targetArns=[ARN])
    found = {"name": "shop.internal", "recordType": "A", "port": 80}
    registry.call(caller, "gatehouse", "PutLoadBalancer", {"loadBalancerArn": ARN, "discovery": found})
    assert "shop.internal" in words(owner.get(url("vpc_links")))

    owner.post(url("load_balancer", ARN), {"targets": "10.0.0.5:80", "dns_type": "A", "dns_port": "80"})

    assert "discovery" not in stands(caller)


@pytest.mark.parametrize(
    "given",
    [
        {"arn": "nowhere", "targets": "a:1"},
        {"arn": ARN},
        {"arn": ARN, "targets": "a:1", "dns_name": "b"},
        {"arn": ARN, "dns_name": "b", "dns_type": "A"},
        {"arn": ARN, "targets": "a:1", "check": "path"},
    ],
)
def test_what_stands_for_nothing_comes_back(owner: Client, given: dict[str, str]) -> None:
    answer = owner.post(url("create_load_balancer"), {"interval": "10", "dns_type": "SRV", **given})

    assert answer.status_code == 422


def test_while_redis_is_away_the_page_says_so(owner: Client, told: None, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"

    assert "cannot be read now" in words(owner.get(url("load_balancer", ARN)))


def test_viewers_change_nothing_and_strangers_see_nothing(viewer: Client, owner: Client, told: None) -> None:
    assert "Save targets" not in text(viewer.get(url("load_balancer", ARN)))
    assert viewer.post(url("load_balancer", ARN), {"targets": "10.0.0.5:80", "interval": "10"}).status_code == 403
    assert owner.get(url("load_balancer", ARN + "0")).status_code == 404
