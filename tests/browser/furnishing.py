"""One of everything that the console has pages for, made by AWS's own client, so that a crawl of links reaches them all."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import boto3

from tests.installation import Installation

CODE = 'def handler(event, context):\n    return {"statusCode": 200, "body": "ok"}\n'
LONG_NAME = "orders-handler-with-a-rather-long-name-for-tables"


def furnish(product: Installation) -> None:
    """HTTP and WebSocket APIs, a function, authorizers, a canary, a domain name, certificates, links, keys and a plan."""
    arguments = product.boto3_arguments()
    rest, routes = boto3.client("apigateway", **arguments), boto3.client("apigatewayv2", **arguments)
    pets = next(api["id"] for api in rest.get_rest_apis()["items"] if api["name"] == "PetStore")
    function = boto3.client("lambda", **arguments).create_function(
        FunctionName=LONG_NAME, Runtime="python3.11", Handler="index.handler",
        Role="arn:aws:iam::123456789012:role/orders", Code={"ZipFile": _package()},
    )  # fmt: skip
    _http_api(routes)
    _websocket_api(routes)
    invoked = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function['FunctionArn']}/invocations"
    rest.create_authorizer(
        restApiId=pets, name="token", type="TOKEN", authorizerUri=invoked, identitySource="method.request.header.Authorization"
    )  # fmt: skip
    rest.create_deployment(restApiId=pets, stageName="beta")
    rest.create_deployment(restApiId=pets, stageName="beta", canarySettings={"percentTraffic": 20})
    rest.generate_client_certificate(description="for back ends")
    inside = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/inner/0123456789abcdef"
    rest.create_vpc_link(name="inside", targetArns=[inside])
    rest.create_api_key(name="a customer's key", enabled=False)
    rest.create_request_validator(restApiId=pets, name="both", validateRequestBody=True, validateRequestParameters=True)


def _package() -> bytes:
    folded = io.BytesIO()
    with zipfile.ZipFile(folded, "w") as package:
        package.writestr("index.py", CODE)
        package.writestr("lib/words.py", "WORDS = []\n")
    return folded.getvalue()


def _http_api(client: Any) -> None:
    api = client.create_api(
        Name="Orders", ProtocolType="HTTP", Target="https://example.com/orders", CorsConfiguration={"AllowOrigins": ["*"]}
    )  # fmt: skip
    client.create_route(ApiId=api["ApiId"], RouteKey="GET /orders/{id}")


def _websocket_api(client: Any) -> None:
    api = client.create_api(Name="Chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    place = {"ApiId": api["ApiId"]}
    integration = client.create_integration(
        **place, IntegrationType="MOCK", RequestTemplates={"application/json": '{"statusCode": 200}'}
    )
    route = client.create_route(
        **place, RouteKey="say", Target=f"integrations/{integration['IntegrationId']}", RouteResponseSelectionExpression="$default"
    )  # fmt: skip
    client.create_route_response(**place, RouteId=route["RouteId"], RouteResponseKey="$default")
    client.create_model(**place, Name="Say", ContentType="application/json", Schema='{"type": "object"}')
    client.create_stage(**place, StageName="prod", AutoDeploy=True)
