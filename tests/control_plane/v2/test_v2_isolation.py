"""One account never learns of another's: its ids are unknown ids, in every operation of V2 that takes one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.accounts.models import AuditEvent, Membership
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from apps.portals.aws_portals import Portal
from tests.builders import a_caller, a_portal_with_pages, a_rest_api, a_stage, a_websocket_api, an_http_api, call_v2
from tests.specimens import specimen

SERVICE = "apigatewayv2"
NOBODYS = "zzzzzzzzzz"
CERTIFICATE = "arn:aws:acm:us-east-1:222222222222:certificate/one"
PUBLIC = "api.example.com"
IDS = {
    "ApiId", "RouteId", "IntegrationId", "IntegrationResponseId", "RouteResponseId", "AuthorizerId", "ModelId", "DeploymentId",
    "StageName", "VpcLinkId", "DomainName", "ApiMappingId", "RoutingRuleId", "ResourceArn", "RouteKey", "RequestParameterKey",
    "PortalId", "PortalProductId", "ProductPageId", "ProductRestEndpointPageId",
}  # fmt: skip
LISTS = ("GetApis", "GetVpcLinks", "GetDomainNames", "ListPortals", "ListPortalProducts")
ROOTS = {"ApiId", "VpcLinkId", "DomainName", "ResourceArn", "PortalId", "PortalProductId"}


def operations() -> Iterator[str]:
    for name in sorted(registry.operations_built(SERVICE)):
        shape = registry.service_model(SERVICE).operation_model(name).input_shape
        if shape.members.keys() & ROOTS and name != "CreateDomainName":
            yield name


@pytest.fixture
def owner(db: None) -> Caller:
    return a_caller("222222222222")


@pytest.fixture
def victim(owner: Caller) -> dict[str, str]:
    """What the other account has, by the members that name it."""
    chat = a_websocket_api(owner)
    at = {"ApiId": chat}
    integration = call_v2(owner, "CreateIntegration", **at, IntegrationType="MOCK")["IntegrationId"]
    answer = call_v2(
        owner, "CreateIntegrationResponse", **at, IntegrationId=integration, IntegrationResponseKey="$default"
    )
    parameter = "route.request.querystring.token"
    route = call_v2(
        owner,
        "CreateRoute",
        **at,
        RouteKey="$connect",
        Target=f"integrations/{integration}",
        RequestParameters={parameter: {"Required": True}},
    )["RouteId"]
    route_response = call_v2(owner, "CreateRouteResponse", **at, RouteId=route, RouteResponseKey="$default")
    settings = {"$connect": {"ThrottlingBurstLimit": 1}}
    call_v2(owner, "CreateStage", **at, StageName="live", RouteSettings=settings)
    function = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:222222222222:function:f/invocations"
    authorizer = call_v2(
        owner, "CreateAuthorizer", **at, Name="f", AuthorizerType="REQUEST", AuthorizerUri=function, IdentitySource=[]
    )
    rest = a_rest_api(owner)
    a_stage(owner, rest)
    call_v2(
        owner,
        "CreateDomainName",
        DomainName=PUBLIC,
        DomainNameConfigurations=[{"CertificateArn": CERTIFICATE}],
        RoutingMode="ROUTING_RULE_THEN_API_MAPPING",
    )
    mapping = call_v2(owner, "CreateApiMapping", DomainName=PUBLIC, ApiId=rest, Stage="prod")
    rule = call_v2(
        owner,
        "CreateRoutingRule",
        DomainName=PUBLIC,
        Priority=1,
        Conditions=[],
        Actions=[{"InvokeApi": {"ApiId": rest, "Stage": "prod"}}],
    )
    return {
        **at,
        "RouteId": route,
        "IntegrationId": integration,
        "IntegrationResponseId": answer["IntegrationResponseId"],
        "RouteResponseId": route_response["RouteResponseId"],
        "AuthorizerId": authorizer["AuthorizerId"],
        "ModelId": call_v2(owner, "CreateModel", **at, Name="Pet", Schema="{}")["ModelId"],
        "DeploymentId": call_v2(owner, "CreateDeployment", **at)["DeploymentId"],
        "StageName": "live",
        "VpcLinkId": call_v2(owner, "CreateVpcLink", Name="inside", SubnetIds=["subnet-1"])["VpcLinkId"],
        "DomainName": PUBLIC,
        "ApiMappingId": mapping["ApiMappingId"],
        "RoutingRuleId": rule["RoutingRuleId"],
        "ResourceArn": owner.arn(f"/apis/{chat}"),
        **a_portal_with_pages(owner, rest),
        "RouteKey": "$connect",
        "RequestParameterKey": parameter,
    }


def outcome(caller: Caller, name: str, ids: dict[str, str]) -> tuple[str, str]:
    """How a request that would succeed as far as its ids go ends, with the ids taken out of the words."""
    shape = registry.service_model(SERVICE).operation_model(name).input_shape
    request: dict[str, Any] = {
        member: ids[member] if member in ids else specimen(kind, text="pets")
        for member, kind in shape.members.items()
        if member in ids or member in shape.required_members
    }
    try:
        registry.call(caller, SERVICE, name, request)
    except AwsError as error:
        words = error.message
        for value in ids.values():
            words = words.replace(value, "…")
        return error.code, words.replace(NOBODYS, "…")
    return "answered", ""


def test_anothers_ids_are_unknown_ids_in_every_operation_of_v2(victim: dict[str, str]) -> None:
    stranger = a_caller("333333333333")
    unknown = {**victim, "ApiId": NOBODYS, "VpcLinkId": NOBODYS, "DomainName": f"{NOBODYS}.example.com"}
    unknown |= {"PortalId": NOBODYS, "PortalProductId": NOBODYS}
    unknown["ResourceArn"] = stranger.arn(f"/apis/{NOBODYS}")

    anothers = {name: outcome(stranger, name, victim) for name in operations()}
    nobodys = {name: outcome(stranger, name, unknown) for name in operations()}

    assert len(anothers) > 80
    assert anothers == nobodys
    # AWS's model has no error for a portal that is not there to be deleted.
    assert {name for name, ending in anothers.items() if ending[0] == "answered"} == {"DeletePortal"}
    assert Portal.objects.filter(portal_id=victim["PortalId"]).exists()


def test_lists_of_v2_show_an_account_only_its_own(victim: dict[str, str]) -> None:
    stranger = a_caller("333333333333")

    found = [call_v2(stranger, name)["Items"] for name in LISTS]

    assert found == [[]] * len(LISTS)


def test_another_region_is_as_strange(victim: dict[str, str]) -> None:
    abroad = a_caller("222222222222", region="eu-central-1")

    endings = {outcome(abroad, name, victim)[0] for name in ("GetApi", "GetStages", "GetVpcLink", "GetDomainName")}

    assert endings == {"NotFoundException"}


def test_a_name_of_another_account_cannot_be_taken(victim: dict[str, str]) -> None:
    stranger = a_caller("333333333333")
    configuration = [{"CertificateArn": CERTIFICATE.replace("222222222222", "333333333333")}]

    with pytest.raises(AwsError, match="already exists"):
        call_v2(stranger, "CreateDomainName", DomainName=PUBLIC, DomainNameConfigurations=configuration)


def test_no_mapping_and_no_rule_leads_to_an_api_of_another_account(victim: dict[str, str], owner: Caller) -> None:
    stranger = a_caller("333333333333")
    configuration = [{"CertificateArn": CERTIFICATE.replace("222222222222", "333333333333")}]
    call_v2(stranger, "CreateDomainName", DomainName="mine.example.com", DomainNameConfigurations=configuration)
    rest = call_v2(owner, "GetApiMappings", DomainName=PUBLIC)["Items"][0]["ApiId"]

    for api, stage in ((victim["ApiId"], "live"), (rest, "prod")):
        with pytest.raises(AwsError, match="Invalid API identifier"):
            call_v2(stranger, "CreateApiMapping", DomainName="mine.example.com", ApiId=api, Stage=stage)
    action = [{"InvokeApi": {"ApiId": rest, "Stage": "prod"}}]
    with pytest.raises(AwsError, match="Invalid API identifier"):
        call_v2(stranger, "CreateRoutingRule", DomainName="mine.example.com", Priority=1, Conditions=[], Actions=action)


def test_a_viewer_reads_and_does_not_write(victim: dict[str, str], owner: Caller) -> None:
    viewer = Caller(owner.account_id, owner.region, owner.principal, "console", role=Membership.Role.VIEWER)

    assert call_v2(viewer, "GetApi", ApiId=victim["ApiId"])["Name"] == "chat"
    with pytest.raises(AwsError) as refused:
        call_v2(viewer, "UpdateApi", ApiId=victim["ApiId"], Name="mine")
    assert refused.value.code == "AccessDeniedException"


def test_changes_through_v2_are_audited_without_bulk(owner: Caller) -> None:
    with pytest.raises(AwsError):
        call_v2(owner, "ImportApi", Body="x" * 200_000)
    an_http_api(owner)

    refused, made = AuditEvent.objects.order_by("pk")
    assert (refused.operation, refused.error) == ("ImportApi", "BadRequestException")
    assert refused.request["Body"].endswith("(200000 characters)")
    assert len(refused.request["Body"]) < 2_000
    assert (made.operation, made.error) == ("CreateApi", "")
