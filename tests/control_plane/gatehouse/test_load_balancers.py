"""Load balancers: what stands for the ARNs that VPC links lead to, and what the data plane is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, LimitExceededException, NotFoundException
from apps.control_plane.gatehouse.load_balancers import MAX_BALANCERS
from apps.control_plane.wire.errors import ValidationException
from apps.core import documents
from apps.core.documents import Discovery, HealthCheck, LinksDocument, Retries, Target
from apps.deployments import publisher
from apps.deployments.models import ConfigurationSection
from apps.vpc_links.models import LoadBalancer
from tests.builders import a_caller, a_rest_api, call, http, ours

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/shop/50dc6c495c0c9188"
TARGET = {"host": "10.0.0.7", "port": 8080}


def published(caller: Caller) -> LinksDocument | None:
    section = ConfigurationSection.objects.filter(
        name=documents.links_section(caller.account_id, caller.region)
    ).first()
    if section is None or section.document is None:
        return None
    found = documents.decode(section.document.body)
    assert isinstance(found, LinksDocument)
    return found


def test_a_load_balancer_is_put_read_replaced_and_deleted(caller: Caller) -> None:
    put = ours(caller, "PutLoadBalancer", loadBalancerArn=ARN, targets=[TARGET])
    assert put == {"loadBalancerArn": ARN, "targets": [{**TARGET, "weight": 1}]}

    check = {"path": "/health", "intervalSeconds": 5}
    both = [{**TARGET, "weight": 3}, {"host": "shop.internal", "port": 80}]
    ours(caller, "PutLoadBalancer", loadBalancerArn=ARN, targets=both, healthCheck=check)

    whole = {
        "path": "/health",
        "intervalSeconds": 5,
        "timeoutSeconds": 5,
        "healthyThreshold": 2,
        "unhealthyThreshold": 2,
    }
    assert ours(caller, "GetLoadBalancer", loadBalancerArn=ARN)["healthCheck"] == whole
    assert len(ours(caller, "ListLoadBalancers")["items"]) == 1
    document = published(caller)
    assert document is not None
    balancer = document.balancers[ARN]
    assert balancer.targets[0] == Target(host="10.0.0.7", port=8080, weight=3)
    assert balancer.health_check == HealthCheck(path="/health", interval_seconds=5)

    ours(caller, "DeleteLoadBalancer", loadBalancerArn=ARN)

    assert published(caller) is None
    with pytest.raises(NotFoundException, match="Invalid load balancer ARN"):
        ours(caller, "GetLoadBalancer", loadBalancerArn=ARN)


def test_calls_that_cannot_connect_may_go_elsewhere(caller: Caller) -> None:
    ours(caller, "PutLoadBalancer", loadBalancerArn=ARN, targets=[TARGET], retries={"attempts": 2})

    assert ours(caller, "GetLoadBalancer", loadBalancerArn=ARN)["retries"] == {"attempts": 2, "budgetPercent": 20}
    document = published(caller)
    assert document is not None
    assert document.balancers[ARN].retries == Retries(attempts=2, budget_percent=20)


def test_a_service_is_found_at_a_name(caller: Caller) -> None:
    service = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-e4anhexample0004"
    discovery = {"name": "_http._tcp.shop.internal", "recordType": "SRV"}

    put = ours(caller, "PutLoadBalancer", loadBalancerArn=service, discovery=discovery)

    assert put == {"loadBalancerArn": service, "targets": [], "discovery": discovery}
    document = published(caller)
    assert document is not None
    assert document.balancers[service].discovery == Discovery(name="_http._tcp.shop.internal", record_type="SRV")
    ours(caller, "PutLoadBalancer", loadBalancerArn=service, targets=[TARGET])
    assert "discovery" not in ours(caller, "GetLoadBalancer", loadBalancerArn=service)


def test_links_of_both_kinds_are_published(caller: Caller) -> None:
    old = call(caller, "CreateVpcLink", name="old", targetArns=[ARN])["id"]
    new = registry.call(caller, "apigatewayv2", "CreateVpcLink", {"Name": "new", "SubnetIds": ["subnet-12345678"]})[
        "VpcLinkId"
    ]

    document = published(caller)
    assert document is not None
    assert document.links == {old: (ARN,), new: ()}

    call(caller, "DeleteVpcLink", vpcLinkId=old)
    registry.call(caller, "apigatewayv2", "DeleteVpcLink", {"VpcLinkId": new})
    assert published(caller) is None


def test_a_link_of_v2_that_a_rest_api_uses_is_not_deleted(caller: Caller) -> None:
    link = registry.call(caller, "apigatewayv2", "CreateVpcLink", {"Name": "new", "SubnetIds": ["subnet-12345678"]})
    members = {"connectionType": "VPC_LINK", "connectionId": link["VpcLinkId"], "integrationTarget": ARN}
    api = a_rest_api(caller, {"/pets": {"GET": http("http://pets.internal/", **members)}})

    with pytest.raises(BadRequestException, match=rf"is referenced in \[{api}:GET:"):
        registry.call(caller, "apigatewayv2", "DeleteVpcLink", {"VpcLinkId": link["VpcLinkId"]})


def test_everything_made_again_has_the_links(caller: Caller) -> None:
    ours(caller, "PutLoadBalancer", loadBalancerArn=ARN, targets=[TARGET])
    ConfigurationSection.objects.all().delete()

    publisher.republish_everything()

    assert published(caller) is not None


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        ({"loadBalancerArn": "shop"}, "ARN is not well formed"),
        ({"targets": []}, "1 to 100 targets"),
        ({"targets": [TARGET, TARGET]}, "twice"),
        ({"targets": [{**TARGET, "weight": 0}]}, "weight above 0"),
        ({"targets": [{**TARGET, "weight": -1}]}, "Invalid weight"),
        ({"targets": [{**TARGET, "port": 0}]}, "Invalid port"),
        ({"targets": [{**TARGET, "host": "a b"}]}, "Invalid host"),
        ({"targets": [{**TARGET, "host": "http://a"}]}, "Invalid host"),
        ({"healthCheck": {"path": "health"}}, "Invalid path"),
        ({"healthCheck": {"path": "/a\r\nX: y"}}, "Invalid path"),
        ({"healthCheck": {"intervalSeconds": 1}}, "Invalid intervalSeconds"),
        ({"healthCheck": {"port": 70_000}}, "Invalid port"),
        ({"retries": {"attempts": 0}}, "Invalid attempts"),
        ({"retries": {"attempts": 4}}, "Invalid attempts"),
        ({"retries": {"budgetPercent": 101}}, "Invalid budgetPercent"),
        ({"discovery": {"name": "a", "recordType": "SRV"}}, "not both"),
        ({"targets": [], "discovery": {"name": "a b", "recordType": "SRV"}}, "Invalid name"),
        ({"targets": [], "discovery": {"name": "a", "recordType": "SRV", "port": 80}}, "comes with its SRV records"),
        ({"targets": [], "discovery": {"name": "a", "recordType": "A"}}, "Invalid port"),
        ({"targets": [], "discovery": {"name": "a", "recordType": "MX"}}, "enum value set"),
    ],
)
def test_what_cannot_be_balanced_is_refused(caller: Caller, request_: dict[str, Any], complaint: str) -> None:
    with pytest.raises((BadRequestException, ValidationException), match=complaint):
        ours(caller, "PutLoadBalancer", **{"loadBalancerArn": ARN, "targets": [TARGET], **request_})


def test_an_account_has_so_many(caller: Caller) -> None:
    LoadBalancer.objects.bulk_create(
        LoadBalancer(account_id=caller.account_id, region=caller.region, arn=f"{ARN}{number}", targets=[TARGET])
        for number in range(MAX_BALANCERS)
    )

    with pytest.raises(LimitExceededException):
        ours(caller, "PutLoadBalancer", loadBalancerArn=ARN, targets=[TARGET])


def test_those_of_another_account_are_unknown(caller: Caller) -> None:
    ours(caller, "PutLoadBalancer", loadBalancerArn=ARN, targets=[TARGET])
    stranger = a_caller("222222222222")

    assert ours(stranger, "ListLoadBalancers") == {"items": []}
    for operation in ("GetLoadBalancer", "DeleteLoadBalancer"):
        with pytest.raises(NotFoundException):
            ours(stranger, operation, loadBalancerArn=ARN)
