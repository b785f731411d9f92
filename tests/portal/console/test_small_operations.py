"""Operations behind single buttons: descriptions, names, what is forgotten, and who gets tokens."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.deployments.models import Stage
from tests.builders import a_rest_api, a_stage, a_websocket_api, an_http_api, call, call_v2, mock, ours
from tests.portal.console.reading import text, words

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/shop/50dc6c495c0c9188"


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def test_a_link_of_http_apis_is_made_renamed_and_deleted(owner: Client, caller: Caller) -> None:
    owner.post(url("create_subnet_link"), {"name": "shop", "subnets": "subnet-0a1b2c3d", "groups": "sg-0a1b2c3d"})
    (link,) = call_v2(caller, "GetVpcLinks")["Items"]
    assert (link["Name"], link["SubnetIds"], link["SecurityGroupIds"]) == ("shop", ["subnet-0a1b2c3d"], ["sg-0a1b2c3d"])

    owner.post(url("rename_subnet_link", link["VpcLinkId"]), {"name": "store"})
    assert "store" in words(owner.get(url("vpc_links")))

    owner.post(url("delete_subnet_link", link["VpcLinkId"]), {"confirmation": link["VpcLinkId"]})
    assert call_v2(caller, "GetVpcLinks")["Items"] == []


@pytest.mark.parametrize("subnets", ["", "nonsense"])
def test_a_link_without_real_subnets_is_told_in_the_form(owner: Client, caller: Caller, subnets: str) -> None:
    assert owner.post(url("create_subnet_link"), {"name": "shop", "subnets": subnets}).status_code == 422


def test_a_link_of_rest_apis_is_renamed_and_its_targets_forgotten(owner: Client, caller: Caller) -> None:
    link = call(caller, "CreateVpcLink", name="shop", targetArns=[ARN])["id"]
    ours(caller, "PutLoadBalancer", loadBalancerArn=ARN, targets=[{"host": "10.0.0.5", "port": 80}])

    owner.post(url("rename_vpc_link", link), {"name": "store", "description": "Where pets are sold"})
    owner.post(url("forget_targets", link), {"confirmation": link})

    shown = call(caller, "GetVpcLink", vpcLinkId=link)
    assert (shown["name"], shown["description"]) == ("store", "Where pets are sold")
    assert ours(caller, "ListLoadBalancers")["items"] == []


def test_a_link_saved_as_it_was_says_so_too(owner: Client, caller: Caller) -> None:
    link = call(caller, "CreateVpcLink", name="shop", targetArns=[ARN])["id"]

    answer = owner.post(url("rename_vpc_link", link), {"name": "shop", "description": ""}, follow=True)

    assert "The link is saved." in words(answer)


def test_a_client_certificate_is_described_anew(owner: Client, caller: Caller) -> None:
    made = call(caller, "GenerateClientCertificate")["clientCertificateId"]

    owner.post(url("describe_client_certificate", made), {"description": "for the shop"})

    assert call(caller, "GetClientCertificate", clientCertificateId=made)["description"] == "for the shop"


def test_the_accounts_log_role_is_kept_and_a_bad_one_told(owner: Client, caller: Caller) -> None:
    role = "arn:aws:iam::123456789012:role/logs"
    owner.post(url("log_role"), {"role": role})
    assert call(caller, "GetAccount")["cloudwatchRoleArn"] == role

    answer = owner.post(url("log_role"), {"role": "nonsense"}, follow=True)
    assert "does not have required permissions" in words(answer)


def test_a_renamed_resource_takes_what_is_below_along(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets/{id}": {"GET": mock()}})
    pets = next(row for row in call(caller, "GetResources", restApiId=api)["items"] if row["path"] == "/pets")

    owner.post(url("rename_resource", api, pets["id"]), {"path_part": "animals"})

    assert {row["path"] for row in call(caller, "GetResources", restApiId=api)["items"]} == {
        "/",
        "/animals",
        "/animals/{id}",
    }


def test_deployments_are_described_and_those_that_no_stage_runs_deleted(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": mock()}})
    a_stage(caller, api)
    old = call(caller, "GetStage", restApiId=api, stageName="prod")["deploymentId"]
    idle = call(caller, "CreateDeployment", restApiId=api)["id"]

    owner.post(url("describe_deployment", api, old), {"description": "The first"})
    owner.post(url("delete_deployment", api, idle), {"confirmation": idle})
    refused = owner.post(url("delete_deployment", api, old), {"confirmation": old}, follow=True)

    (left,) = call(caller, "GetDeployments", restApiId=api)["items"]
    assert (left["id"], left["description"]) == (old, "The first")
    assert "Active stages pointing to this deployment" in words(refused)


def test_a_deployment_of_an_http_api_is_described(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")
    made = call_v2(caller, "CreateDeployment", ApiId=api)["DeploymentId"]

    owner.post(url("v2_describe_deployment", api, made), {"description": "The first"})

    assert call_v2(caller, "GetDeployment", ApiId=api, DeploymentId=made)["Description"] == "The first"


def test_a_stage_of_a_rest_api_forgets_what_authorizers_decided(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": mock()}})
    a_stage(caller, api)

    page = owner.post(url("forget_stage_authorizers", api, "prod"), follow=True)

    assert "prod asks its authorizers again" in words(page)


def test_a_web_acl_is_shown_and_said_not_to_be_evaluated(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": mock()}})
    a_stage(caller, api)
    assert "Web ACL" not in words(owner.get(url("stage", api, "prod")))

    Stage.objects.update(web_acl_arn="arn:aws:wafv2:us-east-1:123456789012:regional/webacl/shop/1")

    page = words(owner.get(url("stage", api, "prod")))
    assert "regional/webacl/shop/1" in page
    assert "its rules are not evaluated here" in page


def test_an_endpoint_is_associated_with_a_private_name_and_let_go(owner: Client, caller: Caller) -> None:
    name = call(
        caller,
        "CreateDomainName",
        domainName="private.example.com",
        certificateArn="arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-0000-0000-000000000000",
        endpointConfiguration={"types": ["PRIVATE"]},
        securityPolicy="TLS_1_2",
    )
    owner.post(url("access_associations"), {"domain": name["domainNameArn"], "source": "vpce-0a1b2c3d"})

    page = owner.get(url("access_associations"))
    (one,) = page.context["associations"]
    assert (one["accessAssociationSource"], one["own"]) == ("vpce-0a1b2c3d", True)

    arn = one["domainNameAccessAssociationArn"]
    owner.post(url("end_access_association"), {"association": arn, "confirmation": arn.rpartition("/")[2]})
    assert owner.get(url("access_associations")).context["associations"] == []


def test_an_association_that_cannot_be_is_told(owner: Client) -> None:
    answer = owner.post(url("access_associations"), {"domain": "nonsense", "source": "vpce-0a1b2c3d"})

    assert answer.status_code in (404, 422)


def test_a_client_of_the_issuer_is_made_and_shows_its_secret_once(owner: Client, caller: Caller) -> None:
    made = owner.post(url("oauth_clients"), {"name": "robot", "kind": "program", "scopes": "pets:read"})

    secret = made.context["made"]["clientSecret"]
    assert secret in text(made)
    (client,) = ours(caller, "ListOAuthClients")["items"]
    assert (client["name"], client["scopes"]) == ("robot", ["pets:read"])
    assert secret not in text(owner.get(url("oauth_clients")))

    rotated = owner.post(url("rotate_oauth_client", client["clientId"]), {"confirmation": client["clientId"]}).context[
        "made"
    ]["clientSecret"]
    assert rotated != secret

    owner.post(url("delete_oauth_client", client["clientId"]), {"confirmation": client["clientId"]})
    assert ours(caller, "ListOAuthClients")["items"] == []


def test_a_client_that_cannot_be_is_told_in_the_form(owner: Client) -> None:
    answer = owner.post(url("oauth_clients"), {"name": "app", "kind": "browser", "redirects": "ftp://nowhere"})

    assert answer.status_code == 422


def test_only_owners_rotate_the_key_that_signs(owner: Client, member: Any, caller: Caller) -> None:
    before = ours(caller, "GetOidcIssuer")["keyIds"]
    assert member("editor").post(url("rotate_signing_key")).status_code == 403
    assert ours(caller, "GetOidcIssuer")["keyIds"] == before

    owner.post(url("rotate_signing_key"))
    assert ours(caller, "GetOidcIssuer")["keyIds"] != before


@pytest.mark.parametrize("view", ["access_associations", "oauth_clients", "create_subnet_link"])
def test_viewers_change_none_of_it(viewer: Client, view: str) -> None:
    given = {"name": "x", "kind": "program", "subnets": "subnet-0a1b2c3d", "domain": "x", "source": "vpce-1"}

    assert viewer.post(url(view), given).status_code == 403


def test_a_path_of_a_domain_name_leads_to_another_stage(owner: Client, caller: Caller) -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-0000-0000-000000000000"
    call(caller, "CreateDomainName", domainName="shop.example.com", regionalCertificateArn=arn, endpointConfiguration={"types": ["REGIONAL"]})  # fmt: skip
    first, second = an_http_api(caller, "GET /a"), an_http_api(caller, "GET /b")
    for api in (first, second):
        call_v2(caller, "CreateStage", ApiId=api, StageName="prod", AutoDeploy=True)
    made = call_v2(caller, "CreateApiMapping", DomainName="shop.example.com", ApiId=first, Stage="prod", ApiMappingKey="pets")  # fmt: skip

    owner.post(url("change_mapping", "shop.example.com", made["ApiMappingId"]), {"stage": f"{second}:prod"})

    (shown,) = call_v2(caller, "GetApiMappings", DomainName="shop.example.com")["Items"]
    assert (shown["ApiId"], shown["ApiMappingKey"]) == (second, "pets")


def test_a_route_that_answers_says_how(owner: Client, caller: Caller) -> None:
    api = a_websocket_api(caller)
    call_v2(caller, "CreateModel", ApiId=api, Name="Pet", ContentType="application/json", Schema='{"type": "object"}')
    route = call_v2(caller, "CreateRoute", ApiId=api, RouteKey="join", RouteResponseSelectionExpression="$default")
    page = url("v2_route_response", api, route["RouteId"])
    assert owner.get(page).status_code == 404
    call_v2(caller, "CreateRouteResponse", ApiId=api, RouteId=route["RouteId"], RouteResponseKey="$default")

    owner.post(page, {"expression": "$request.body.kind", "models": "pet = Pet", "parameters": ""})
    (answer,) = call_v2(caller, "GetRouteResponses", ApiId=api, RouteId=route["RouteId"])["Items"]
    assert (answer["ModelSelectionExpression"], answer["ResponseModels"]) == (
        "$request.body.kind",
        {"pet": "Pet"},
    )

    refused = owner.post(page, {"models": "pet = Nobody"})
    assert (refused.status_code, "Invalid model name specified: Nobody" in words(refused)) == (422, True)


@pytest.mark.parametrize("kind", ["restapis", "apis", "apikeys", "usageplans", "clientcertificates"])
def test_whatever_has_tags_has_a_page_of_them(owner: Client, caller: Caller, kind: str) -> None:
    made = {
        "restapis": lambda: a_rest_api(caller),
        "apis": lambda: an_http_api(caller),
        "apikeys": lambda: call(caller, "CreateApiKey", name="robot")["id"],
        "usageplans": lambda: call(caller, "CreateUsagePlan", name="Free")["id"],
        "clientcertificates": lambda: call(caller, "GenerateClientCertificate")["clientCertificateId"],
    }[kind]()
    page, arn = f"{url('tags')}?of=/{kind}/{made}", caller.arn(f"/{kind}/{made}")

    assert owner.post(page, {"tags": "team = pets\nstage = one"}).status_code == 302
    assert call(caller, "GetTags", resourceArn=arn)["tags"] == {"team": "pets", "stage": "one"}

    owner.post(page, {"tags": "team = shop"})
    assert call(caller, "GetTags", resourceArn=arn)["tags"] == {"team": "shop"}


def test_the_pages_of_tagged_things_lead_to_their_tags(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")
    call_v2(caller, "CreateStage", ApiId=api, StageName="$default", AutoDeploy=True)

    stage = text(owner.get(url("v2_stage", api, "$default")))

    assert f"{url('tags')}?of=/apis/{api}/stages/%24default" in stage
    assert owner.get(f"{url('tags')}?of=/apis/{api}/stages/%24default").status_code == 200


def test_tags_that_cannot_be_are_told_and_none_is_changed(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    page = f"{url('tags')}?of=/restapis/{api}"

    answer = owner.post(page, {"tags": "team = pets\naws:mine = x"})

    assert answer.status_code == 422
    assert call(caller, "GetTags", resourceArn=caller.arn(f"/restapis/{api}"))["tags"] == {}


def test_tags_of_others_and_of_nothing_are_not_found(
    owner: Client, viewer: Client, caller: Caller, elsewhere: Caller
) -> None:
    assert owner.get(f"{url('tags')}?of=/restapis/{a_rest_api(elsewhere)}").status_code == 404
    assert owner.get(f"{url('tags')}?of=https://example.com").status_code == 404
    api = a_rest_api(caller)
    assert viewer.post(f"{url('tags')}?of=/restapis/{api}", {"tags": "a = b"}).status_code == 403


def test_a_stage_of_a_websocket_api_shows_back_ends_a_certificate(owner: Client, caller: Caller) -> None:
    api = a_websocket_api(caller)
    call_v2(caller, "CreateStage", ApiId=api, StageName="prod")
    certificate = call(caller, "GenerateClientCertificate", description="ours")["clientCertificateId"]
    form = owner.get(url("v2_stage", api, "prod")).context["form"]
    given = {name: value for name, value in form.initial.items() if value and not isinstance(value, dict)}

    owner.post(url("v2_stage", api, "prod"), {**given, "log_level": "OFF", "certificate": certificate})
    assert call_v2(caller, "GetStage", ApiId=api, StageName="prod")["ClientCertificateId"] == certificate

    owner.post(url("v2_stage", api, "prod"), {**given, "log_level": "OFF", "certificate": ""})
    assert not call_v2(caller, "GetStage", ApiId=api, StageName="prod").get("ClientCertificateId")
