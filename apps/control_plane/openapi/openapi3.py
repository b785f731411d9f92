"""OpenAPI 3.0: where it says what in its own way."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from apps.control_plane.openapi.node import Node
from apps.control_plane.openapi.paths import Named, operation_spec, operations, parameters, path_items
from apps.control_plane.openapi.schemas import Models
from apps.control_plane.openapi.security import Security
from apps.control_plane.openapi.spec import OperationSpec

SCHEMAS = "#/components/schemas/"


def read_models(root: Node) -> Models:
    return Models(root.member("components").member("schemas"), SCHEMAS)


def read_security(root: Node) -> Security:
    return Security(root, root.member("components").member("securitySchemes"))


def read_operations(root: Node, models: Models, named: Named) -> list[OperationSpec]:

    def content_models(owner: Node) -> dict[str, str]:
        result = {}
        for kind, media in owner.member("content").members():
            name = models.of(media.member("schema")) if media.data.get("schema") else None
            if name:
                result[kind] = name
        return result

    def request_models(operation: Node) -> dict[str, str]:
        body = operation.member("requestBody").resolved()
        return content_models(body) if body else {}

    result = []
    for path, item in path_items(root):
        for method, operation in operations(item):
            result.append(
                operation_spec(
                    path, method, operation,
                    found=parameters(item, operation), named=named,
                    models=request_models(operation),
                    read_models=lambda _, response: content_models(response),
                )
            )  # fmt: skip
    return result


def base_path(root: Node) -> str:
    """The first server variable named basePath, or else the path of the first server."""
    servers = root.items("servers")
    for server in servers:
        variable = server.member("variables").member("basePath")
        if variable.data:
            return variable.text("default") or ""
    url = servers[0].text("url") if servers else None
    path = urlsplit(re.sub(r"\{[^/{}]*\}", "x", url)).path if url else ""
    return path if path != "/x" else ""
