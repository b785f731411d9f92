"""Swagger 2.0: where it says what in its own way."""

from __future__ import annotations

from apps.control_plane.openapi.node import Node
from apps.control_plane.openapi.paths import Named, operation_spec, operations, parameters, path_items
from apps.control_plane.openapi.schemas import Models
from apps.control_plane.openapi.security import Security
from apps.control_plane.openapi.spec import OperationSpec

SCHEMAS = "#/definitions/"


def read_models(root: Node) -> Models:
    return Models(root.member("definitions"), SCHEMAS)


def read_security(root: Node) -> Security:
    return Security(root, root.member("securityDefinitions"))


def read_operations(root: Node, models: Models, named: Named) -> list[OperationSpec]:

    def response_models(operation: Node, response: Node) -> dict[str, str]:
        name = models.of(response.member("schema")) if response.data.get("schema") else None
        return dict.fromkeys(_content_types(root, operation, "produces"), name) if name else {}

    def request_models(operation: Node, found: list[Node]) -> dict[str, str]:
        for parameter in found:
            if parameter.text("in") == "body" and parameter.data.get("schema"):
                name = models.of(parameter.member("schema"))
                return dict.fromkeys(_content_types(root, operation, "consumes"), name) if name else {}
        return {}

    result = []
    for path, item in path_items(root):
        for method, operation in operations(item):
            found = parameters(item, operation)
            result.append(
                operation_spec(
                    path, method, operation,
                    found=found, named=named,
                    models=request_models(operation, found), read_models=response_models,
                )
            )  # fmt: skip
    return result


def base_path(root: Node) -> str:
    return root.text("basePath") or ""


def _content_types(root: Node, operation: Node, key: str) -> list[str]:
    return operation.texts(key) or root.texts(key) or ["application/json"]
