"""VPC links with their targets, and client certificates, on the pages of the console."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from tests.builders import a_rest_api, a_stage, call
from tests.portal.console.reading import text, words

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/shop/50dc6c495c0c9188"


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def balancer(caller: Caller) -> dict[str, Any]:
    return registry.call(caller, "gatehouse", "GetLoadBalancer", {"loadBalancerArn": ARN})


@pytest.fixture
def link(caller: Caller) -> str:
    made: str = call(caller, "CreateVpcLink", name="shop", targetArns=[ARN])["id"]
    return made


def test_without_links_one_is_told_what_they_are_for(owner: Client) -> None:
    assert "A link names a load balancer" in words(owner.get(url("vpc_links")))


def test_a_link_is_made_and_asks_for_targets(owner: Client, caller: Caller) -> None:
    page = words(owner.post(url("create_vpc_link"), {"name": "shop", "target": ARN}, follow=True))

    assert "Nothing stands for the load balancer yet" in page
    assert [one["name"] for one in call(caller, "GetVpcLinks")["items"]] == ["shop"]
    assert "none" in words(owner.get(url("vpc_links")))


def test_what_is_no_load_balancer_is_told(owner: Client) -> None:
    answer = owner.post(url("create_vpc_link"), {"name": "shop", "target": "nowhere"})

    assert (answer.status_code, "nowhere" in words(answer)) == (422, True)


def test_targets_are_set_and_shown_as_they_were_written(owner: Client, caller: Caller, link: str) -> None:
    lines = "10.0.0.5:8080\n[fd00::1]:8080 3"

    owner.post(url("vpc_link", link), {"targets": lines, "check": "path", "path": "/health", "interval": "20"})

    kept = balancer(caller)
    assert [(one["host"], one["port"], one.get("weight", 1)) for one in kept["targets"]] == [
        ("10.0.0.5", 8080, 1),
        ("fd00::1", 8080, 3),
    ]
    assert (kept["healthCheck"]["path"], kept["healthCheck"]["intervalSeconds"]) == ("/health", 20)
    assert lines in text(owner.get(url("vpc_link", link)))


def test_a_part_of_a_health_check_that_the_page_does_not_show_stays(owner: Client, caller: Caller, link: str) -> None:
    check = {"path": "/health", "unhealthyThreshold": 5}
    request = {"loadBalancerArn": ARN, "targets": [{"host": "10.0.0.5", "port": 80}], "healthCheck": check}
    registry.call(caller, "gatehouse", "PutLoadBalancer", request)

    owner.post(url("vpc_link", link), {"targets": "10.0.0.6:80", "check": "path", "path": "/health", "interval": "10"})

    assert balancer(caller)["healthCheck"]["unhealthyThreshold"] == 5


@pytest.mark.parametrize(
    ("lines", "told"),
    [("10.0.0.5", "is not of the form host:port"), ("", "Name at least one target"), ("a b:1", "is not of the form")],
)
def test_targets_that_cannot_be_are_told(owner: Client, link: str, lines: str, told: str) -> None:
    answer = owner.post(url("vpc_link", link), {"targets": lines, "interval": "10"})

    assert (answer.status_code, told in words(answer)) == (422, True)


def test_a_link_is_deleted(owner: Client, caller: Caller, link: str) -> None:
    owner.post(url("delete_vpc_link", link), {"confirmation": link})

    assert call(caller, "GetVpcLinks").get("items", []) == []


def test_a_certificate_is_made_downloaded_and_deleted(owner: Client, caller: Caller) -> None:
    owner.post(url("generate_client_certificate"), {"description": "ours"})
    (made,) = call(caller, "GetClientCertificates")["items"]
    name = made["clientCertificateId"]

    pem = text(owner.get(url("download_client_certificate", name)))
    listed = words(owner.get(url("client_certificates")))
    owner.post(url("delete_client_certificate", name), {"confirmation": name})

    assert pem == made["pemEncodedCertificate"]
    assert "PRIVATE" not in pem
    assert f"ours {name}" in listed
    assert "No certificate yet" in words(owner.get(url("client_certificates")))


def test_a_certificate_that_a_stage_shows_stays(owner: Client, caller: Caller) -> None:
    name = call(caller, "GenerateClientCertificate")["clientCertificateId"]
    api = a_rest_api(caller)
    a_stage(caller, api)
    patch = [{"op": "replace", "path": "/clientCertificateId", "value": name}]
    call(caller, "UpdateStage", restApiId=api, stageName="prod", patchOperations=patch)

    page = words(owner.post(url("delete_client_certificate", name), {"confirmation": name}, follow=True))

    assert f"is referenced in [{api}:prod]" in page


def test_a_viewer_reads_and_has_no_button(viewer: Client, link: str) -> None:
    assert "Save targets" not in text(viewer.get(url("vpc_link", link)))
    assert "Generate" not in text(viewer.get(url("client_certificates"))).split("No certificate yet")[0]
    assert viewer.post(url("generate_client_certificate"), {}).status_code == 403
