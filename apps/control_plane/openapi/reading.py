"""A definition read as a whole: `read` is what import and preview begin with. Nothing is written here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from apps.control_plane.errors import BadRequestException
from apps.control_plane.openapi import documentation_parts, openapi3, resource_tree, swagger2
from apps.control_plane.openapi.checks import check_operation
from apps.control_plane.openapi.document import Document
from apps.control_plane.openapi.documentation import api_documentation
from apps.control_plane.openapi.documentation_parts import parts_of
from apps.control_plane.openapi.extensions import PREFIX, check_names
from apps.control_plane.openapi.gateway_extensions import read_gateway_responses, read_validators
from apps.control_plane.openapi.node import Findings, Node, References
from apps.control_plane.openapi.paths import Named, path_items
from apps.control_plane.openapi.spec import ApiSpec, OperationSpec
from apps.control_plane.v1.rest_apis import MAX_COMPRESSION_SIZE

_BASE_PATHS = ("ignore", "prepend", "split")
_MAX_VERSION = 64


def read(document: Document, parameters: Mapping[str, str], existing: Iterable[str] = ()) -> tuple[ApiSpec, Findings]:
    """What a definition says, and what is wrong with it.

    `parameters` are those of ImportRestApi: `basepath` (ignore, prepend, split), `ignore` (documentation). `existing` are
    the paths of the API that the definition is to be merged into, which its own have to fit. Raises BadRequestException
    when the document is no definition at all or a parameter has no meaning.
    """
    findings = Findings()
    root = Node(document.data, (), document.data, findings, References())
    version = swagger2 if _is_swagger(root) else openapi3
    check_names(root)
    models = version.read_models(root)
    named = Named(version.read_security(root), read_validators(root))
    operations = version.read_operations(root, models, named)
    spec = _spec(root, version.base_path(root), operations)
    spec = replace(
        spec,
        models=tuple(models.specs.values()),
        authorizers=tuple(named.security.authorizers.values()),
        validators=tuple(named.validators.specs.values()),
        gateway_responses=read_gateway_responses(root),
        documentation_parts=parts_of(root, operations),
    )
    spec = _with_base_path(spec, parameters.get("basepath") or "ignore", findings)
    resource_tree.check({**dict.fromkeys(existing, "#/paths"), **spec.paths}, findings)
    _check_unique(spec, findings)
    for operation in spec.operations:
        check_operation(operation, findings)
    return (_without_documentation(spec) if parameters.get("ignore") == "documentation" else spec), findings


def _is_swagger(root: Node) -> bool:
    if root.text("swagger") is not None:
        if root.text("swagger") != "2.0":
            raise BadRequestException(
                f"Invalid OpenAPI input. Swagger {root.text('swagger')} is not supported, use 2.0 or OpenAPI 3.0."
            )
        return True
    version = root.text("openapi")
    if version is None:
        raise BadRequestException("Invalid OpenAPI input. The definition has neither 'swagger' nor 'openapi'.")
    if version.split(".")[:2] != ["3", "0"]:
        raise BadRequestException(f"Invalid OpenAPI input. OpenAPI {version} is not supported, use 3.0 or Swagger 2.0.")
    return False


def _spec(root: Node, base_path: str, operations: list[OperationSpec]) -> ApiSpec:
    info = root.member("info")
    endpoint = _endpoint_configuration(root)
    return ApiSpec(
        name=info.text("title"),
        description=info.text("description"),
        version=_version(info),
        base_path=base_path,
        paths={path: item.pointer for path, item in path_items(root)},
        operations=tuple(operations),
        models=(),
        api_key_source=_api_key_source(root),
        binary_media_types=tuple(root.texts(PREFIX + "binary-media-types")),
        minimum_compression_size=_minimum_compression_size(root),
        endpoint_configuration=_endpoint_members(endpoint),
        disable_execute_api_endpoint=(
            endpoint.flag("disableExecuteApiEndpoint") if endpoint.has("disableExecuteApiEndpoint") else None
        ),
        policy=_policy(root),
        security_policy=root.text(PREFIX + "security-policy"),
        endpoint_access_mode=root.text(PREFIX + "endpoint-access-mode"),
        openapi_info=api_documentation(root, info),
    )


def _version(info: Node) -> str | None:
    version = info.text("version")
    if version is not None and len(version) > _MAX_VERSION:
        info.error(f"The version of an API can be at most {_MAX_VERSION} characters.", "version")
    return version


def _endpoint_configuration(root: Node) -> Node:
    """At the top in Swagger 2, with a server in OpenAPI 3."""
    key = PREFIX + "endpoint-configuration"
    for node in [root, *(root.items("servers") if root.has("servers") else ())]:
        if node.has(key):
            return node.member(key)
    return Node({}, (key,), root.root, root.findings, root.references)


def _endpoint_members(endpoint: Node) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if endpoint.has("types"):
        members["types"] = endpoint.texts("types")
    if endpoint.has("vpcEndpointIds"):
        members["vpcEndpointIds"] = endpoint.texts("vpcEndpointIds")
    if endpoint.has("ipAddressType"):
        members["ipAddressType"] = endpoint.text("ipAddressType")
    return members


def _api_key_source(root: Node) -> str | None:
    key = PREFIX + "api-key-source"
    value = root.text(key)
    if value is None:
        return None
    if value.upper() not in ("HEADER", "AUTHORIZER"):
        root.error(f"Invalid {key} value '{value}', use HEADER or AUTHORIZER", key)
    return value.upper()


def _minimum_compression_size(root: Node) -> int | None:
    key = PREFIX + "minimum-compression-size"
    value = root.data.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COMPRESSION_SIZE:
        root.error(f"Invalid minimum compression size, must be between 0 to {MAX_COMPRESSION_SIZE}", key)
        return None
    return value


def _policy(root: Node) -> str | None:
    policy = root.member(PREFIX + "policy")
    return json.dumps(policy.data, separators=(",", ":")) if policy.data else None


def _with_base_path(spec: ApiSpec, mode: str, findings: Findings) -> ApiSpec:
    """Resources below the base path (prepend), below what follows its first part (split), or as written (ignore)."""
    if mode not in _BASE_PATHS:
        raise BadRequestException(f"Invalid basepath value '{mode}', use ignore, prepend or split")
    parts = [part for part in spec.base_path.split("/") if part]
    if mode == "split" and not parts:
        mode = "ignore"
    below = {"ignore": "", "prepend": "/".join(parts), "split": "/".join(parts[1:])}[mode]
    return replace(
        spec,
        paths={resource_tree.join(below, path): at for path, at in spec.paths.items()},
        operations=tuple(
            replace(operation, path=resource_tree.join(below, operation.path)) for operation in spec.operations
        ),
        documentation_parts=documentation_parts.below(spec.documentation_parts, below),
    )


def _check_unique(spec: ApiSpec, findings: Findings) -> None:
    seen = set()
    for operation in spec.operations:
        if (operation.path, operation.http_method) in seen:
            findings.add(
                "error",
                f"Unable to put method '{operation.http_method}' on resource at path '{operation.path}': it is defined twice",
                operation.pointer,
            )
        seen.add((operation.path, operation.http_method))


def _without_documentation(spec: ApiSpec) -> ApiSpec:
    return replace(
        spec,
        openapi_info={},
        documentation_parts=(),
        operations=tuple(
            replace(
                operation,
                documentation={},
                responses=tuple(
                    replace(response, description="", header_descriptions={}) for response in operation.responses
                ),
            )
            for operation in spec.operations
        ),
    )
