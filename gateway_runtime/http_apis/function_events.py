"""The events that Lambda functions of HTTP APIs are invoked with: payload formats 2.0 and 1.0, of integrations and authorizers.

(AWS: http-api-develop-integrations-lambda, http-api-lambda-authorizer)
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import orjson

from gateway_runtime.edge.canonical import group_query
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.forwarding import forwarded_headers
from gateway_runtime.mapping.context import common_log_time, header, put_nested
from gateway_runtime.snapshot.stage import MethodSite
from gateway_runtime.v2.route_methods import DEFAULT_ROUTE

Event = dict[str, Any]

_TEXT = re.compile(rb"text/|application/(?:[\w.+-]*\+)?(?:json|xml|javascript|x-www-form-urlencoded)")


def compile_events(site: MethodSite, version: str) -> Callable[[Exchange, bytes], bytes]:
    """Writes the events of a route's integration."""
    write = _integration_event_2 if version == "2.0" else _integration_event_1

    def event(exchange: Exchange, body: bytes) -> bytes:
        return orjson.dumps(write(site, exchange, body))

    return event


def compile_authorizer_events(site: MethodSite, version: str) -> Callable[[Exchange, tuple[str, ...], str], Event]:
    """Gives the events of a route's authorizer, from a request, the values of its identity sources and the route's ARN."""
    if version == "2.0":
        return lambda exchange, identity, arn: {
            "version": "2.0",
            "type": "REQUEST",
            "routeArn": arn,
            "identitySource": list(identity) or None,
            **_request_2(site, exchange),
            "requestContext": _context_2(site, exchange),
        }
    return lambda exchange, identity, arn: {
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": arn,
        "identitySource": ",".join(identity),
        "authorizationToken": ",".join(identity),
        **_request_1(site, exchange),
        "requestContext": _context_1(site, exchange),
    }


# 2.0 --------------------------------------------------------------------------------------------------


def _integration_event_2(site: MethodSite, exchange: Exchange, body: bytes) -> Event:
    event: Event = {"version": "2.0", **_request_2(site, exchange)}
    context = _context_2(site, exchange)
    authorizer = _authorizer_2(exchange)
    if authorizer is not None:
        context["authorizer"] = authorizer
    event["requestContext"] = context
    encoded = bool(body) and not _is_text(exchange)
    if body:
        event["body"] = base64.b64encode(body).decode() if encoded else body.decode("utf-8", "replace")
    event["isBase64Encoded"] = encoded
    return event


def _request_2(site: MethodSite, exchange: Exchange) -> Event:
    request = exchange.request
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in forwarded_headers(exchange):
        text = value.decode("latin-1")
        if name == b"cookie":
            cookies += [cookie.strip() for cookie in text.split(";") if cookie.strip()]
            continue
        known = name.decode("latin-1").lower()
        headers[known] = f"{headers[known]},{text}" if known in headers else text
    headers["host"] = request.host
    query = group_query(request.query)
    event: Event = {
        "routeKey": site.route_key,
        "rawPath": exchange.path,
        "rawQueryString": request.raw_query,
        "headers": headers,
    }
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = {name: ",".join(values) for name, values in query.items()}
    parameters = _path_parameters(exchange)
    if parameters:
        event["pathParameters"] = parameters
    if site.stage.variables:
        event["stageVariables"] = dict(site.stage.variables)
    return event


def _context_2(site: MethodSite, exchange: Exchange) -> Event:
    request, stage = exchange.request, site.stage
    shown = _client_certificate(exchange)
    return {
        **({"authentication": shown} if shown else {}),
        "accountId": stage.account_id,
        "apiId": stage.api_id,
        "domainName": request.host,
        "domainPrefix": request.host.partition(".")[0],
        "http": {
            "method": request.method,
            "path": exchange.path,
            "protocol": f"HTTP/{exchange.scope.get('http_version', '1.1')}",
            "sourceIp": request.client_ip,
            "userAgent": header(exchange, b"user-agent") or "",
        },
        "requestId": exchange.extended_id,
        "routeKey": site.route_key,
        "stage": stage.stage_name,
        "time": common_log_time(int(exchange.received_at)),
        "timeEpoch": int(exchange.received_at * 1000),
    }


