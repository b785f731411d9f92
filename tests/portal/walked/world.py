"""A world with one of everything that pages are about, made by operations within this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from apps.accounts.models import Account, Membership, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.portals import references
from apps.portals.models import Application, ApplicationMember
from portal.demo import seeding
from tests import builders
from tests.control_plane.gatehouse.test_certificates import HOST, a_name, imported
from tests.control_plane.gatehouse.test_truststores import URI, roots
from tests.furnishing import LONG_NAME, Shape, furnish
from tests.portal.developer.people import PASSWORD, person

ENTRANCE = "allauth.account.auth_backends.AuthenticationBackend"
BROWSER = {"HTTP_ACCEPT": "text/html,application/xhtml+xml,*/*;q=0.8"}
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/shop/50dc6c495c0c9188"
POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}],
}


@dataclass(frozen=True)
class World:
    """The people whose pages are walked."""

    caller: Caller
    owner: User
    viewer: User
    developer: User

    def browser(self, user: User | None = None) -> Client:
        """A browser that keeps cookies and shows the forms' tokens, in which somebody is signed in."""
        client = Client(enforce_csrf_checks=True, raise_request_exception=False, **BROWSER)
        if user is not None:
            client.force_login(user, backend=ENTRANCE)
        return client


def make_world() -> World:
    caller = builders.a_caller()

    def perform(service: str, operation: str, request: Shape) -> Shape:
        return registry.call(caller, service, operation, request)

    people = {role: _member(caller, role) for role in ("owner", "editor", "viewer", "reader")}
    pets = seeding.seed(caller, "127.0.0.1:9")
    furnish(perform, pets)
    _rest_api(caller, pets)
    _http_api(caller)
    _account(caller, pets)
    _names(caller, pets)
    _functions(caller)
    _shop(caller, people["owner"])
    builders.a_portal_with_pages(caller, pets_with_prod(caller))
    developer = _developer(caller)
    for row in references.behind().values_list("pk", flat=True):
        references.render(row)
    return World(caller, people["owner"], people["viewer"], developer)


def _member(caller: Caller, role: str) -> User:
    user = User.objects.create_user(role, f"{role}@example.com", PASSWORD)
    account = Account.objects.get(pk=caller.account_id)
    Membership.objects.create(user=user, account=account, role="viewer" if role == "reader" else role)
    return user


def pets_with_prod(caller: Caller) -> str:
    """Another API, deployed, for the pages of API Gateway's portals."""
    api = builders.a_rest_api(caller, {"/pets": {"GET": builders.mock()}}, name="Second")
    builders.a_stage(caller, api)
    return api


def _ours(caller: Caller, operation: str, **members: Any) -> Shape:
    return registry.call(caller, "gatehouse", operation, members)


def _rest_api(caller: Caller, api: str) -> None:
    """What an API can have besides methods."""
    call, at = builders.call, {"restApiId": api}
    where = {"type": "METHOD", "path": "/pets", "method": "OPTIONS"}
    call(caller, "CreateDocumentationPart", **at, location=where, properties=json.dumps({"description": "All pets."}))
    call(caller, "CreateDocumentationVersion", **at, documentationVersion="1", stageName="prod")
    call(caller, "PutGatewayResponse", **at, responseType="THROTTLED", statusCode="420")
    (statement,) = POLICY["Statement"]
    open_to_all = {**POLICY, "Statement": [{**statement, "Principal": "*"}]}
    patches = [{"op": "replace", "path": "/policy", "value": json.dumps(open_to_all)}]
    call(caller, "UpdateRestApi", **at, patchOperations=patches)
    where = {"op": "replace", "path": "/~1pets/GET/throttling/rateLimit", "value": "5"}
    call(caller, "UpdateStage", **at, stageName="prod", patchOperations=[where])
    call(caller, "TagResource", resourceArn=f"arn:aws:apigateway:us-east-1::/restapis/{api}", tags={"team": "shop"})
    _ours(caller, "PutCanaryGuard", restApiId=api, stageName="beta", minimumRequests=10, errorRateMargin=1.0)


def _http_api(caller: Caller) -> None:
    v2 = builders.call_v2
    apis = {item["Name"]: item["ApiId"] for item in v2(caller, "GetApis")["Items"]}
    at = {"ApiId": apis["Orders"]}
    v2(caller, "CreateStage", **at, StageName="dev")
    v2(caller, "CreateDeployment", **at, StageName="dev")
    authorizer = {
        "AuthorizerType": "REQUEST",
        "AuthorizerPayloadFormatVersion": "2.0",
        "IdentitySource": ["$request.header.x"],
    }
    arn = f"arn:aws:lambda:us-east-1:{caller.account_id}:function:{LONG_NAME}"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    v2(caller, "CreateAuthorizer", **at, Name="mine", AuthorizerUri=uri, **authorizer)
    v2(caller, "CreateVpcLink", Name="subnets", SubnetIds=["subnet-12345678"])
    chat = {"ApiId": apis["Chat"]}
    integration = v2(caller, "GetIntegrations", **chat)["Items"][0]["IntegrationId"]
    v2(caller, "CreateIntegrationResponse", **chat, IntegrationId=integration, IntegrationResponseKey="$default")
    v2(caller, "CreateDeployment", **chat)


