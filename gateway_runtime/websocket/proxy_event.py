"""The events that Lambda functions of WebSocket APIs are invoked with, as AWS shapes them."""

from __future__ import annotations

from typing import Any

import orjson

from gateway_runtime.edge.canonical import group_query
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.forwarding import trace_id
from gateway_runtime.mapping.context import common_log_time, header, put_nested


def proxy_event(exchange: Exchange, body: bytes) -> bytes:
    """What an AWS_PROXY integration is told: the handshake of `$connect`, the message, or how the connection ended."""
    event = exchange.socket
    assert event is not None
    exchange.trace_id = trace_id(exchange)
    told: dict[str, Any] = handshake(exchange) if event.kind == "CONNECT" else {}
    variables = exchange.stage_variables()
    if variables:
        told["stageVariables"] = dict(variables)
    told["requestContext"] = request_context(exchange)
    if event.kind == "DISCONNECT":
        told["headers"] = {"Host": exchange.request.host, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
        told["multiValueHeaders"] = {name: [value] for name, value in told["headers"].items()}
    if event.kind == "MESSAGE":
        told["body"] = body.decode("utf-8", "replace")
    told["isBase64Encoded"] = False
    return orjson.dumps(told)


def handshake(exchange: Exchange) -> dict[str, Any]:
    """Headers and query of the request that opened the connection; a query is told only where there is one."""
    headers: dict[str, list[str]] = {}
    for name, value in exchange.request.headers:
        headers.setdefault(_spelled(name), []).append(value.decode("latin-1"))
    query = group_query(exchange.request.query)
    told: dict[str, Any] = {
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
    }
    if query:
        told["queryStringParameters"] = {name: values[-1] for name, values in query.items()}
        told["multiValueQueryStringParameters"] = query
    return told


def request_context(exchange: Exchange) -> dict[str, Any]:
    """`requestContext` of an event."""
    event, stage = exchange.socket, exchange.stage
    assert event is not None
    assert stage is not None
    connection = event.connection
    identity: dict[str, Any] = {"sourceIp": exchange.request.client_ip}
    put_nested(identity, exchange.identity)
    agent = header(exchange, b"user-agent")
    if agent is not None:
        identity["userAgent"] = agent
    context: dict[str, Any] = {
        "routeKey": event.route_key,
        "eventType": event.kind,
        "extendedRequestId": exchange.extended_id,
        "requestTime": common_log_time(int(exchange.received_at)),
        "messageDirection": "IN",
        "stage": stage.document.stage_name,
        "connectedAt": int(connection.connected_at * 1000),
        "requestTimeEpoch": int(exchange.received_at * 1000),
        "identity": identity,
        "requestId": exchange.request_id,
        "domainName": exchange.request.host,
        "connectionId": connection.id,
        "apiId": stage.document.api_id,
    }
    if event.message_id is not None:
        context["messageId"] = event.message_id
    if event.kind == "DISCONNECT":
        context["disconnectStatusCode"] = event.disconnect_code
        context["disconnectReason"] = event.disconnect_reason
    if exchange.authorizer:
        context["authorizer"] = exchange.authorizer
    return context


def _spelled(name: bytes) -> str:
    """Headers of a handshake are spelled as browsers do; the edge has them in lower case."""
    return "-".join(part.capitalize() for part in name.decode("latin-1").split("-"))
