"""What a definition says to people: kept beside the rows for exports and the developer portal, and of no effect on calls."""

from __future__ import annotations

from typing import Any

from apps.control_plane.openapi.node import Node

LOCATIONS = {"path": "path", "query": "querystring", "header": "header"}
"""Where OpenAPI has parameters, and what `method.request.…` calls it."""

PLAIN_SCHEMA = (
    "type", "format", "items", "enum", "default", "minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "maxItems",
    "uniqueItems", "multipleOf",
)  # fmt: skip
"""What Swagger 2 can say of the schema of a parameter that is not a body."""


def api_documentation(root: Node, info: Node) -> dict[str, Any]:
    """`info` beyond title, description and version; tags with their descriptions."""
    people: dict[str, Any] = {
        "termsOfService": info.text("termsOfService"),
        "contact": info.member("contact").data,
        "license": info.member("license").data,
    }
    kept: dict[str, Any] = {
        "info": _given(people),
        "tags": [tag.data for tag in root.items("tags") if tag.text("name")],
        "externalDocs": root.member("externalDocs").data,
    }
    return _given(kept)


def operation_documentation(operation: Node, parameters: list[Node]) -> dict[str, Any]:
    """Summary, description, tags …; `parameters` by `method.request.…`; the description of the body."""
    said: dict[str, Any] = {
        "summary": operation.text("summary"),
        "description": operation.text("description"),
        "tags": operation.texts("tags"),
        "deprecated": operation.flag("deprecated"),
        "externalDocs": operation.member("externalDocs").data,
        "parameters": _parameters(parameters),
        "requestBody": _given({"description": _body_description(operation, parameters)}),
    }
    return _given(said)


def _parameters(parameters: list[Node]) -> dict[str, Any]:
    said = {}
    for parameter in parameters:
        location = LOCATIONS.get(parameter.text("in") or "")
        if location:
            said[f"method.request.{location}.{parameter.text('name')}"] = _parameter(parameter)
    return _given(said)


def _parameter(parameter: Node) -> dict[str, Any]:
    """A parameter's description, example and schema; Swagger 2 spreads the schema over the parameter itself."""
    spread = {key: parameter.data[key] for key in PLAIN_SCHEMA if key in parameter.data}
    schema = parameter.member("schema").data or spread
    said = _given(
        {"description": parameter.text("description"), "schema": schema if schema != {"type": "string"} else None}
    )
    if parameter.data.get("example") is not None:
        said["example"] = parameter.data["example"]
    return said


def _body_description(operation: Node, parameters: list[Node]) -> str | None:
    body = operation.member("requestBody").resolved() if operation.has("requestBody") else None
    for node in [*([body] if body else []), *(parameter for parameter in parameters if parameter.text("in") == "body")]:
        if node.text("description"):
            return node.text("description")
    return None


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value not in (None, "", [], {}, False)}