def _account(caller: Caller, api: str) -> None:
    _ours(caller, "CreateAccessKey", userName="owner")
    _ours(caller, "PutUserPolicy", userName="viewer", policyName="calls", policyDocument=json.dumps(POLICY))
    _ours(caller, "PutTeam", teamName="shop", role="editor", apiIds=[api])
    _ours(caller, "PutTeamMember", teamName="shop", userName="reader")
    _ours(caller, "GetOidcIssuer")  # its key is made when it is first asked for
    _ours(caller, "CreateOAuthClient", name="robot", grantType="client_credentials", scopes=["pets/read"])
    _ours(caller, "PutLoadBalancer", loadBalancerArn=BALANCER, targets=[{"host": "10.0.0.7", "port": 80}])
    _ours(caller, "CreateWebhook", url="https://example.com/hook", events=["key.created"])
    key = builders.a_key(caller, name="in a plan")
    plan = builders.call(caller, "GetUsagePlans")["items"][0]["id"]
    builders.subscribe(caller, plan, key)


def _names(caller: Caller, api: str) -> None:
    _ours(caller, "PutTruststore", truststoreUri=URI, certificates=roots())
    a_name(caller, imported(caller)["certificateArn"])
    builders.call(caller, "CreateBasePathMapping", domainName=HOST, basePath="pets", restApiId=api, stage="prod")
    other = "rules.example.com"
    a_name(caller, imported(caller, other)["certificateArn"], domainName=other, routingMode="ROUTING_RULE_ONLY")
    actions = [{"InvokeApi": {"ApiId": api, "Stage": "prod"}}]
    for priority in (1, 2):
        rule = {"DomainName": other, "Priority": priority, "Conditions": [], "Actions": actions}
        builders.call_v2(caller, "CreateRoutingRule", **rule)


def _functions(caller: Caller) -> None:
    def ours(operation: str, **members: Any) -> Shape:
        return registry.call(caller, "lambda", operation, {"FunctionName": LONG_NAME, **members})

    version = ours("PublishVersion")["Version"]
    ours("CreateAlias", Name="live", FunctionVersion=version)
    ours(
        "AddPermission",
        StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com",
    )  # fmt: skip


def _shop(caller: Caller, owner: User) -> None:
    """What visitors of the developer portal find beside the demo's product."""
    product = _ours(caller, "ListProducts")["items"][0]["productId"]
    _ours(caller, "CreateChangelogEntry", productId=product, title="Opened", version="1.0", body="Hello.", notify=False)
    _ours(caller, "PutPortalBrand", name="Pet shop", brandColor="#0e6c5b")
    _ours(caller, "PutAudience", audienceName="partners", entries=["@example.com"])
    for slug in ("first-steps", "home", "support"):
        _ours(caller, "PutPortalPage", slug=slug, title=slug, body="# Hello", published=True)


def _developer(caller: Caller) -> User:
    """A developer with an application that has everything, and a subscription that waits for approval."""
    user = person("ada@example.com")
    mine = {"ownerId": str(user.pk)}
    product = _ours(caller, "ListProducts")["items"][0]
    application = {"applicationId": _ours(caller, "CreateApplication", **mine, name="Shelter")["applicationId"]}
    free = product["usagePlans"][0]["usagePlanId"]
    _ours(caller, "Subscribe", **application, **mine, productId=product["productId"], usagePlanId=free)
    waiting = {"applicationId": _ours(caller, "CreateApplication", **mine, name="Waiting")["applicationId"]}
    paid = product["usagePlans"][1]["usagePlanId"]
    _ours(caller, "Subscribe", **waiting, **mine, productId=product["productId"], usagePlanId=paid)
    _ours(caller, "CreateApplicationKey", **application, **mine, label="staging", additional=True)
    _ours(caller, "CreateApplicationClient", **application, **mine, name="robot", grantType="client_credentials")
    row = Application.objects.get(application_id=application["applicationId"])
    ApplicationMember.objects.create(
        application=row, email="grace@example.com", user=person("grace@example.com"), role="viewer"
    )
    return user


def places(world: World) -> dict[str, list[str]]:
    """Where the walks of these people begin: at home, and at what differs from others of its kind."""
    api = builders.call(world.caller, "GetRestApis")["items"]
    pets = next(item["id"] for item in api if item["name"] == "PetStore")
    resources = builders.call(world.caller, "GetResources", restApiId=pets)["items"]
    below = next(item["id"] for item in resources if item["path"] == "/pets")
    shelter = Application.objects.get(name="Shelter").application_id
    return {
        "owner": [
            "/console/",
            f"/console/apis/{pets}/?resource={below}",
            "/console/domain-names/of/rules.example.com/",
            f"/console/domain-names/of/{HOST}/",
            "/console/people/viewer/policies/",
        ],
        "viewer": [],
        "developer": ["/", f"/apps/{shelter}/"],
        "": ["/", "/console/", "/sign-up/", "/password/reset/"],
    }
