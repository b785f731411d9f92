"""One account never learns of another's: its ids are unknown ids, in every operation that takes one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.accounts.models import User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from tests.builders import a_caller, a_key, a_plan, a_rest_api, a_stage, call, subscribe
from tests.specimens import specimen

SERVICES = ("apigateway", "gatehouse")
# Members that name something that an account owns; what they are called differs between operations.
IDS = {
    "restApiId", "resourceId", "deploymentId", "stageName", "modelName", "usagePlanId", "keyId", "apiKey", "parentId",
    "resourceArn", "productId", "applicationId", "subscriptionId", "cloneFrom",
    "requestValidatorId", "authorizerId", "documentationPartId", "documentationVersion",
    "clientCertificateId", "vpcLinkId", "domainName", "domainNameId", "domainNameArn", "domainNameAccessAssociationArn",
}  # fmt: skip
ROOTS = IDS - {"stageName", "modelName", "documentationVersion"}
PATCH = [{"op": "replace", "path": "/description", "value": "seen"}]


def operations() -> Iterator[tuple[str, str]]:
    for service in SERVICES:
        for name in sorted(registry.operations_built(service)):
            shape = registry.service_model(service).operation_model(name).input_shape
            if shape is not None and shape.members.keys() & ROOTS:
                yield service, name


@pytest.fixture
def victim(db: None) -> dict[str, str]:
    """What the other account has, by the members that name it."""
    owner = a_caller("222222222222")
    api = a_rest_api(owner)
    stage = a_stage(owner, api)
    plan, key = a_plan(owner, (api, stage)), a_key(owner)
    subscribe(owner, plan, key)
    resource = call(owner, "GetResources", restApiId=api)["items"][1]
    product = registry.call(
        owner,
        "gatehouse",
        "CreateProduct",
        {
            "slug": "pets",
            "name": "Pets",
            "stages": [{"restApiId": api, "stageName": stage}],
            "usagePlans": [{"usagePlanId": plan}],
        },
    )
    developer = str(User.objects.create_user("ada", "ada@example.com").pk)
    application = registry.call(owner, "gatehouse", "CreateApplication", {"ownerId": developer, "name": "shop"})
    certificate = call(owner, "GenerateClientCertificate")["clientCertificateId"]
    target = "arn:aws:elasticloadbalancing:us-east-1:222222222222:loadbalancer/net/pets/50dc6c495c0c9188"
    link = call(owner, "CreateVpcLink", name="pets", targetArns=[target])["id"]
    domain = call(
        owner,
        "CreateDomainName",
        domainName="private.example.com",
        certificateArn="arn:aws:acm:us-east-1:222222222222:certificate/private",
        endpointConfiguration={"types": ["PRIVATE"]},
    )
    name = {member: domain[member] for member in ("domainName", "domainNameId", "domainNameArn")}
    hidden = a_rest_api(owner, endpointConfiguration={"types": ["PRIVATE"]})
    place = {"domainName": name["domainName"], "domainNameId": name["domainNameId"]}
    call(owner, "CreateBasePathMapping", **place, restApiId=hidden)
    association = call(
        owner,
        "CreateDomainNameAccessAssociation",
        domainNameArn=name["domainNameArn"],
        accessAssociationSourceType="VPCE",
        accessAssociationSource="vpce-1",
    )
    place = {"applicationId": application["applicationId"], "productId": product["productId"]}
    subscription = registry.call(owner, "gatehouse", "Subscribe", {**place, "usagePlanId": plan})
    return {
        **place,
        **name,
        "domainNameAccessAssociationArn": association["domainNameAccessAssociationArn"],
        "basePath": "(none)",
        "clientCertificateId": certificate,
        "vpcLinkId": link,
        "subscriptionId": subscription["subscriptionId"],
        "restApiId": api,
        "cloneFrom": api,
        "resourceId": resource["id"],
        "parentId": resource["parentId"],
        "deploymentId": call(owner, "GetStage", restApiId=api, stageName=stage)["deploymentId"],
        "stageName": stage,
        "modelName": "Empty",
        **described(owner, api),
        "usagePlanId": plan,
        "keyId": key["id"],
        "apiKey": key["id"],
        "resourceArn": owner.arn(f"/restapis/{api}"),
        "httpMethod": "GET",
        "statusCode": "200",
    }


def described(owner: Caller, api: str) -> dict[str, str]:
    """A validator, an authorizer and documentation of an API, by the members that name them."""
    members = {
        "name": "pool",
        "type": "COGNITO_USER_POOLS",
        "providerARNs": ["arn:aws:cognito-idp:us-east-1:222222222222:userpool/us-east-1_a"],
        "identitySource": "method.request.header.Authorization",
    }
    part = call(owner, "CreateDocumentationPart", restApiId=api, location={"type": "API"}, properties="{}")
    version = call(owner, "CreateDocumentationVersion", restApiId=api, documentationVersion="v1")
    return {
        "requestValidatorId": call(owner, "CreateRequestValidator", restApiId=api)["id"],
        "authorizerId": call(owner, "CreateAuthorizer", restApiId=api, **members)["id"],
        "documentationPartId": part["id"],
        "documentationVersion": version["version"],
    }


def request_for(service: str, name: str, ids: dict[str, str]) -> dict[str, Any]:
    """A request that would succeed for the owner as far as its ids go."""
    shape = registry.service_model(service).operation_model(name).input_shape
    request: dict[str, Any] = {}
    for member, kind in shape.members.items():
        if member in ids:
            request[member] = ids[member]
        elif member == "patchOperations":
            request[member] = PATCH
        elif member in shape.required_members:
            request[member] = specimen(kind, text="pets")
    return request


def outcome(caller: Caller, service: str, name: str, ids: dict[str, str]) -> tuple[str, str]:
    """How a request ends, with its ids taken out of the words."""
    try:
        answer = str(registry.call(caller, service, name, request_for(service, name, ids)))
        ending = ("answered", answer)
    except AwsError as error:
        ending = (error.code, error.message)
    words = ending[1]
    for member in sorted(ROOTS & ids.keys()):
        words = words.replace(ids[member], "(id)")
    return ending[0], words


def test_anothers_ids_are_unknown_ids_in_every_operation(victim: dict[str, str]) -> None:
    stranger = a_caller("333333333333")
    unknown = {**victim, **dict.fromkeys(ROOTS, "zzzzzzzzzz")}
    unknown["resourceArn"] = stranger.arn("/restapis/zzzzzzzzzz")
    unknown["domainName"] = "zzzzzzzzzz.example.com"
    for member in ("domainNameArn", "domainNameAccessAssociationArn"):
        unknown[member] = victim[member].replace("private.example.com", unknown["domainName"])

    anothers = {operation: outcome(stranger, *operation, victim) for operation in operations()}
    nobodys = {operation: outcome(stranger, *operation, unknown) for operation in operations()}

    # A host name leads to one account of the installation, so that others are told when it is taken.
    by_name = ("gatehouse", "PutPortalBrand")
    assert (anothers.pop(by_name)[0], nobodys.pop(by_name)[0]) == ("BadRequestException", "answered")
    assert len(anothers) > 70
    assert anothers == nobodys
    # These filter a list by an id, where an unknown one finds nothing.
    lists = {("apigateway", "GetUsagePlans"), ("gatehouse", "ListSubscriptions")}
    assert {operation for operation, ending in anothers.items() if ending[0] == "answered"} == lists


def test_lists_show_an_account_only_its_own(victim: dict[str, str]) -> None:
    stranger = a_caller("333333333333")

    for name in (
        "GetRestApis",
        "GetApiKeys",
        "GetUsagePlans",
        "GetClientCertificates",
        "GetVpcLinks",
        "GetDomainNames",
        "GetDomainNameAccessAssociations",
    ):
        assert call(stranger, name)["items"] == []
    for name in ("ListProducts", "ListApplications", "ListSubscriptions"):
        assert registry.call(stranger, "gatehouse", name, {})["items"] == []


def test_another_region_is_as_strange_as_another_account(victim: dict[str, str]) -> None:
    abroad = a_caller("222222222222", region="eu-central-1")

    for name in ("GetRestApi", "GetStages", "GetApiKey", "GetUsagePlan", "GetTags"):
        assert outcome(abroad, "apigateway", name, victim)[0] in ("NotFoundException", "BadRequestException")


def test_a_plan_covers_no_stage_of_another_account(victim: dict[str, str]) -> None:
    stranger = a_caller("333333333333")

    with pytest.raises(AwsError, match="API Stage not found"):
        a_plan(stranger, (victim["restApiId"], victim["stageName"]))
