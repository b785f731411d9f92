"""`x-amazon-apigateway-integration`, at an operation or shared under `components`, as requests of CreateIntegration."""

from __future__ import annotations

from typing import Any

from apps.control_plane.openapi.extensions import PREFIX
from apps.control_plane.openapi.http_apis.spec import Shape
from apps.control_plane.openapi.node import Node

INTEGRATION = PREFIX + "integration"
INTEGRATIONS = PREFIX + "integrations"
SHARED = f"#/components/{INTEGRATIONS}/"

TEXTS = {
    "httpMethod": "IntegrationMethod",
    "uri": "IntegrationUri",
    "connectionType": "ConnectionType",
    "connectionId": "ConnectionId",
    "credentials": "CredentialsArn",
    "integrationSubtype": "IntegrationSubtype",
    "payloadFormatVersion": "PayloadFormatVersion",
}
"""Members of the extension that are texts, by their names in CreateIntegration."""
_TYPES = frozenset({"AWS_PROXY", "HTTP_PROXY"})
_OTHERS = frozenset({"type", "timeoutInMillis", "requestParameters", "responseParameters", "tlsConfig"})


class Integrations:
    """The integrations of one definition, by name; those of operations are named by their places."""

    def __init__(self, root: Node) -> None:
        self.found: dict[str, tuple[Node, Shape]] = {}
        for name, node in root.member("components").member(INTEGRATIONS).members():
            request = _request(node)
            if request is not None:
                self.found[SHARED + name] = (node, request)

    def of(self, operation: Node) -> str | None:
        """The name of an operation's integration; None when it has none that an HTTP API can have."""
        if not operation.has(INTEGRATION):
            return None
        node = operation.member(INTEGRATION)
        reference = node.text("$ref")
        if reference is not None:
            if reference not in self.found:
                node.warn(f"Reference to '{reference}' not found. Ignoring.", "$ref")
                return None
            return reference
        request = _request(node)
        if request is None:
            return None
        self.found[node.pointer] = (node, request)
        return node.pointer


def _request(node: Node) -> Shape | None:
    kind = (node.text("type") or "").upper()
    if kind not in _TYPES:
        node.warn(
            f"Integration type '{node.text('type')}' is not supported for HTTP APIs, which have http_proxy and aws_proxy "
            "only. Ignoring."
        )
        return None
    request: Shape = {"IntegrationType": kind}
    for member, name in TEXTS.items():
        if node.has(member):
            request[name] = node.text(member)
    if "ConnectionType" in request:
        request["ConnectionType"] = str(request["ConnectionType"]).upper()
    request.setdefault("PayloadFormatVersion", "1.0")
    request |= _parameters(node)
    if isinstance(node.data.get("timeoutInMillis"), int):
        request["TimeoutInMillis"] = node.data["timeoutInMillis"]
    server = node.member("tlsConfig").text("serverNameToVerify") if node.has("tlsConfig") else None
    if server:
        request["TlsConfig"] = {"ServerNameToVerify": server}
    for key in node.data.keys() - TEXTS.keys() - _OTHERS:
        node.info(f"'{key}' of an integration is not supported for HTTP APIs. Ignoring.", key)
    return request


def _parameters(node: Node) -> Shape:
    found: dict[str, Any] = {}
    if node.has("requestParameters"):
        mapping = node.member("requestParameters")
        found["RequestParameters"] = {name: mapping.text(name) or "" for name in mapping.data}
    if node.has("responseParameters"):
        by_status = node.member("responseParameters")
        found["ResponseParameters"] = {
            status: {name: mapping.text(name) or "" for name in mapping.data} for status, mapping in by_status.members()
        }
    return found
