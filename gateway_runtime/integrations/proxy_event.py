"""The event (payload format 1.0) that a Lambda function behind AWS_PROXY is invoked with."""

from __future__ import annotations

import base64
from typing import Any

import orjson

from gateway_runtime.edge.canonical import NAMES_KEY, group_query
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.forwarding import forwarded_headers
from gateway_runtime.mapping.content import BinaryTypes
from gateway_runtime.mapping.context import api_key_value, common_log_time, header, put_nested
from gateway_runtime.snapshot.stage import MethodSite

_OWN_NAMES = {
    b"x-amzn-trace-id": "X-Amzn-Trace-Id",
    b"x-forwarded-for": "X-Forwarded-For",
    b"x-forwarded-port": "X-Forwarded-Port",
    b"x-forwarded-proto": "X-Forwarded-Proto",
}
_NOBODY: dict[str, str | None] = dict.fromkeys(
    (
        "cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "sourceIp", "principalOrgId", "accessKey",
        "cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "userAgent", "user",
    )
)  # fmt: skip


class ProxyEvents:
    """Writes the events of one method. What is the same in all of them is laid out once."""

    def __init__(self, site: MethodSite) -> None:
        self._resource = site.resource
        self._variables = dict(site.stage.variables) or None
        self._binary_types = BinaryTypes(site)
        self._stage_prefix = f"/{site.stage.stage_name}"
        self._place = {
            "resourceId": site.resource.id,
            "resourcePath": site.resource.path,
            "accountId": site.stage.account_id,
            "stage": site.stage.stage_name,
            "deploymentId": site.deployment.deployment_id,
            "apiId": site.stage.api_id,
        }
        if site.method.operation_name:
            self._place["operationName"] = site.method.operation_name

    def write(self, exchange: Exchange, body: bytes) -> bytes:
        """The event as JSON. Sets the exchange's trace."""
        binary = bool(body) and exchange.request.header(b"content-type") in self._binary_types
        text = base64.b64encode(body).decode() if binary else body.decode("utf-8", "replace")
        event = self.request_members(exchange)
        event["body"] = text if body else None
        event["isBase64Encoded"] = binary
        return orjson.dumps(event)

    def request_members(self, exchange: Exchange) -> dict[str, Any]:
        """What the event tells of the request beside its body; REQUEST authorizers are told the same. Sets the exchange's trace."""
        request = exchange.request
        headers = _headers(exchange)
        query = group_query(request.query)
        return {
            "resource": self._resource.path,
            "path": exchange.path if exchange.base_path is not None else self._path(exchange.path),
            "httpMethod": request.method,
            "headers": _last(headers),
            "multiValueHeaders": headers or None,
            "queryStringParameters": _last(query),
            "multiValueQueryStringParameters": query or None,
            "pathParameters": exchange.path_values or None,
            "stageVariables": self._variables,
            "requestContext": self._context(exchange),
        }

    def _path(self, path: str) -> str:
        """Below the stage, where the path begins with it."""
        prefix = self._stage_prefix
        if path == prefix or path.startswith(f"{prefix}/"):
            path = path[len(prefix) :]
        return "/" + path.lstrip("/")

    def _context(self, exchange: Exchange) -> dict[str, Any]:
        request = exchange.request
        identity: dict[str, Any] = dict(_NOBODY)
        put_nested(identity, exchange.identity)
        identity["sourceIp"], identity["userAgent"] = request.client_ip, header(exchange, b"user-agent")
        if exchange.entitlement is not None:
            identity["apiKey"] = api_key_value(exchange)
            identity["apiKeyId"] = exchange.entitlement.key.id
        context = {
            **self._place,
            "requestId": exchange.request_id,
            "extendedRequestId": exchange.extended_id,
            "httpMethod": request.method,
            "path": exchange.path,
            "protocol": f"HTTP/{exchange.scope.get('http_version', '1.1')}",
            "requestTime": common_log_time(int(exchange.received_at)),
            "requestTimeEpoch": int(exchange.received_at * 1000),
            "domainName": request.host,
            "domainPrefix": request.host.partition(".")[0],
            "identity": identity,
        }
        if exchange.authorizer:
            context["authorizer"] = exchange.authorizer
        return context


def _headers(exchange: Exchange) -> dict[str, list[str]]:
    """All values of each header that functions see, under the names that the caller spelled."""
    request = exchange.request
    spelled = {name.lower(): name.decode("latin-1") for name in exchange.scope.get(NAMES_KEY, ())} | _OWN_NAMES
    grouped: dict[str, list[str]] = {}
    for name, value in [(b"host", request.header(b"host") or b""), *forwarded_headers(exchange)]:
        if name == b"authorization" and value.startswith(b"AWS4-"):
            continue  # a signature is for the gateway alone
        known = spelled.get(name) or name.decode("latin-1")
        grouped.setdefault(known, []).append(value.decode("latin-1"))
    return grouped


def _last(grouped: Any) -> dict[str, str] | None:
    return {name: values[-1] for name, values in grouped.items()} or None
