"""One of everything that the console has pages for, made by AWS's own operations, so that a crawl of links reaches them all."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

Shape = dict[str, Any]
Perform = Callable[[str, str, Shape], Shape]
"""Service, operation and request: `registry.call` of a caller, or a client of AWS."""

CODE = 'def handler(event, context):\n    return {"statusCode": 200, "body": "ok"}\n'
LONG_NAME = "orders-handler-with-a-rather-long-name-for-tables"


def furnish(perform: Perform, pets: str) -> None:
    """HTTP and WebSocket APIs, a function, authorizers, a canary, certificates, links and keys beside the API `pets`."""

    def rest(operation: str, **members: Any) -> Shape:
        return perform("apigateway", operation, members)

    function = perform(
        "lambda",
        "CreateFunction",
        {
            "FunctionName": LONG_NAME, "Runtime": "python3.11", "Handler": "index.handler",
            "Role": "arn:aws:iam::123456789012:role/orders", "Code": {"ZipFile": _package()},
        },
    )  # fmt: skip
    _http_api(perform)
    _websocket_api(perform)
    invoked = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function['FunctionArn']}/invocations"
    rest(
        "CreateAuthorizer",
        restApiId=pets, name="token", type="TOKEN", authorizerUri=invoked, identitySource="method.request.header.Authorization",
    )  # fmt: skip
    rest("CreateDeployment", restApiId=pets, stageName="beta")
    rest("CreateDeployment", restApiId=pets, stageName="beta", canarySettings={"percentTraffic": 20.0})
    rest("GenerateClientCertificate", description="for back ends")
    inside = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/inner/0123456789abcdef"
    rest("CreateVpcLink", name="inside", targetArns=[inside])
    rest("CreateApiKey", name="a customer's key", enabled=False)
    rest(
        "CreateRequestValidator",
        restApiId=pets, name="both", validateRequestBody=True, validateRequestParameters=True,
    )  # fmt: skip


def _package() -> bytes:
    folded = io.BytesIO()
    with zipfile.ZipFile(folded, "w") as package:
        package.writestr("index.py", CODE)
        package.writestr("lib/words.py", "WORDS = []\n")
    return folded.getvalue()


def _http_api(perform: Perform) -> None:
    request = {
        "Name": "Orders", "ProtocolType": "HTTP", "Target": "https://example.com/orders", "CorsConfiguration": {"AllowOrigins": ["*"]},
    }  # fmt: skip
    api = perform("apigatewayv2", "CreateApi", request)
    perform("apigatewayv2", "CreateRoute", {"ApiId": api["ApiId"], "RouteKey": "GET /orders/{id}"})


def _websocket_api(perform: Perform) -> None:
    request = {"Name": "Chat", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}
    api_id = perform("apigatewayv2", "CreateApi", request)["ApiId"]

    def make(operation: str, **members: Any) -> Shape:
        return perform("apigatewayv2", operation, {"ApiId": api_id, **members})

    templates = {"application/json": '{"statusCode": 200}'}
    integration = make("CreateIntegration", IntegrationType="MOCK", RequestTemplates=templates)
    route = make(
        "CreateRoute",
        RouteKey="say", Target=f"integrations/{integration['IntegrationId']}", RouteResponseSelectionExpression="$default",
    )  # fmt: skip
    make("CreateRouteResponse", RouteId=route["RouteId"], RouteResponseKey="$default")
    make("CreateModel", Name="Say", ContentType="application/json", Schema='{"type": "object"}')
    make("CreateStage", StageName="prod", AutoDeploy=True)
