"""The events that Lambda authorizers are invoked with, as AWS shapes them (payload format 1.0)."""

from __future__ import annotations

from typing import Any

from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.proxy_event import ProxyEvents
from gateway_runtime.mapping.context import header
from gateway_runtime.snapshot.stage import MethodSite
from gateway_runtime.websocket.proxy_event import handshake, request_context

Event = dict[str, Any]

_MAPS = (
    "headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters",
    "stageVariables",
)  # fmt: skip


def token_event(token: str, method_arn: str) -> Event:
    """What a TOKEN authorizer is told."""
    return {"type": "TOKEN", "methodArn": method_arn, "authorizationToken": token}


def request_event(site: MethodSite, exchange: Exchange, method_arn: str) -> Event:
    """What a REQUEST authorizer is told: what the function behind the method would be, without a body. Where a request has nothing
    of a kind the map is empty, and an API key is there before anybody has checked it."""
    members = ProxyEvents(site).request_members(exchange)
    for name in _MAPS:
        members[name] = members[name] or {}
    key = header(exchange, b"x-api-key")
    if key is not None:
        members["requestContext"]["identity"]["apiKey"] = key
    return {"type": "REQUEST", "methodArn": method_arn, **members}


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
