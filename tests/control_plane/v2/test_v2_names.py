"""Custom domain names through V2: one name for both, mappings of several levels, routing rules, and VPC links."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from apps.core import documents, manifest
from apps.core.documents import DomainDocument, HeaderCondition, RoutingRule
from tests.builders import a_rest_api, a_stage, a_websocket_api, an_http_api, call, call_v2, refusal_v2

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/one"
HOST = "api.example.com"
AT = {"DomainName": HOST}


@pytest.fixture
def http(caller: Caller) -> str:
    return an_http_api(caller, Target="https://example.com")


@pytest.fixture
def rest(caller: Caller) -> str:
    api = a_rest_api(caller)
    a_stage(caller, api)
    return api


def a_name(caller: Caller, name: str = HOST, **members: Any) -> dict[str, Any]:
    configuration = [{"CertificateArn": CERTIFICATE, "EndpointType": "REGIONAL"}]
    return call_v2(caller, "CreateDomainName", DomainName=name, DomainNameConfigurations=configuration, **members)


def published(valkey: redis.Redis, name: str = HOST) -> DomainDocument:
    digest = valkey.hget(manifest.MANIFEST, documents.domain_section("us-east-1", name))
    assert digest is not None
    found = documents.decode(valkey.get(manifest.document_key(digest.decode())) or b"")
    assert isinstance(found, DomainDocument)
    return found


def rule_to(rest: str, *conditions: dict[str, Any], **members: Any) -> dict[str, Any]:
    invoke = {"ApiId": rest, "Stage": "prod", **members}
    return {**AT, "Priority": 10, "Conditions": list(conditions), "Actions": [{"InvokeApi": invoke}]}


def header(name: str, glob: str) -> dict[str, Any]:
    return {"MatchHeaders": {"AnyOf": [{"Header": name, "ValueGlob": glob}]}}


def base_path(path: str) -> dict[str, Any]:
    return {"MatchBasePaths": {"AnyOf": [path]}}


def test_a_name_made_through_v2_is_the_name_that_v1_shows(caller: Caller) -> None:
    made = a_name(caller, Tags={"team": "pets"})
    shown = call(caller, "GetDomainName", domainName=HOST)

    (configuration,) = made["DomainNameConfigurations"]
    assert (made["ApiMappingSelectionExpression"], made["RoutingMode"]) == ("$request.basepath", "API_MAPPING_ONLY")
    assert (configuration["SecurityPolicy"], configuration["IpAddressType"]) == ("TLS_1_2", "ipv4")
    assert configuration["ApiGatewayDomainName"] == shown["regionalDomainName"]
    assert (shown["regionalCertificateArn"], shown["routingMode"]) == (CERTIFICATE, "BASE_PATH_MAPPING_ONLY")
    assert (made["Tags"], shown["tags"]) == ({"team": "pets"}, {"team": "pets"})


def test_a_name_made_through_v1_is_changed_through_v2(caller: Caller) -> None:
    regional = {"endpointConfiguration": {"types": ["REGIONAL"]}, "regionalCertificateArn": CERTIFICATE}
    call(caller, "CreateDomainName", domainName=HOST, **regional)

    call_v2(
        caller,
        "UpdateDomainName",
        **AT,
        DomainNameConfigurations=[{"SecurityPolicy": "TLS_1_0"}],
        RoutingMode="ROUTING_RULE_THEN_API_MAPPING",
    )

    shown = call(caller, "GetDomainName", domainName=HOST)
    assert shown["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert (shown["securityPolicy"], shown["routingMode"]) == ("TLS_1_0", "ROUTING_RULE_THEN_BASE_PATH_MAPPING")


def test_a_name_at_the_edge_is_v1s_to_change(caller: Caller, http: str) -> None:
    call(caller, "CreateDomainName", domainName=HOST, certificateArn=CERTIFICATE)
    edge = [{"CertificateArn": CERTIFICATE, "EndpointType": "EDGE"}]
    refused = (
        refusal_v2(caller, "CreateDomainName", DomainName="edge.example.com", DomainNameConfigurations=edge),
        refusal_v2(caller, "UpdateDomainName", **AT, DomainNameConfigurations=[{"SecurityPolicy": "TLS_1_0"}]),
        refusal_v2(caller, "CreateApiMapping", **AT, ApiId=http, Stage="$default"),
    )

    for message in refused:
        assert "Only REGIONAL domain names can be managed through the API Gateway V2 API." in message
    assert call_v2(caller, "GetDomainName", **AT)["DomainNameConfigurations"][0]["EndpointType"] == "EDGE"


def test_mutual_tls_is_turned_on_and_off(caller: Caller) -> None:
    a_name(caller)

    on = call_v2(caller, "UpdateDomainName", **AT, MutualTlsAuthentication={"TruststoreUri": "s3://bucket/trusted.pem"})
    off = call_v2(caller, "UpdateDomainName", **AT, MutualTlsAuthentication={"TruststoreUri": ""})

    assert on["MutualTlsAuthentication"]["TruststoreUri"] == "s3://bucket/trusted.pem"
    assert "no truststore" in on["MutualTlsAuthentication"]["TruststoreWarnings"][0]
    assert "MutualTlsAuthentication" not in off


def test_a_name_has_exactly_one_configuration(caller: Caller) -> None:
    assert "exactly one" in refusal_v2(caller, "CreateDomainName", DomainName=HOST)


def test_mappings_of_all_kinds_of_apis_stand_in_the_document(
    caller: Caller, valkey: redis.Redis, http: str, rest: str
) -> None:
    a_name(caller)
    call(caller, "CreateBasePathMapping", domainName=HOST, basePath="v1", restApiId=rest, stage="prod")
    call_v2(caller, "CreateApiMapping", **AT, ApiId=rest, Stage="prod", ApiMappingKey="v1/shop")
    call_v2(caller, "CreateApiMapping", **AT, ApiId=http, Stage="$default", ApiMappingKey="pets/v2")

    found = {(each.base_path, each.api_id, each.stage_name) for each in published(valkey).mappings}
    assert found == {("v1", rest, "prod"), ("v1/shop", rest, "prod"), ("pets/v2", http, "$default")}
    assert {item["ApiMappingKey"] for item in call_v2(caller, "GetApiMappings", **AT)["Items"]} == {
        "v1",
        "v1/shop",
        "pets/v2",
    }
    # V1 shows only what it could have made itself.
    shown = call(caller, "GetBasePathMappings", domainName=HOST)["items"]
    assert [mapping["basePath"] for mapping in shown] == ["v1"]


def test_a_key_leads_to_one_api_whichever_way_it_was_mapped(caller: Caller, http: str, rest: str) -> None:
    a_name(caller)
    call_v2(caller, "CreateApiMapping", **AT, ApiId=http, Stage="$default", ApiMappingKey="pets")

    with pytest.raises(AwsError) as refused:
        call(caller, "CreateBasePathMapping", domainName=HOST, basePath="pets", restApiId=rest)
    again = refusal_v2(caller, "CreateApiMapping", **AT, ApiId=rest, Stage="prod", ApiMappingKey="pets")

    assert refused.value.code == "ConflictException"
    assert again == "ConflictException: ApiMapping key already exists for this domain name"


def test_a_mapping_can_be_led_to_an_api_of_another_kind(
    caller: Caller, valkey: redis.Redis, http: str, rest: str
) -> None:
    a_name(caller)
    made = call_v2(caller, "CreateApiMapping", **AT, ApiId=http, Stage="$default", ApiMappingKey="pets")

    moved = call_v2(caller, "UpdateApiMapping", **AT, ApiMappingId=made["ApiMappingId"], ApiId=rest, Stage="prod")

    assert moved == {**made, "ApiId": rest, "Stage": "prod"}
    assert [(each.base_path, each.api_id) for each in published(valkey).mappings] == [("pets", rest)]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"ApiMappingKey": "/"}, "begin or end with a slash"),
        ({"ApiMappingKey": "a//b"}, "two in a row"),
        ({"ApiMappingKey": "a b"}, "may contain only letters, numbers and one of $-_.+!*'()"),
        ({"ApiMappingKey": "x" * 301}, "at most 300"),
        ({"Stage": "none"}, "Invalid stage identifier"),
    ],
)
def test_mappings_that_are_refused(caller: Caller, http: str, members: dict[str, Any], words: str) -> None:
    a_name(caller)

    assert words in refusal_v2(caller, "CreateApiMapping", **{**AT, "ApiId": http, "Stage": "$default", **members})


def test_what_is_mapped_cannot_be_deleted(caller: Caller, http: str) -> None:
    a_name(caller)
    call_v2(caller, "CreateApiMapping", **AT, ApiId=http, Stage="$default")

    assert HOST in refusal_v2(caller, "DeleteApi", ApiId=http)
    assert HOST in refusal_v2(caller, "DeleteStage", ApiId=http, StageName="$default")


def test_a_websocket_api_is_mapped_to_one_level(caller: Caller) -> None:
    chat = a_websocket_api(caller)
    call_v2(caller, "CreateStage", ApiId=chat, StageName="live")
    a_name(caller)

    assert "one level" in refusal_v2(caller, "CreateApiMapping", **AT, ApiId=chat, Stage="live", ApiMappingKey="a/b")


def test_rules_stand_in_the_document_by_priority(caller: Caller, valkey: redis.Redis, rest: str) -> None:
    a_name(caller, RoutingMode="ROUTING_RULE_ONLY")
    last = call_v2(caller, "CreateRoutingRule", **{**rule_to(rest), "Priority": 100})
    conditions = header("X-Version", "beta*"), base_path("pets/new")
    first = call_v2(caller, "CreateRoutingRule", **rule_to(rest, *conditions, StripBasePath=True))

    listed = call_v2(caller, "ListRoutingRules", **AT)["RoutingRules"]

    assert [rule["RoutingRuleId"] for rule in listed] == [first["RoutingRuleId"], last["RoutingRuleId"]]
    assert first["RoutingRuleArn"].endswith(f"/domainnames/{HOST}/routingrules/{first['RoutingRuleId']}")
    assert published(valkey).rules == (
        RoutingRule(
            priority=10,
            api_id=rest,
            stage_name="prod",
            headers=(HeaderCondition(header="x-version", value_glob="beta*"),),
            base_paths=("pets/new",),
            strip_base_path=True,
        ),
        RoutingRule(priority=100, api_id=rest, stage_name="prod"),
    )


def test_a_rule_is_replaced_as_a_whole_and_keeps_its_id(caller: Caller, rest: str) -> None:
    a_name(caller)
    made = call_v2(caller, "CreateRoutingRule", **rule_to(rest, base_path("pets"), StripBasePath=True))

    put = call_v2(caller, "PutRoutingRule", **rule_to(rest), RoutingRuleId=made["RoutingRuleId"])

    assert put["RoutingRuleId"] == made["RoutingRuleId"]
    assert (put["Conditions"], put["Actions"][0]["InvokeApi"]["StripBasePath"]) == ([], False)


def test_rules_that_are_refused(caller: Caller, http: str, rest: str) -> None:
    a_name(caller)
    call_v2(caller, "CreateRoutingRule", **rule_to(rest))
    for conditions, words in (
        ([header("a", "b")] * 3, "at most 2 header conditions"),
        ([base_path("a"), base_path("b")], "one base path condition"),
        ([{}], "either MatchHeaders or MatchBasePaths"),
        ([header("a b", "c")], "Invalid header specified"),
        ([header("a", "b*c")], "Invalid header value glob"),
        ([base_path("/a")], "Invalid base path"),
    ):
        assert words in refusal_v2(caller, "CreateRoutingRule", **{**rule_to(rest, *conditions), "Priority": 20})
    assert refusal_v2(caller, "CreateRoutingRule", **rule_to(rest)).startswith("ConflictException")
    assert refusal_v2(caller, "CreateRoutingRule", **{**rule_to(http), "Priority": 20}).startswith("NotFoundException")


def test_rules_and_http_apis_do_not_go_together(caller: Caller, http: str, rest: str) -> None:
    a_name(caller)
    call_v2(caller, "CreateApiMapping", **AT, ApiId=http, Stage="$default")

    assert "Routing rules" in refusal_v2(caller, "CreateRoutingRule", **rule_to(rest))
    assert "Routing rules" in refusal_v2(caller, "UpdateDomainName", **AT, RoutingMode="ROUTING_RULE_ONLY")


def test_an_api_that_a_rule_leads_to_stays(caller: Caller, rest: str) -> None:
    a_name(caller)
    call_v2(caller, "CreateRoutingRule", **rule_to(rest))

    with pytest.raises(AwsError, match=HOST):
        call(caller, "DeleteRestApi", restApiId=rest)


def test_a_vpc_link_stays_while_an_integration_uses_it(caller: Caller) -> None:
    link = call_v2(caller, "CreateVpcLink", Name="inside", SubnetIds=["subnet-1"], SecurityGroupIds=["sg-1"])
    api = an_http_api(caller)
    call_v2(
        caller,
        "CreateIntegration",
        ApiId=api,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri="arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/50dc6c495c0c9188/f2f7dc8efc522ab2",
        PayloadFormatVersion="1.0",
        ConnectionType="VPC_LINK",
        ConnectionId=link["VpcLinkId"],
        TlsConfig={"ServerNameToVerify": "inside.example.com"},
    )

    assert (link["VpcLinkStatus"], link["VpcLinkVersion"]) == ("PENDING", "V2")
    assert api in refusal_v2(caller, "DeleteVpcLink", VpcLinkId=link["VpcLinkId"])


@pytest.mark.parametrize(
    "members", [{"SubnetIds": []}, {"SubnetIds": ["none"]}, {"Name": ""}, {"SecurityGroupIds": ["subnet-1"]}]
)
def test_vpc_links_that_are_refused(caller: Caller, members: dict[str, Any]) -> None:
    answer = refusal_v2(caller, "CreateVpcLink", **{"Name": "inside", "SubnetIds": ["subnet-1"], **members})

    assert answer.startswith("BadRequestException")
