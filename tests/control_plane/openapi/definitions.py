"""Definitions to import: the golden ones on disk, and small or large ones made here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parents[2] / "golden" / "openapi"
DEMO = Path(__file__).parents[3] / "portal" / "demo" / "petstore.yaml"
GOLDEN_FILES = sorted([*GOLDEN.iterdir(), DEMO])

Shape = dict[str, Any]


def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def mock_integration(**members: Any) -> Shape:
    return {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200"}},
        **members,
    }


def an_operation(**members: Any) -> Shape:
    """An operation with one response and a mock behind it; a member None leaves that member out."""
    operation = {
        "responses": {"200": {"description": "ok"}},
        "x-amazon-apigateway-integration": mock_integration(),
        **members,
    }
    return {key: value for key, value in operation.items() if value is not None}


def openapi3(paths: Shape | None = None, **members: Any) -> Shape:
    """An OpenAPI 3 definition; by default it has `GET /pets`."""
    given = {"/pets": {"get": an_operation()}} if paths is None else paths
    document = {"openapi": "3.0.1", "info": {"title": "Pets", "version": "1"}, "paths": given, **members}
    return {key: value for key, value in document.items() if value is not None}


def swagger2(paths: Shape | None = None, **members: Any) -> Shape:
    document = openapi3(paths, **members)
    document.pop("openapi")
    return {"swagger": "2.0", **document}


def body(document: Shape) -> bytes:
    return json.dumps(document, indent=2).encode()


def large(paths: int = 140, methods: tuple[str, ...] = ("get", "put", "delete")) -> Shape:
    """A definition with `paths` × `methods` operations, two resources a path, models, parameters and headers."""
    items = {}
    for number in range(paths):
        item = {}
        for method in methods:
            item[method] = an_operation(
                operationId=f"{method}Thing{number}",
                summary=f"{method} of thing {number}",
                parameters=[
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "page", "in": "query", "schema": {"type": "integer"}},
                ],
                responses={
                    status: {
                        "description": f"answer {status}",
                        "headers": {"X-Count": {"schema": {"type": "string"}}},
                        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/Thing{number}"}}},
                    }
                    for status in ("200", "404")
                },
            )
        items[f"/things{number}/{{id}}"] = item
    schemas = {
        f"Thing{number}": {
            "type": "object",
            "properties": {"next": {"$ref": f"#/components/schemas/Thing{number - 1}"}},
        }
        if number
        else {"type": "object"}
        for number in range(paths)
    }
    return openapi3(items, components={"schemas": schemas})
