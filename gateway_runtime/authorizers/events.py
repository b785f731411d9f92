"""The events that Lambda authorizers are invoked with, as AWS shapes them (payload format 1.0)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from gateway_runtime.edge.canonical import group_query
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.context import VARIABLES
from gateway_runtime.websocket.proxy_event import handshake, request_context

Event = dict[str, Any]

_OF_REQUEST = (
    "resourceId", "resourcePath", "httpMethod", "extendedRequestId", "requestTime", "path", "accountId", "protocol",
    "stage", "domainPrefix", "requestId", "domainName", "deploymentId", "apiId",
)  # fmt: skip
_OF_CALLER = (
    "cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "principalOrgId", "accessKey",
    "cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "user",
)  # fmt: skip


def token_event(token: str, method_arn: str) -> Event:
    """What a TOKEN authorizer is told."""
    return {"type": "TOKEN", "methodArn": method_arn, "authorizationToken": token}


def request_event(exchange: Exchange, method_arn: str) -> Event:
    """What a REQUEST authorizer is told. Where a request has nothing of a kind, the map is empty."""
    method = exchange.method
    assert method is not None
    headers: dict[str, list[str]] = {}
    for name, value in exchange.request.headers:
        headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    query = group_query(exchange.request.query)
    return {
        "type": "REQUEST",
        "methodArn": method_arn,
        "resource": method.resource_path,
        "path": _path_below_stage(exchange),
        "httpMethod": exchange.request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()},
        "multiValueQueryStringParameters": query,
        "pathParameters": {name: unquote(value) for name, value in exchange.path_values.items()},
        "stageVariables": exchange.stage_variables(),
        "requestContext": _request_context(exchange),
    }


def connect_event(exchange: Exchange, method_arn: str) -> Event:
    """What the REQUEST authorizer of a WebSocket API's `$connect` is told."""
    return {
        "type": "REQUEST",
        "methodArn": method_arn,
        "queryStringParameters": {},
        "multiValueQueryStringParameters": {},
        **handshake(exchange),
        "stageVariables": exchange.stage_variables(),
        "requestContext": request_context(exchange),
    }


def _path_below_stage(exchange: Exchange) -> str:
    stage = exchange.stage
    prefix = "" if stage is None else f"/{stage.document.stage_name}"
    path = exchange.path
    return path.removeprefix(prefix) or "/" if path.startswith((f"{prefix}/", prefix)) else path


def _request_context(exchange: Exchange) -> Event:
    identity: dict[str, Any] = dict.fromkeys(_OF_CALLER)
    identity["sourceIp"] = exchange.request.client_ip
    identity["userAgent"] = VARIABLES["identity.userAgent"](exchange)
    key = exchange.request.header(b"x-api-key")
    if key is not None:
        identity["apiKey"] = key.decode("latin-1")
    return {
        **{name: VARIABLES[name](exchange) for name in _OF_REQUEST},
        "requestTimeEpoch": int(exchange.received_at * 1000),
        "identity": identity,
    }