def _client_certificate(exchange: Exchange) -> Event:
    """The certificate that the caller has shown, as `clientCert`; nothing without one."""
    found: Event = {}
    put_nested(found, {name: value for name, value in exchange.identity.items() if name.startswith("clientCert.")})
    return found


def _authorizer_2(exchange: Exchange) -> Event | None:
    """What authorization has found, under the name of its kind."""
    if exchange.identity.get("userArn"):
        known = exchange.identity
        return {
            "iam": {
                "accessKey": known.get("accessKey"),
                "accountId": known.get("accountId"),
                "callerId": known.get("caller"),
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": known.get("userArn"),
                "userId": known.get("user"),
            }
        }
    if not exchange.authorizer:
        return None
    if "claims" in exchange.authorizer:
        return {"jwt": {"claims": exchange.authorizer["claims"], "scopes": exchange.authorizer.get("scopes")}}
    own = {
        name: value for name, value in exchange.authorizer.items() if name not in ("principalId", "integrationLatency")
    }
    return {"lambda": own}


# 1.0 --------------------------------------------------------------------------------------------------


def _integration_event_1(site: MethodSite, exchange: Exchange, body: bytes) -> Event:
    context = _context_1(site, exchange)
    if exchange.authorizer:
        context["authorizer"] = exchange.authorizer
    encoded = bool(body) and not _is_text(exchange)
    text = base64.b64encode(body).decode() if encoded else body.decode("utf-8", "replace")
    return {
        "version": "1.0",
        **_request_1(site, exchange),
        "requestContext": context,
        "body": text if body else None,
        "isBase64Encoded": encoded,
    }


def _request_1(site: MethodSite, exchange: Exchange) -> Event:
    request = exchange.request
    headers: dict[str, list[str]] = {"Host": [request.host]}
    for name, value in forwarded_headers(exchange):
        headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    query = group_query(request.query)
    return {
        "resource": site.resource.path,
        "path": exchange.path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": _path_parameters(exchange) or None,
        "stageVariables": dict(site.stage.variables) or None,
    }


def _context_1(site: MethodSite, exchange: Exchange) -> Event:
    request, stage = exchange.request, site.stage
    known = exchange.identity
    names = ("accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
             "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn")  # fmt: skip
    identity: Event = {name: known.get(name) for name in names} | _client_certificate(exchange)
    identity["sourceIp"], identity["userAgent"] = request.client_ip, header(exchange, b"user-agent")
    return {
        "accountId": stage.account_id,
        "apiId": stage.api_id,
        "domainName": request.host,
        "domainPrefix": request.host.partition(".")[0],
        "extendedRequestId": exchange.extended_id,
        "httpMethod": request.method,
        "identity": identity,
        "path": exchange.path,
        "protocol": f"HTTP/{exchange.scope.get('http_version', '1.1')}",
        "requestId": exchange.extended_id,
        "requestTime": common_log_time(int(exchange.received_at)),
        "requestTimeEpoch": int(exchange.received_at * 1000),
        "resourceId": site.route_key,
        "resourcePath": site.resource.path,
        "stage": stage.stage_name,
    }


def _path_parameters(exchange: Exchange) -> dict[str, str]:
    """Decoded, as the guide says of HTTP APIs; what a `$default` route catches is no parameter."""
    return {name: unquote(value) for name, value in exchange.path_values.items() if name != DEFAULT_ROUTE}


def _is_text(exchange: Exchange) -> bool:
    """Whether a body is handed over as text; every other one is, base64-encoded."""
    kind = exchange.request.header(b"content-type")
    return kind is None or _TEXT.match(kind.lower()) is not None
