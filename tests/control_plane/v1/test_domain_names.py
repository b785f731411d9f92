"""Custom domain names: their kinds, certificates and settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection

from apps.accounts.models import AuditEvent
from apps.client_certificates.issuing import issue
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from tests.builders import a_caller, call

EDGE_CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/edge"
REGIONAL_CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/regional"
TRUSTSTORE = "s3://trust/roots.pem"
Shape = dict[str, Any]


@pytest.fixture
def irish(account: object) -> Caller:
    """A caller in another region than the one where certificates of edge-optimized names are."""
    return a_caller(region="eu-west-1")


def edge(caller: Caller, name: str = "api.example.com", **members: Any) -> Shape:
    return call(caller, "CreateDomainName", **{"domainName": name, "certificateArn": EDGE_CERTIFICATE, **members})


def regional(caller: Caller, name: str = "api.example.com", **members: Any) -> Shape:
    configuration = {"types": ["REGIONAL"]}
    asked = {"regionalCertificateArn": REGIONAL_CERTIFICATE, "endpointConfiguration": configuration, **members}
    return call(caller, "CreateDomainName", domainName=name, **asked)


def private(caller: Caller, name: str = "private.example.com", **members: Any) -> Shape:
    certificate = f"arn:aws:acm:{caller.region}:{caller.account_id}:certificate/private"
    asked = {"certificateArn": certificate, "endpointConfiguration": {"types": ["PRIVATE"]}, **members}
    return call(caller, "CreateDomainName", domainName=name, **asked)


def update(caller: Caller, name: str, *patches: tuple[str, str, str | None], **members: Any) -> Shape:
    operations = [
        {"op": op, "path": path, **({} if value is None else {"value": value})} for op, path, value in patches
    ]
    return call(caller, "UpdateDomainName", domainName=name, patchOperations=operations, **members)


def test_a_name_is_edge_optimized_unless_it_says_otherwise(irish: Caller) -> None:
    shape = edge(irish)

    assert shape.pop("distributionDomainName").endswith(".cloudfront.net")
    assert isinstance(shape.pop("certificateUploadDate"), datetime)
    assert shape == {
        "domainName": "api.example.com",
        "domainNameArn": "arn:aws:apigateway:eu-west-1::/domainnames/api.example.com",
        "certificateArn": EDGE_CERTIFICATE,
        "distributionHostedZoneId": "Z2FDTNDATAQYW2",
        "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
        "domainNameStatus": "AVAILABLE",
        "securityPolicy": "TLS_1_2",
        "routingMode": "BASE_PATH_MAPPING_ONLY",
    }


def test_a_regional_name_is_known_in_dns_by_a_name_and_a_zone_of_its_region(irish: Caller) -> None:
    shape = regional(irish)

    assert shape["regionalDomainName"].startswith("d-")
    assert shape["regionalDomainName"].endswith(".execute-api.eu-west-1.amazonaws.com")
    assert shape["regionalHostedZoneId"] == "ZLY8HYME6SFDD"
    assert "distributionDomainName" not in shape
    assert call(irish, "GetDomainName", domainName="api.example.com") == shape


def test_a_private_name_has_an_id_and_is_found_by_it_alone(irish: Caller) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    shape = private(irish, policy=policy)

    name_id = shape["domainNameId"]
    assert shape["domainNameArn"] == (
        f"arn:aws:apigateway:eu-west-1:123456789012:/domainnames/private.example.com+{name_id}"
    )
    assert (shape["policy"], shape["endpointConfiguration"]["ipAddressType"]) == (policy, "dualstack")
    assert call(irish, "GetDomainName", domainName="private.example.com", domainNameId=name_id) == shape
    with pytest.raises(NotFoundException, match="Invalid domain name identifier specified"):
        call(irish, "GetDomainName", domainName="private.example.com")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"certificateArn": None}, "A certificate was not provided for the endpoint type EDGE."),
        ({"certificateArn": REGIONAL_CERTIFICATE}, "Certificate must be in 'us-east-1'"),
        ({"certificateArn": "arn:aws:s3:::bucket"}, "Invalid certificate ARN specified"),
        (
            {"certificateArn": EDGE_CERTIFICATE.replace("123456789012", "999999999999")},
            "The certificate provided must be owned by the account creating the domain",
        ),
        ({"endpointConfiguration": {"types": ["REGIONAL"]}}, "was not provided for the endpoint type REGIONAL."),
        ({"endpointConfiguration": {"types": ["EDGE", "PRIVATE"]}}, "Cannot specify more than one endpoint type"),
        ({"domainName": "API.example.com"}, "Invalid domain name specified"),
        ({"domainName": "example"}, "Invalid domain name specified"),
        ({"domainName": "abc.execute-api.eu-west-1.amazonaws.com"}, "Invalid domain name specified"),
        ({"securityPolicy": "SecurityPolicy_TLS13_2025_EDGE"}, "Endpoint access mode is required for the specified"),
        (
            {"securityPolicy": "SecurityPolicy_TLS13_1_3_2025_09", "endpointAccessMode": "STRICT"},
            "is not supported for the endpoint type EDGE",
        ),
        ({"endpointAccessMode": "STRICT"}, "Endpoint access mode is not supported"),
        ({"mutualTlsAuthentication": {"truststoreUri": TRUSTSTORE}}, "Mutual TLS is only supported for regional"),
        ({"policy": "{"}, "Invalid policy document"),
        ({"policy": "{}"}, "Policies can only be specified for private custom domain names"),
        ({"certificateName": "own", "certificateBody": "x"}, "must be specified together"),
        ({"certificateBody": "x", "certificatePrivateKey": "y"}, "Invalid certificate specified"),
    ],
)
def test_what_a_name_cannot_be_is_refused(irish: Caller, members: Shape, message: str) -> None:
    asked = {"domainName": "api.example.com", "certificateArn": EDGE_CERTIFICATE, **members}

    with pytest.raises(BadRequestException) as refused:
        call(irish, "CreateDomainName", **{name: value for name, value in asked.items() if value is not None})

    assert message in refused.value.message
    assert call(irish, "GetDomainNames")["items"] == []


def test_a_certificate_that_is_handed_over_is_kept_with_its_key_sealed(irish: Caller) -> None:
    issued, other = issue(datetime(2026, 1, 1, tzinfo=UTC)), issue(datetime(2026, 1, 1, tzinfo=UTC))
    given = {"certificateArn": None, "certificateName": "own", "certificateBody": issued.certificate}

    with pytest.raises(BadRequestException, match="do not belong together"):
        _create(irish, **given, certificatePrivateKey=other.private_key)
    shape = _create(irish, **given, certificatePrivateKey=issued.private_key)

    assert shape["certificateName"] == "own"
    assert "PRIVATE KEY" not in repr(shape)
    with connection.cursor() as cursor:
        cursor.execute("SELECT certificate_private_key FROM domain_names_domainname")
        assert "PRIVATE KEY" not in cursor.fetchone()[0]
    assert all("PRIVATE KEY" not in repr(event.request) for event in AuditEvent.objects.all())


def _create(caller: Caller, **members: Any) -> Shape:
    asked = {name: value for name, value in members.items() if value is not None}
    return call(caller, "CreateDomainName", domainName="api.example.com", **asked)


def test_a_public_name_is_one_accounts_in_the_whole_installation(irish: Caller) -> None:
    edge(irish)
    stranger = a_caller("222222222222")
    certificate = EDGE_CERTIFICATE.replace("123456789012", "222222222222")

    with pytest.raises(BadRequestException, match="The domain name you provided already exists"):
        edge(irish)
    with pytest.raises(BadRequestException, match="The domain name you provided already exists"):
        edge(stranger, certificateArn=certificate)
    assert edge(a_caller(region="us-east-1"))["domainName"] == "api.example.com"


def test_each_account_may_have_a_private_name_of_one_name(irish: Caller) -> None:
    first = private(irish)
    second = private(a_caller("222222222222", region="eu-west-1"))

    assert first["domainNameArn"] != second["domainNameArn"]
    with pytest.raises(BadRequestException, match="already exists"):
        private(irish)


def test_a_name_moves_from_the_edge_to_its_region_by_way_of_both(irish: Caller) -> None:
    edge(irish)

    both = update(
        irish,
        "api.example.com",
        ("add", "/endpointConfiguration/types", "REGIONAL"),
        ("add", "/regionalCertificateArn", REGIONAL_CERTIFICATE),
    )
    assert both["endpointConfiguration"]["types"] == ["EDGE", "REGIONAL"]
    assert {"distributionDomainName", "regionalDomainName"} <= both.keys()

    moved = update(irish, "api.example.com", ("remove", "/endpointConfiguration/types", "EDGE"))
    assert moved["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert not {"distributionDomainName", "certificateArn", "certificateUploadDate"} & moved.keys()
    assert moved["regionalDomainName"] == both["regionalDomainName"]


def test_a_change_that_is_rolled_out_shows_as_updating_for_a_moment(irish: Caller) -> None:
    with time_machine.travel("2026-03-04T05:06:07Z", tick=False) as clock:
        regional(irish)
        changed = update(irish, "api.example.com", ("replace", "/securityPolicy", "TLS_1_0"))
        assert (changed["domainNameStatus"], changed["securityPolicy"]) == ("UPDATING", "TLS_1_0")
        clock.shift(1)
        assert call(irish, "GetDomainName", domainName="api.example.com")["domainNameStatus"] == "AVAILABLE"
        routed = update(irish, "api.example.com", ("replace", "/routingMode", "ROUTING_RULE_ONLY"))
        assert (routed["domainNameStatus"], routed["routingMode"]) == ("AVAILABLE", "ROUTING_RULE_ONLY")


def test_mutual_tls_is_switched_on_and_off(irish: Caller) -> None:
    regional(irish, mutualTlsAuthentication={"truststoreUri": TRUSTSTORE})

    versioned = update(irish, "api.example.com", ("replace", "/mutualTlsAuthentication/truststoreVersion", "v1"))
    assert versioned["mutualTlsAuthentication"] == {
        "truststoreUri": TRUSTSTORE,
        "truststoreVersion": "v1",
        "truststoreWarnings": ["Nobody is let in: there is no truststore at this address."],
    }
    with pytest.raises(BadRequestException, match="Invalid truststore URI"):
        update(irish, "api.example.com", ("replace", "/mutualTlsAuthentication/truststoreUri", "https://trust"))
    with pytest.raises(BadRequestException, match="requires a security policy of TLS"):
        update(irish, "api.example.com", ("replace", "/securityPolicy", "TLS_1_0"))
    off = update(irish, "api.example.com", ("replace", "/mutualTlsAuthentication/truststoreUri", ""))
    assert "mutualTlsAuthentication" not in off


def test_an_enhanced_security_policy_comes_with_an_access_mode(irish: Caller) -> None:
    regional(irish)

    shape = update(
        irish,
        "api.example.com",
        ("replace", "/securityPolicy", "SecurityPolicy_TLS13_1_3_2025_09"),
        ("replace", "/endpointAccessMode", "BASIC"),
    )

    assert (shape["securityPolicy"], shape["endpointAccessMode"]) == ("SecurityPolicy_TLS13_1_3_2025_09", "BASIC")


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (("replace", "/domainName", "b.example.com"), r"Must be one of: \[/certificateName, "),
        (("replace", "/endpointConfiguration/types", "PRIVATE"), "from public to private or back"),
        (("remove", "/endpointConfiguration/types/REGIONAL", None), "At least one endpoint type"),
        (("replace", "/securityPolicy", "TLS_9"), "Invalid SecurityPolicy specified: TLS_9"),
        (("replace", "/regionalCertificateArn", ""), "was not provided for the endpoint type REGIONAL"),
        (("replace", "/policy", "{}"), "Policies can only be specified for private"),
    ],
)
def test_a_patch_that_would_break_a_name_changes_nothing(
    irish: Caller, patch: tuple[str, str, str | None], message: str
) -> None:
    before = regional(irish)

    with pytest.raises(BadRequestException, match=message):
        update(irish, "api.example.com", patch)

    assert call(irish, "GetDomainName", domainName="api.example.com") == before


def test_names_are_listed_tagged_and_deleted_over_the_wire(aws: Callable[..., Any]) -> None:
    client = aws()
    for name in ("a.example.com", "*.example.com"):
        client.create_domain_name(domainName=name, certificateArn=EDGE_CERTIFICATE, tags={"team": name[0]})

    pages = client.get_paginator("get_domain_names").paginate(PaginationConfig={"PageSize": 1})
    assert [item["domainName"] for page in pages for item in page["items"]] == ["a.example.com", "*.example.com"]
    arn = client.get_domain_name(domainName="*.example.com")["domainNameArn"]
    assert client.get_tags(resourceArn=arn)["tags"] == {"team": "*"}
    client.delete_domain_name(domainName="a.example.com")
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_domain_name(domainName="a.example.com")


def test_the_installation_s_own_host_is_nobody_s_domain_name(caller: Caller, settings: Any) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, public_gateway_url="https://Gateway.example.com:8443")

    with pytest.raises(BadRequestException, match="the one at which this installation is reached"):
        edge(caller, "gateway.example.com")
