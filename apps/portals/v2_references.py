"""References of HTTP and WebSocket APIs: what a deployment's document tells callers, as an OpenAPI document without back ends."""

from __future__ import annotations

import re
from typing import Any

import orjson

from apps.core.v2_documents import V2DeploymentDocument, V2Route

Shape = dict[str, Any]
MESSAGES = "x-gatehouse-messages"
"""The member that has the routes of a WebSocket API: for each its key, its title, and the JSON schema of its messages."""

_VARIABLE = re.compile(r"\{([^}+]+)(\+?)\}")
_ANY = "x-amazon-apigateway-any-method"
_CONNECTION = {"$connect", "$disconnect"}


def reference_of_document(frozen: V2DeploymentDocument, description: str, version: str) -> Shape:
    """The reference of a deployment. Description and version are the API's."""
    document: Shape = {
        "openapi": "3.0.1",
        "info": {"title": frozen.api_name, "version": version, "description": description},
        "paths": {},
    }
    schemes: Shape = {}
    if frozen.protocol_type == "WEBSOCKET":
        document[MESSAGES] = {
            "selection": frozen.route_selection_expression,
            "connect": _security(next((r for r in frozen.routes if r.key == "$connect"), None), frozen, schemes),
            "routes": [_message(route, frozen) for route in frozen.routes if route.key not in _CONNECTION],
        }
    else:
        for route in frozen.routes:
            # Whatever is not named is no operation that one could try.
            if route.key != "$default":
                method, _, path = route.key.partition(" ")
                name = _ANY if method == "ANY" else method.lower()
                document["paths"].setdefault(path, {})[name] = _operation(route, path, frozen, schemes)
    if schemes:
        document["components"] = {"securitySchemes": schemes}
    return document


def _operation(route: V2Route, path: str, frozen: V2DeploymentDocument, schemes: Shape) -> Shape:
    operation: Shape = {"responses": {"default": {"description": "What the API answers"}}}
    if route.operation_name:
        operation["operationId"] = route.operation_name
    variables = [name for name, _ in _VARIABLE.findall(path)]
    if variables:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in variables
        ]
    security = _security(route, frozen, schemes)
    if security:
        operation["security"] = security
    return operation


def _security(route: V2Route | None, frozen: V2DeploymentDocument, schemes: Shape) -> list[Shape]:
    """What a caller of a route has to bring; the schemes that it names are put into `schemes`."""
    if route is None:
        return []
    found: Shape = {}
    if route.api_key_required:
        schemes["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
        found["api_key"] = []
    if route.authorization_type == "JWT":
        schemes["jwt"] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        found["jwt"] = list(route.authorization_scopes)
    elif route.authorization_type == "AWS_IAM":
        schemes["sigv4"] = {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "awsSigv4",
        }
        found["sigv4"] = []
    elif route.authorization_type == "CUSTOM":
        schemes["custom"] = {"type": "apiKey", "name": "Authorization", "in": "header"}
        found["custom"] = []
    return [found] if found else []


def _message(route: V2Route, frozen: V2DeploymentDocument) -> Shape:
    message: Shape = {"key": route.key, "title": route.operation_name or route.key}
    model = next(iter(route.request_models.values()), None)
    text = frozen.models.get(model) if model else None
    if text:
        try:
            message["schema"] = orjson.loads(text)
        except orjson.JSONDecodeError:
            # A model may be no JSON at all; then there is nothing to show of it.
            message["schema"] = {}
    message["answers"] = bool(route.responses or route.response_selection_expression)
    return message
