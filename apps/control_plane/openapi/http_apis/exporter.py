"""HTTP APIs as OpenAPI 3.0 definitions, made from the document of a deployment or of the draft."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from apps.control_plane.openapi.extensions import PREFIX
from apps.control_plane.openapi.http_apis.integrations import INTEGRATION, INTEGRATIONS, SHARED
from apps.control_plane.openapi.http_apis.reading import DEFAULT_PATH
from apps.control_plane.openapi.security import AUTHORIZER, AUTHTYPE
from apps.control_plane.openapi.spec import ANY_METHOD
from apps.core.v2_documents import V2Authorizer, V2Cors, V2DeploymentDocument, V2Integration, V2Route
from apps.v2_apis.models import Api

Shape = dict[str, Any]
_IAM = "sigv4"
_DEFAULT_TIMEOUT = 30_000
_PATH_VARIABLE = re.compile(r"\{([^}+]+)\+?\}")


def export_http_api(api: Api, frozen: V2DeploymentDocument, tags: dict[str, str], stage: str | None) -> Shape:
    """The API as `frozen` has it; name, description, version and tags are the API's own. `stage` names the server."""
    uses = Counter(route.integration_id for route in frozen.routes if route.integration_id)
    # An integration with more routes than one, or with none, has a place of its own.
    shared = {key: f"integration{at}" for at, key in enumerate(_apart(frozen, uses), start=1)}
    names = _scheme_names(frozen)
    export: Shape = {"openapi": "3.0.1", "info": _info(api), "servers": [_server(api, frozen, stage)]}
    if tags:
        export["tags"] = [{"name": name, PREFIX + "tag-value": value} for name, value in sorted(tags.items())]
    paths: Shape = {}
    for route in frozen.routes:
        path, method = _place(route.key)
        paths.setdefault(path, {})[method] = _operation(route, frozen, shared, names)
    export["paths"] = paths
    components = _components(frozen, shared, names)
    if components:
        export["components"] = components
    if frozen.cors is not None:
        export[PREFIX + "cors"] = _cors(frozen.cors)
    export[PREFIX + "importexport-version"] = "1.0"
    return export


