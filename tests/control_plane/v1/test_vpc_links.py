"""VPC links: made at once, PENDING for a moment, and kept while something uses them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, LimitExceededException
from apps.deployments.models import Deployment
from tests.builders import a_rest_api, a_stage, call, http

TARGET = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/pets/50dc6c495c0c9188"


def a_link(caller: Caller, **members: Any) -> dict[str, Any]:
    return call(caller, "CreateVpcLink", **{"name": "pets", "targetArns": [TARGET], **members})


def an_api_behind(caller: Caller, connection_id: str) -> str:
    private = http("http://pets.internal/", connectionType="VPC_LINK", connectionId=connection_id)
    return a_rest_api(caller, {"/pets": {"GET": private}})


def test_a_link_is_pending_and_then_available(caller: Caller) -> None:
    with time_machine.travel("2026-03-04T05:06:07Z", tick=False) as clock:
        link = a_link(caller)
        assert link["status"] == "PENDING"
        clock.shift(1)
        assert call(caller, "GetVpcLink", vpcLinkId=link["id"]) == {**link, "status": "AVAILABLE"}


def test_it_is_renamed_listed_tagged_and_deleted_over_the_wire(aws: Callable[..., Any]) -> None:
    client = aws()
    links = [
        client.create_vpc_link(name=name, description="d", targetArns=[TARGET], tags={"team": name})["id"]
        for name in ("a", "b")
    ]

    patches = [{"op": "replace", "path": "/name", "value": "c"}, {"op": "replace", "path": "/description", "value": ""}]
    renamed = client.update_vpc_link(vpcLinkId=links[0], patchOperations=patches)
    assert (renamed["name"], "description" in renamed, renamed["targetArns"]) == ("c", False, [TARGET])
    pages = client.get_paginator("get_vpc_links").paginate(PaginationConfig={"PageSize": 1})
    assert [item["id"] for page in pages for item in page["items"]] == links
    assert client.get_tags(resourceArn=f"arn:aws:apigateway:us-east-1::/vpclinks/{links[1]}")["tags"] == {"team": "b"}
    for link in links:
        client.delete_vpc_link(vpcLinkId=link)
    assert client.get_vpc_links()["items"] == []


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([], "No target arn specified"),
        ([TARGET, TARGET], "More than one target arn specified for vpc link."),
        ([TARGET.replace("/net/", "/app/")], "Invalid ARN. ARN is not of a network load balancer"),
    ],
)
def test_a_link_has_one_network_load_balancer(caller: Caller, targets: list[str], message: str) -> None:
    with pytest.raises(BadRequestException, match=message):
        a_link(caller, targetArns=targets)


@pytest.mark.parametrize("path", ["/targetArns", "/targetArns/0"])
def test_targets_never_change(caller: Caller, path: str) -> None:
    patch = {"op": "add", "path": path, "value": TARGET}

    with pytest.raises(BadRequestException, match=r"Target arns are not allowed to be changed/added\."):
        call(caller, "UpdateVpcLink", vpcLinkId=a_link(caller)["id"], patchOperations=[patch])


def test_a_link_that_an_integration_uses_is_not_deleted(caller: Caller) -> None:
    link = a_link(caller)["id"]
    api = an_api_behind(caller, link)
    resource = call(caller, "GetResources", restApiId=api)["items"][1]["id"]

    with pytest.raises(BadRequestException) as refused:
        call(caller, "DeleteVpcLink", vpcLinkId=link)

    assert refused.value.message == (
        f"Cannot delete vpc link. Vpc link '{link}', is referenced in [{api}:GET:{resource}:test-invoke-stage] in format "
        "of [RESTApiId:Method:Resource:Stage]."
    )
    call(caller, "DeleteIntegration", restApiId=api, resourceId=resource, httpMethod="GET")
    call(caller, "DeleteVpcLink", vpcLinkId=link)


def test_a_link_that_a_stage_names_in_a_variable_is_not_deleted(caller: Caller) -> None:
    link = a_link(caller)["id"]
    api = a_rest_api(caller)
    a_stage(caller, api, variables={"link": link})
    # What the runtime cannot serve yet is not deployed; the document says it as it will be said.
    deployment = Deployment.objects.get()
    document = json.loads(deployment.document)
    integration = document["resources"][-1]["methods"][0]["integration"]
    integration |= {"connection_type": "VPC_LINK", "connection_id": "${stageVariables.link}"}
    deployment.document = json.dumps(document)
    deployment.save()

    with pytest.raises(BadRequestException, match=f"is referenced in .{api}:GET:[a-z0-9]+:prod. in format"):
        call(caller, "DeleteVpcLink", vpcLinkId=link)


def test_twenty_links_are_enough(caller: Caller) -> None:
    for number in range(20):
        a_link(caller, name=str(number))

    with pytest.raises(LimitExceededException, match="Maximum number of Vpc Links"):
        a_link(caller)
