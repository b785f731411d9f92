"""Reading a definition of an HTTP API. Nothing is written here.

As on AWS, findings are of three kinds: info for what OpenAPI allows and HTTP APIs do not have, warnings for what is ignored because
it is wrong, and errors, which refuse the definition.
"""

from __future__ import annotations

from collections.abc import Mapping

from apps.control_plane.errors import BadRequestException
from apps.control_plane.openapi.document import Document
from apps.control_plane.openapi.extensions import PREFIX
from apps.control_plane.openapi.http_apis.integrations import Integrations
from apps.control_plane.openapi.http_apis.security import Security
from apps.control_plane.openapi.http_apis.spec import HttpApiSpec, RouteSpec, Shape
from apps.control_plane.openapi.node import Findings, Node, References
from apps.control_plane.openapi.openapi3 import base_path
from apps.control_plane.openapi.paths import path_items
from apps.control_plane.openapi.spec import ANY_METHOD, METHODS

DEFAULT_PATH = "/$default"
_BASE_PATHS = ("ignore", "prepend", "split")
_CORS = ("allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders")
_KNOWN = frozenset(
    PREFIX + name
    for name in (
        "any-method", "auth", "authorizer", "authtype", "cors", "endpoint-configuration", "importexport-version", "integration",
        "integrations", "tag-value",
    )
)  # fmt: skip
_NOT_OF_HTTP_APIS = frozenset({"requestBody", "callbacks"})


def read(document: Document, mode: str) -> tuple[HttpApiSpec, Findings]:
    """What a definition says, and what is wrong with it; raises BadRequestException for what is no definition at all.

    `mode` is how the base path of the first server counts: ignore, prepend or split.
    """
    findings = Findings()
    root = Node(document.data, (), document.data, findings, References())
    _check_version(root)
    _check_names(root)
    if root.member("components").has("schemas"):
        root.member("components").info("Models are not supported for HTTP APIs. Ignoring.", "schemas")
    integrations, security = Integrations(root), Security(root)
    routes = tuple(_routes(root, integrations, security, _below(base_path(root), mode)))
    _check_unique(routes)
    return HttpApiSpec(_api(root), _tags(root), routes, integrations.found, security.found), findings


def _check_version(root: Node) -> None:
    version = root.text("openapi")
    if version is None or version.split(".")[:2] != ["3", "0"]:
        raise BadRequestException("Invalid OpenAPI input. HTTP APIs are imported from OpenAPI 3.0 definitions.")


def _check_names(node: Node) -> None:
    for key in node.data:
        if key.startswith(PREFIX) and key not in _KNOWN:
            node.info(f"Extension '{key}' is not supported for HTTP APIs. Ignoring.", key)


def _api(root: Node) -> Shape:
    """The members of CreateApi."""
    info = root.member("info")
    if not info.text("title"):
        info.error("The definition has no info.title.")
    members: Shape = {
        "Name": info.text("title"),
        "Description": info.text("description"),
        "Version": info.text("version"),
    }
    cors = root.member(PREFIX + "cors")
    if cors.data:
        members["CorsConfiguration"] = _cors(cors)
    for server in root.items("servers"):
        endpoint = server.member(PREFIX + "endpoint-configuration")
        if endpoint.has("disableExecuteApiEndpoint"):
            members["DisableExecuteApiEndpoint"] = endpoint.flag("disableExecuteApiEndpoint")
        if endpoint.has("ipAddressType"):
            members["IpAddressType"] = endpoint.text("ipAddressType")
    return {name: value for name, value in members.items() if value is not None}


def _cors(node: Node) -> Shape:
    shape: Shape = {name[0].upper() + name[1:]: node.texts(name) for name in _CORS if node.has(name)}
    if node.has("allowCredentials"):
        shape["AllowCredentials"] = node.flag("allowCredentials")
    if node.has("maxAge"):
        age = node.data["maxAge"]
        if isinstance(age, bool) or not isinstance(age, int):
            node.error("maxAge is not a number", "maxAge")
        else:
            shape["MaxAge"] = age
    return shape


def _tags(root: Node) -> dict[str, str]:
    found = {}
    for tag in root.items("tags") if root.has("tags") else ():
        value = tag.text(PREFIX + "tag-value")
        name = tag.text("name")
        if name and value is not None:
            found[name] = value
    return found


def _below(base: str, mode: str) -> str:
    if mode not in _BASE_PATHS:
        raise BadRequestException(f"Invalid basepath value '{mode}', use ignore, prepend or split")
    parts = [part for part in base.split("/") if part]
    return {"ignore": "", "prepend": "/".join(parts), "split": "/".join(parts[1:])}[mode]


def _routes(root: Node, integrations: Integrations, security: Security, below: str) -> list[RouteSpec]:
    found = []
    for path, item in path_items(root):
        _check_names(item)
        for name, value in item.data.items():
            if name not in METHODS and name != ANY_METHOD:
                continue
            operation = item.member(name)
            if not isinstance(value, dict):
                continue
            found.append(_route(_key(path, name, below), operation, integrations, security))
    return found


def _key(path: str, name: str, below: str) -> str:
    if path == DEFAULT_PATH:
        return "$default"
    return f"{'ANY' if name == ANY_METHOD else name.upper()} {_joined(below, path)}"


def _joined(below: str, path: str) -> str:
    """A slash at the end of a path means something in HTTP APIs."""
    if not below:
        return path
    return f"/{below}" if path == "/" else f"/{below}{path}"


def _route(key: str, operation: Node, integrations: Integrations, security: Security) -> RouteSpec:
    _check_names(operation)
    for name in _NOT_OF_HTTP_APIS & operation.data.keys():
        operation.info(f"Request validation and models are not supported for HTTP APIs. Ignoring '{name}'.", name)
    authorizer, request = security.needs(operation)
    if operation.text("operationId"):
        request["OperationName"] = operation.text("operationId")
    return RouteSpec(key, operation, integrations.of(operation), authorizer, request)


def _check_unique(routes: tuple[RouteSpec, ...]) -> None:
    seen: Mapping[str, RouteSpec] = {route.key: route for route in reversed(routes)}
    for route in routes:
        if seen[route.key] is not route:
            route.node.error(f"Route with key {route.key} already exists for this API")
