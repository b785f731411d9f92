"""Rows → OpenAPI 3.0: everything an export can say but the extensions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apps.control_plane.openapi.documentation_parts import default_description
from apps.control_plane.openapi.openapi3 import SCHEMAS
from apps.control_plane.openapi.schemas import exported_schema
from apps.control_plane.openapi.spec import ANY_METHOD
from apps.rest_apis.models import ApiModel, Method, MethodResponse, Resource, RestApi

API_KEY = "api_key"
IAM = "sigv4"
SECURITY_SCHEMES = {
    API_KEY: {"type": "apiKey", "name": "x-api-key", "in": "header"},
    IAM: {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
}
_LOCATIONS = {
    "querystring": "query",
    "multivaluequerystring": "query",
    "header": "header",
    "multivalueheader": "header",
}
_BEFORE = ("tags", "summary", "description", "externalDocs", "deprecated")


def openapi(rest_api: RestApi) -> dict[str, Any]:
    """The API with all its documentation. Reads `models` and `resources` with everything below from the prefetch cache."""
    said = rest_api.openapi_info
    resources = sorted(rest_api.resources.all(), key=lambda row: row.path)
    paths = {row.path: _path_item(row) for row in resources if row.methods.all()}
    return {
        "openapi": "3.0.1",
        "info": _info(rest_api),
        **{key: said[key] for key in ("tags", "externalDocs") if key in said},
        "paths": paths,
        "components": _components(rest_api.models.all(), paths),
    }


def method_key(http_method: str) -> str:
    return ANY_METHOD if http_method == "ANY" else http_method.lower()


def _info(rest_api: RestApi) -> dict[str, Any]:
    info: dict[str, Any] = {"title": rest_api.name}
    if rest_api.description:
        info["description"] = rest_api.description
    info.update(rest_api.openapi_info.get("info", {}))
    info["version"] = rest_api.version or rest_api.created.strftime("%Y-%m-%dT%H:%M:%SZ")
    return info


def _components(models: Iterable[ApiModel], paths: dict[str, Any]) -> dict[str, Any]:
    components: dict[str, Any] = {}
    schemas = {row.name: exported_schema(row.schema, SCHEMAS) for row in sorted(models, key=lambda row: row.name)}
    if schemas:
        components["schemas"] = schemas
    used = {
        name
        for item in paths.values()
        for operation in item.values()
        for requirement in operation.get("security", ())
        for name in requirement
    }
    if used:
        components["securitySchemes"] = {name: SECURITY_SCHEMES[name] for name in sorted(used)}
    return components


def _path_item(resource: Resource) -> dict[str, Any]:
    methods = sorted(resource.methods.all(), key=lambda row: row.http_method)
    return {method_key(row.http_method): _operation(row, resource.path) for row in methods}


def _operation(method: Method, path: str) -> dict[str, Any]:
    said = method.documentation
    operation: dict[str, Any] = {key: said[key] for key in _BEFORE if key in said}
    if method.operation_name:
        operation["operationId"] = method.operation_name
    parameters = [
        _parameter(name, required, said.get("parameters", {}).get(name, {}))
        for name, required in method.request_parameters.items()
    ]
    if parameters:
        operation["parameters"] = parameters
    if method.request_models:
        content = _content(method.request_models)
        operation["requestBody"] = {**said.get("requestBody", {}), "content": content, "required": True}
    responses = sorted(method.responses.all(), key=lambda row: row.status_code)
    operation["responses"] = {row.status_code: _response(row) for row in responses} or {
        "default": {"description": f"Default response for {method.http_method} {path}"}
    }
    security: list[dict[str, Any]] = [{IAM: []}] if method.authorization_type == "AWS_IAM" else []
    if method.api_key_required:
        security.append({API_KEY: []})
    if security:
        operation["security"] = security
    return operation


def _parameter(name: str, required: bool, said: dict[str, Any]) -> dict[str, Any]:
    """`method.request.querystring.type` as a parameter object."""
    location, _, key = name.removeprefix("method.request.").partition(".")
    parameter: dict[str, Any] = {"name": key, "in": _LOCATIONS.get(location, location)}
    if "description" in said:
        parameter["description"] = said["description"]
    if required or location == "path":
        parameter["required"] = True
    parameter["schema"] = said.get("schema") or {"type": "string"}
    if "example" in said:
        parameter["example"] = said["example"]
    return parameter


def _content(models: dict[str, str]) -> dict[str, Any]:
    return {kind: {"schema": {"$ref": SCHEMAS + name}} for kind, name in models.items()}


def _response(row: MethodResponse) -> dict[str, Any]:
    response: dict[str, Any] = {"description": row.description or default_description(row.status_code)}
    headers = {name.removeprefix("method.response.").partition(".")[2]: None for name in row.response_parameters}
    if headers:
        response["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    response["content"] = _content(row.response_models)
    return response