def without_extensions(value: Any) -> Any:
    """An export without anything that is API Gateway's own; methods that only an extension can say are not there either."""
    if isinstance(value, list):
        return [without_extensions(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: without_extensions(item) for key, item in value.items() if not key.startswith(PREFIX)}


def _info(api: Api) -> Shape:
    info = {
        "title": api.name,
        "description": api.description,
        "version": api.version or f"{api.created:%Y-%m-%dT%H:%M:%SZ}",
    }
    return {name: value for name, value in info.items() if value is not None}


def _server(api: Api, frozen: V2DeploymentDocument, stage: str | None) -> Shape:
    host = f"https://{api.id}.execute-api.{api.region}.amazonaws.com"
    server: Shape = {"url": host}
    if stage is not None and stage != "$default":
        server = {"url": f"{host}/{{basePath}}", "variables": {"basePath": {"default": stage}}}
    endpoint: Shape = {}
    if frozen.disable_execute_api_endpoint:
        endpoint["disableExecuteApiEndpoint"] = True
    if frozen.ip_address_type != "ipv4":
        endpoint["ipAddressType"] = frozen.ip_address_type
    return {**server, PREFIX + "endpoint-configuration": endpoint} if endpoint else server


def _apart(frozen: V2DeploymentDocument, uses: Counter[str]) -> list[str]:
    """Ids of integrations that are not one route's alone: by their first route's key, those of no route at the end."""
    in_order = dict.fromkeys(route.integration_id for route in frozen.routes if route.integration_id)
    unused = [key for key in frozen.integrations if key not in in_order]
    unused.sort(key=lambda key: repr(_integration(frozen.integrations[key])))
    return [key for key in [*in_order, *unused] if uses[key] != 1]


def _scheme_names(frozen: V2DeploymentDocument) -> dict[str, str]:
    """Names of security schemes by the ids of authorizers, and one for IAM that none of them has."""
    names = {key: authorizer.name for key, authorizer in frozen.authorizers.items()}
    iam = _IAM
    while iam in names.values():
        iam += "_"
    return {**names, _IAM: iam}


def _place(key: str) -> tuple[str, str]:
    """Where a route stands in `paths`."""
    if key == "$default":
        return DEFAULT_PATH, ANY_METHOD
    method, _, path = key.partition(" ")
    return path, ANY_METHOD if method == "ANY" else method.lower()


def _operation(route: V2Route, frozen: V2DeploymentDocument, shared: dict[str, str], names: dict[str, str]) -> Shape:
    operation: Shape = {}
    if route.operation_name:
        operation["operationId"] = route.operation_name
    variables = _PATH_VARIABLE.findall(route.key)
    if variables:
        operation["parameters"] = [_path_parameter(name) for name in variables]
    operation["responses"] = {"default": {"description": f"Default response for {route.key}"}}
    if route.authorizer_id is not None:
        operation["security"] = [{names[route.authorizer_id]: list(route.authorization_scopes)}]
    elif route.authorization_type == "AWS_IAM":
        operation["security"] = [{names[_IAM]: []}]
    if route.key == "$default":
        operation["isDefaultRoute"] = True
    if route.integration_id in shared:
        operation[INTEGRATION] = {"$ref": SHARED + shared[route.integration_id]}
    elif route.integration_id is not None:
        operation[INTEGRATION] = _integration(frozen.integrations[route.integration_id])
    return operation


def _path_parameter(name: str) -> Shape:
    return {
        "name": name,
        "in": "path",
        "description": f"Generated path parameter for {name}",
        "required": True,
        "schema": {"type": "string"},
    }


def _integration(integration: V2Integration) -> Shape:
    members: Shape = {
        "payloadFormatVersion": integration.payload_format_version,
        "type": integration.type.lower(),
        "httpMethod": integration.method,
        "uri": integration.uri,
        "integrationSubtype": integration.subtype,
        "connectionType": integration.connection_type,
        "connectionId": integration.connection_id,
        "credentials": integration.credentials_arn,
        "requestParameters": dict(sorted(integration.request_parameters.items())),
        "responseParameters": {
            status: dict(sorted(mapping.items())) for status, mapping in sorted(integration.response_parameters.items())
        },
        "timeoutInMillis": integration.timeout_in_millis if integration.timeout_in_millis != _DEFAULT_TIMEOUT else None,
        "tlsConfig": {"serverNameToVerify": integration.server_name_to_verify}
        if integration.server_name_to_verify
        else None,
    }
    return {name: value for name, value in members.items() if value not in (None, {})}


def _components(frozen: V2DeploymentDocument, shared: dict[str, str], names: dict[str, str]) -> Shape:
    schemes = {
        authorizer.name: _scheme(authorizer)
        for authorizer in sorted(frozen.authorizers.values(), key=lambda each: each.name)
    }
    if any(route.authorization_type == "AWS_IAM" for route in frozen.routes):
        schemes[names[_IAM]] = {"type": "apiKey", "name": "Authorization", "in": "header", AUTHTYPE: "awsSigv4"}
    integrations = {name: _integration(frozen.integrations[key]) for key, name in shared.items()}
    components = {"securitySchemes": schemes, INTEGRATIONS: integrations}
    return {name: value for name, value in components.items() if value}


def _scheme(authorizer: V2Authorizer) -> Shape:
    members: Shape = {"identitySource": ",".join(authorizer.identity_sources)}
    if authorizer.type == "JWT":
        members["jwtConfiguration"] = {"audience": list(authorizer.jwt_audience), "issuer": authorizer.jwt_issuer}
        return {"type": "oauth2", "flows": {}, AUTHORIZER: {**members, "type": "jwt"}}
    members |= {
        "authorizerUri": authorizer.uri,
        "authorizerCredentials": authorizer.credentials_arn,
        "authorizerPayloadFormatVersion": authorizer.payload_format_version,
        "authorizerResultTtlInSeconds": authorizer.result_ttl,
        "enableSimpleResponses": authorizer.simple_responses or None,
        "type": "request",
    }
    extension = {name: value for name, value in members.items() if value not in (None, "")}
    return {"type": "apiKey", "name": "Authorization", "in": "header", AUTHORIZER: extension}


def _cors(cors: V2Cors) -> Shape:
    members: Shape = {
        "allowOrigins": list(cors.allow_origins),
        "allowMethods": list(cors.allow_methods),
        "allowHeaders": list(cors.allow_headers),
        "exposeHeaders": list(cors.expose_headers),
        "allowCredentials": cors.allow_credentials or None,
        "maxAge": cors.max_age,
    }
    return {name: value for name, value in members.items() if value not in (None, [])}
