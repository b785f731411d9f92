"""What only API Gateway's own extensions say of an API beside its integrations: authorizers, validators, gateway responses.

It is gathered once, from rows, and kept with a deployment as plain data; `with_authorizers` and `with_gateway` put it into an export.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.control_plane.openapi.export_paths import API_KEY, IAM, method_key
from apps.control_plane.openapi.gateway_extensions import RESPONSES, VALIDATOR, VALIDATORS
from apps.control_plane.openapi.security import AUTHORIZER, AUTHTYPE
from apps.control_plane.v1.authorizers import without_key_sets
from apps.rest_apis.models import Authorizer, GatewayResponse, Method, RequestValidator, RestApi

Extensions = dict[str, Any]
_HEADER = "method.request.header."


def gateway_extensions(rest_api: RestApi) -> Extensions:
    """Everything of the kind that an API has, without what is empty. Reads the prefetch cache where there is one."""
    schemes = {row.authorizer_id: _scheme_name(row) for row in rest_api.authorizers.all()}
    validators = _validator_names(list(rest_api.request_validators.all()))
    found: Extensions = {
        "schemes": {schemes[row.authorizer_id]: _scheme(row) for row in rest_api.authorizers.all()},
        "security": _of_methods(rest_api, lambda method: _requirement(method, schemes)),
        "validators": {validators[row.validator_id]: _validator(row) for row in rest_api.request_validators.all()},
        "validatorOf": _of_methods(rest_api, lambda method: validators.get(method.request_validator_id or "")),
        "responses": {
            row.response_type: _response(row)
            for row in sorted(rest_api.gateway_responses.all(), key=lambda row: row.response_type)
        },
    }
    return {key: value for key, value in found.items() if value}


def with_authorizers(export: dict[str, Any], extensions: Extensions) -> dict[str, Any]:
    """The export with the schemes of authorizers, and which operations require them."""
    if "schemes" not in extensions:
        return export
    components = dict(export["components"])
    schemes = {**components.get("securitySchemes", {}), **extensions["schemes"]}
    components["securitySchemes"] = {name: schemes[name] for name in sorted(schemes)}

    def require(operation: dict[str, Any], requirement: Any) -> dict[str, Any]:
        return {**operation, "security": [requirement, *operation.get("security", ())]}

    paths = _changed(export["paths"], extensions.get("security", {}), require)
    return {**export, "paths": paths, "components": components}


def with_gateway(export: dict[str, Any], extensions: Extensions) -> dict[str, Any]:
    """The export with request validators and gateway responses."""

    def validate(operation: dict[str, Any], name: Any) -> dict[str, Any]:
        return {**operation, VALIDATOR: name}

    result = {**export, "paths": _changed(export["paths"], extensions.get("validatorOf", {}), validate)}
    if "validators" in extensions:
        result[VALIDATORS] = extensions["validators"]
    if "responses" in extensions:
        result[RESPONSES] = extensions["responses"]
    return result


def _changed(
    paths: dict[str, Any], found: dict[str, dict[str, Any]], change: Callable[[dict[str, Any], Any], dict[str, Any]]
) -> dict[str, Any]:
    """Paths with the operations changed for which something was found."""
    return {
        path: {
            key: change(operation, found[path][key]) if key in found.get(path, {}) else operation
            for key, operation in item.items()
        }
        for path, item in paths.items()
    }


def _of_methods(rest_api: RestApi, find: Callable[[Method], Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for resource in rest_api.resources.all():
        for method in resource.methods.all():
            value = find(method)
            if value is not None:
                found.setdefault(resource.path, {})[method_key(method.http_method)] = value
    return found


def _requirement(method: Method, schemes: dict[str, str]) -> dict[str, list[str]] | None:
    name = schemes.get(method.authorizer_id or "")
    return None if name is None else {name: list(method.authorization_scopes)}


def _scheme_name(row: Authorizer) -> str:
    """The authorizer's name, unless one of the gateway's own schemes is called so."""
    return f"{row.name}_authorizer" if row.name in (API_KEY, IAM) else row.name


def _scheme(row: Authorizer) -> dict[str, Any]:
    source = row.identity_source or ""
    by_header = row.type != "REQUEST" and source.startswith(_HEADER)
    block: dict[str, Any] = {
        "type": row.type.lower(),
        "authorizerUri": row.authorizer_uri,
        "authorizerCredentials": row.authorizer_credentials,
        "identitySource": None if by_header else row.identity_source,
        "identityValidationExpression": row.identity_validation_expression,
        "authorizerResultTtlInSeconds": row.authorizer_result_ttl_in_seconds,
        "providerARNs": row.provider_arns or None,
        "jwtConfiguration": without_key_sets(row.jwt_configuration),
    }
    return {
        "type": "apiKey",
        "name": source.removeprefix(_HEADER) if by_header else "Unused",
        "in": "header",
        **({AUTHTYPE: row.auth_type} if row.auth_type else {}),
        AUTHORIZER: {key: value for key, value in block.items() if value is not None},
    }


def _validator_names(rows: list[RequestValidator]) -> dict[str, str]:
    """A name for each validator by its id; validators may share a name or have none, members of an object may not."""
    names: dict[str, str] = {}
    for row in rows:
        name = row.name or row.validator_id
        names[row.validator_id] = name if name not in names.values() else f"{name}-{row.validator_id}"
    return names


def _validator(row: RequestValidator) -> dict[str, bool]:
    return {
        "validateRequestParameters": row.validate_request_parameters,
        "validateRequestBody": row.validate_request_body,
    }


def _response(row: GatewayResponse) -> dict[str, Any]:
    members = {
        "statusCode": row.status_code,
        "responseParameters": dict(row.response_parameters),
        "responseTemplates": dict(row.response_templates),
    }
    return {key: value for key, value in members.items() if value}
