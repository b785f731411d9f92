"""Import: a whole API from an OpenAPI definition, into a new API or an existing one."""

from __future__ import annotations

from typing import Any

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.locking import hold
from apps.control_plane.openapi.importer import Definition, aws_variables, definition
from apps.control_plane.openapi.spec import ApiSpec
from apps.control_plane.openapi.writer import write
from apps.control_plane.registry import Shape, operation, service_model
from apps.control_plane.v1.rest_apis import create_rest_api, rest_api_shape, update_rest_api
from apps.control_plane.v1.tags import rest_api_path, tags_of
from apps.control_plane.wire.validation import check
from apps.rest_apis.models import RestApi


@operation("ImportRestApi")
def import_rest_api(caller: Caller, request: Shape) -> Shape:
    """A new API as a definition describes it. It has no models but those of the definition."""
    parameters = request.get("parameters") or {}
    found = definition(request["body"], parameters, aws_variables(caller.account_id, caller.region))
    found.check(fail_on_warnings=bool(request.get("failOnWarnings")))
    members = _members(found.spec, parameters)
    check(service_model("apigateway").operation_model("CreateRestApi"), members)
    row = caller.rest_api(create_rest_api(caller, members)["id"])
    _write(row, found, overwrite=True)
    return rest_api_shape(row)


@operation("PutRestApi")
def put_rest_api(caller: Caller, request: Shape) -> Shape:
    """Change an API to what a definition describes (`overwrite`), or add that to what it has (`merge`)."""
    row = caller.rest_api(request["restApiId"])
    hold(row)
    overwrite = request.get("mode") == "overwrite"
    kept = [] if overwrite else row.resources.values_list("path", flat=True)
    variables = aws_variables(caller.account_id, caller.region)
    found = definition(request["body"], request.get("parameters") or {}, variables, kept)
    found.check(fail_on_warnings=bool(request.get("failOnWarnings")))
    update_rest_api(caller, {"restApiId": row.id, "patchOperations": _patches(row, found.spec, overwrite)})
    row = caller.rest_api(row.id)
    _write(row, found, overwrite=overwrite)
    return rest_api_shape(row, tags=tags_of(caller, rest_api_path(row.id)))


def _write(row: RestApi, found: Definition, *, overwrite: bool) -> None:
    spec = found.spec
    if overwrite or spec.version is not None:
        row.version = spec.version
    row.openapi_info = spec.openapi_info if overwrite else {**row.openapi_info, **spec.openapi_info}
    row.warnings = found.warnings
    row.save(update_fields=["version", "openapi_info", "warnings"])
    write(row, spec, overwrite=overwrite)


def _members(spec: ApiSpec, parameters: dict[str, str]) -> Shape:
    """The request of CreateRestApi that makes the API itself."""
    if not spec.name:
        raise BadRequestException("Invalid OpenAPI input. The definition has no info.title.")
    configuration = dict(spec.endpoint_configuration)
    if parameters.get("endpointConfigurationTypes"):
        configuration["types"] = [parameters["endpointConfigurationTypes"]]
    members: dict[str, Any] = {
        "name": spec.name,
        "description": spec.description,
        "version": spec.version,
        "binaryMediaTypes": list(spec.binary_media_types) or None,
        "minimumCompressionSize": spec.minimum_compression_size,
        "apiKeySource": spec.api_key_source,
        "endpointConfiguration": configuration or None,
        "policy": spec.policy,
        "disableExecuteApiEndpoint": spec.disable_execute_api_endpoint,
        "securityPolicy": spec.security_policy,
        "endpointAccessMode": spec.endpoint_access_mode,
    }
    return {name: value for name, value in members.items() if value is not None}


def _patches(row: RestApi, spec: ApiSpec, overwrite: bool) -> list[Shape]:
    """The patch operations of UpdateRestApi that bring the API itself to the definition."""
    changes: dict[str, str | None] = {
        "/name": spec.name,
        "/description": spec.description,
        "/apiKeySource": spec.api_key_source or ("HEADER" if overwrite else None),
        "/minimumCompressionSize": _printed(spec.minimum_compression_size, "" if overwrite else None),
        "/policy": spec.policy or ("" if overwrite else None),
        "/disableExecuteApiEndpoint": _printed(spec.disable_execute_api_endpoint, None),
        "/securityPolicy": spec.security_policy,
        "/endpointAccessMode": spec.endpoint_access_mode,
        "/endpointConfiguration/ipAddressType": spec.endpoint_configuration.get("ipAddressType"),
    }
    patches: list[Shape] = [
        {"op": "replace", "path": path, "value": value} for path, value in changes.items() if value is not None
    ]
    if overwrite and spec.description is None:
        patches.append({"op": "remove", "path": "/description"})
    gone = [kind for kind in row.binary_media_types if overwrite and kind not in spec.binary_media_types]
    new = [kind for kind in spec.binary_media_types if kind not in row.binary_media_types]
    patches += [{"op": "remove", "path": f"/binaryMediaTypes/{_escaped(kind)}"} for kind in gone]
    patches += [{"op": "add", "path": f"/binaryMediaTypes/{_escaped(kind)}"} for kind in new]
    for endpoint in spec.endpoint_configuration.get("vpcEndpointIds", ()):
        patches.append({"op": "add", "path": "/endpointConfiguration/vpcEndpointIds", "value": endpoint})
    return patches


def _printed(value: int | bool | None, otherwise: str | None) -> str | None:
    return otherwise if value is None else str(value).lower()


def _escaped(kind: str) -> str:
    return kind.replace("~", "~0").replace("/", "~1")
