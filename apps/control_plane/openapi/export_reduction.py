"""A whole export (OpenAPI 3.0) made smaller or older: without documentation, without IAM's schemes, as Swagger 2.0."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.control_plane.openapi import openapi3, swagger2
from apps.control_plane.openapi.documentation import PLAIN_SCHEMA
from apps.control_plane.openapi.documentation_parts import DOCUMENTATION, default_description
from apps.control_plane.openapi.export_paths import IAM
from apps.control_plane.openapi.schemas import with_references

_INFO = ("title", "description", "version")
_SAID_OF_API = ("tags", "externalDocs", DOCUMENTATION)
_SAID_OF_OPERATION = ("tags", "summary", "description", "externalDocs", "deprecated")


def without_documentation(export: dict[str, Any]) -> dict[str, Any]:
    """The export as AWS gives it by default: nothing that only people read."""
    info = {key: value for key, value in export["info"].items() if key in _INFO}
    paths = _each_operation(export["paths"], _bare_operation)
    return {**{key: value for key, value in export.items() if key not in _SAID_OF_API}, "info": info, "paths": paths}


def _each_operation(paths: dict[str, Any], change: Any) -> dict[str, Any]:
    return {path: {key: change(operation) for key, operation in item.items()} for path, item in paths.items()}


def _bare_operation(operation: dict[str, Any]) -> dict[str, Any]:
    bare = {key: value for key, value in operation.items() if key not in _SAID_OF_OPERATION}
    if "parameters" in bare:
        bare["parameters"] = [_bare_parameter(parameter) for parameter in bare["parameters"]]
    if "requestBody" in bare:
        bare["requestBody"] = {key: value for key, value in bare["requestBody"].items() if key != "description"}
    bare["responses"] = {status: _bare_response(status, response) for status, response in bare["responses"].items()}
    return bare


def _bare_response(status: str, response: dict[str, Any]) -> dict[str, Any]:
    bare = {**response, "description": default_description(status) if status != "default" else response["description"]}
    if "headers" in bare:
        bare["headers"] = {name: {"schema": header["schema"]} for name, header in bare["headers"].items()}
    return bare


def _bare_parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    bare = {key: value for key, value in parameter.items() if key in ("name", "in", "required")}
    return {**bare, "schema": {"type": "string"}}


def without_iam(export: dict[str, Any]) -> dict[str, Any]:
    """Without what only API Gateway's own extensions can say of authorization."""

    def change(operation: dict[str, Any]) -> dict[str, Any]:
        security = [requirement for requirement in operation.get("security", ()) if IAM not in requirement]
        kept = {key: value for key, value in operation.items() if key != "security"}
        return {**kept, "security": security} if security else kept

    components = dict(export["components"])
    schemes = {name: scheme for name, scheme in components.pop("securitySchemes", {}).items() if name != IAM}
    if schemes:
        components["securitySchemes"] = schemes
    return {**export, "paths": _each_operation(export["paths"], change), "components": components}


def as_swagger(export: dict[str, Any]) -> dict[str, Any]:
    """The export as Swagger 2.0; only what exports hold is looked at, not all of OpenAPI."""
    components = export["components"]
    members: dict[str, Any] = {
        "swagger": "2.0",
        "info": export["info"],
        **{key: export[key] for key in ("tags", "externalDocs") if key in export},
        "paths": _each_operation(export["paths"], _swagger_operation),
        "securityDefinitions": components.get("securitySchemes"),
        "definitions": components.get("schemas"),
        **{key: value for key, value in export.items() if key.startswith("x-")},
    }
    given = {key: value for key, value in members.items() if value is not None}

    def change(reference: str) -> str:
        return reference.replace(openapi3.SCHEMAS, swagger2.SCHEMAS, 1)

    swagger: dict[str, Any] = with_references(given, change)
    return swagger


def _swagger_operation(operation: dict[str, Any]) -> dict[str, Any]:
    swagger = dict(operation)
    parameters = [_swagger_parameter(parameter) for parameter in swagger.pop("parameters", ())]
    body = swagger.pop("requestBody", None)
    produces = list(dict.fromkeys(_content_types(operation["responses"])))
    result = {
        key: value
        for key, value in swagger.items()
        if key not in ("responses", "security") and not key.startswith("x-")
    }
    if body:
        result["consumes"] = list(body["content"])
        parameters.append(_swagger_body(body))
    if produces:
        result["produces"] = produces
    if parameters:
        result["parameters"] = parameters
    result["responses"] = {status: _swagger_response(response) for status, response in operation["responses"].items()}
    return {**result, **{key: value for key, value in swagger.items() if key not in result}}


def _content_types(responses: dict[str, Any]) -> Iterator[str]:
    for response in responses.values():
        yield from response.get("content", {})


def _swagger_parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    schema = {key: value for key, value in parameter["schema"].items() if key in PLAIN_SCHEMA}
    kept = {key: value for key, value in parameter.items() if key not in ("schema", "example")}
    return {**kept, "type": "string", **schema}


def _swagger_body(body: dict[str, Any]) -> dict[str, Any]:
    schema = next(iter(body["content"].values()))["schema"]
    said = {"description": body["description"]} if "description" in body else {}
    return {"in": "body", "name": schema["$ref"].rpartition("/")[2], **said, "required": True, "schema": schema}


def _swagger_response(response: dict[str, Any]) -> dict[str, Any]:
    swagger: dict[str, Any] = {"description": response["description"]}
    media = next(iter(response.get("content", {}).values()), None)
    if media:
        swagger["schema"] = media["schema"]
    if "headers" in response:
        swagger["headers"] = {name: _swagger_header(header) for name, header in response["headers"].items()}
    return swagger


def _swagger_header(header: dict[str, Any]) -> dict[str, Any]:
    said = {"description": header["description"]} if "description" in header else {}
    return {**said, **header["schema"]}
