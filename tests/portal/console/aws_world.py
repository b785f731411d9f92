"""One of everything that AWS's console has pages for, made through the operations."""

from __future__ import annotations

from typing import Any

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from portal.console.function_packages import packed
from tests.builders import (
    a_key,
    a_plan,
    a_portal_with_pages,
    a_rest_api,
    a_stage,
    a_websocket_api,
    an_http_api,
    call,
    call_v2,
    http,
    mock,
    subscribe,
)  # fmt: skip
from tests.control_plane.gatehouse.test_certificates import HOST, a_name, imported

LOAD_BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/inner/0123456789abcdef"
ROLE = "arn:aws:iam::123456789012:role/pets"


def furnish(caller: Caller) -> None:
    """APIs of the three kinds with all that hangs on them, and all that an account has beside its APIs."""
    function = _function(caller)
    pets = _rest_api(caller, function)
    _http_api(caller, function)
    _websocket_api(caller)
    a_portal_with_pages(caller, pets)
    certificate = imported(caller)
    a_name(caller, certificate["certificateArn"])
    call(caller, "CreateBasePathMapping", domainName=HOST, restApiId=pets, stage="prod", basePath="shop")
    call(caller, "CreateVpcLink", name="inside", targetArns=[LOAD_BALANCER])
    call_v2(caller, "CreateVpcLink", Name="subnets", SubnetIds=["subnet-1"])
    call(caller, "GenerateClientCertificate", description="for back ends")
    key = a_key(caller, name="a customer")
    subscribe(caller, a_plan(caller, (pets, "prod"), name="Gold", quota={"limit": 10, "period": "DAY"}), key)


def _function(caller: Caller) -> str:
    request: dict[str, Any] = {
        "FunctionName": "pets", "Runtime": "python3.12", "Handler": "app.handler", "Role": ROLE,
        "Code": {"ZipFile": packed("app.py", "def handler(event, context):\n    return {}\n")},
    }  # fmt: skip
    return str(registry.call(caller, "lambda", "CreateFunction", request)["FunctionArn"])


def invoked(function: str) -> str:
    """How an integration or an authorizer names a function."""
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"


def _rest_api(caller: Caller, function: str) -> str:
    paths = {
        "/pets": {"GET": mock(), "POST": http("https://example.com/pets")},
        "/{proxy+}": {"ANY": http("https://example.com/{proxy}")},
    }
    api = a_rest_api(caller, paths, name="PetStore")
    call(
        caller, "CreateAuthorizer", restApiId=api, name="token", type="TOKEN", authorizerUri=invoked(function),
        identitySource="method.request.header.Authorization",
    )  # fmt: skip
    call(caller, "CreateModel", restApiId=api, name="Pet", contentType="application/json", schema='{"type": "object"}')
    call(
        caller,
        "CreateRequestValidator",
        restApiId=api,
        name="both",
        validateRequestBody=True,
        validateRequestParameters=True,
    )
    call(caller, "CreateDocumentationVersion", restApiId=api, documentationVersion="v1")
    a_stage(caller, api)
    a_stage(caller, api, cacheClusterEnabled=True, cacheClusterSize="0.5")
    a_stage(caller, api, "beta")
    call(caller, "CreateDeployment", restApiId=api, stageName="beta", canarySettings={"percentTraffic": 20})
    return api


def _http_api(caller: Caller, function: str) -> None:
    api = an_http_api(caller, "GET /orders", Name="Orders", CorsConfiguration={"AllowOrigins": ["*"]})
    call_v2(
        caller, "CreateAuthorizer", ApiId=api, Name="people", AuthorizerType="REQUEST", AuthorizerUri=invoked(function),
        IdentitySource=["$request.header.Authorization"], AuthorizerPayloadFormatVersion="2.0",
    )  # fmt: skip
    call_v2(caller, "CreateStage", ApiId=api, StageName="$default", AutoDeploy=True)
    call_v2(caller, "CreateStage", ApiId=api, StageName="beta")


def _websocket_api(caller: Caller) -> None:
    api = {"ApiId": a_websocket_api(caller, Name="Chat")}
    templates = {"application/json": '{"statusCode": 200}'}
    made = call_v2(caller, "CreateIntegration", **api, IntegrationType="MOCK", RequestTemplates=templates)
    target = f"integrations/{made['IntegrationId']}"
    route = call_v2(
        caller, "CreateRoute", **api, RouteKey="say", Target=target, RouteResponseSelectionExpression="$default"
    )
    call_v2(caller, "CreateRouteResponse", **api, RouteId=route["RouteId"], RouteResponseKey="$default")
    call_v2(caller, "CreateModel", **api, Name="Say", ContentType="application/json", Schema='{"type": "object"}')
    call_v2(caller, "CreateStage", **api, StageName="prod", AutoDeploy=True)
