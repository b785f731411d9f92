"""Authorizers: who decides whether a caller may."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, too_many
from apps.control_plane.issuer_discovery import IssuerUnavailable, key_set_addresses
from apps.control_plane.paging import page, paged
from apps.control_plane.patching import (
    LISTS_PATHS,
    Patch,
    PatchTable,
    Rule,
    assign,
    clear,
    integer,
    one_of,
    optional_text,
    replaceable,
    text,
)
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.authorizer_checks import (
    AUTHORIZER_TYPES,
    MAX_TTL,
    TTL_MESSAGE,
    check_authorizer,
    default_auth_type,
)
from apps.control_plane.v1.drafts import draft_changed
from apps.control_plane.v1.methods import first_method
from apps.control_plane.wire.service_models import service_model
from apps.control_plane.wire.validation import validate
from apps.core.user_pools import built_in_key_set, is_built_in_issuer
from apps.rest_apis.models import Authorizer

MAX_AUTHORIZERS = 10
_UNKNOWN = "Invalid Authorizer identifier specified"


def _ask_issuers(caller: Caller, request: Shape) -> Shape:
    """The request with `jwksUris`, where the issuers of a JWT authorizer keep their keys, by issuer."""
    if "authorizerId" in request:
        row = _find(caller, request)
        _PATCHES.apply(row, request.get("patchOperations"))
    else:
        row = Authorizer(rest_api=caller.rest_api(request["restApiId"]), **authorizer_columns(request))
    if row.type != "JWT":
        return request
    check_authorizer(row)
    environment = settings.ENVIRONMENT
    issuers = [issuer["issuer"] for issuer in row.jwt_configuration["issuers"]]
    own = {issuer: built_in_key_set(issuer) for issuer in issuers if is_built_in_issuer(issuer, environment)}
    others = [issuer for issuer in issuers if issuer not in own]
    try:
        found = key_set_addresses(others, allow_private=environment.allow_private_backends) if others else {}
    except IssuerUnavailable as error:
        raise BadRequestException(f"The discovery document of an issuer could not be read: {error}") from error
    return {**request, "jwksUris": {**own, **found}}


@operation("CreateAuthorizer", prepare=_ask_issuers)
def create_authorizer(caller: Caller, request: Shape) -> Shape:
    """A new authorizer of an API."""
    api = caller.rest_api(request["restApiId"])
    row = Authorizer(rest_api=api, **authorizer_columns(request))
    check_authorizer(row)
    _check_name(row)
    _note_key_sets(row, request)
    if api.authorizers.count() >= MAX_AUTHORIZERS:
        raise too_many("Authorizers", "API")
    row.save()
    draft_changed(api.id)
    return authorizer_shape(row)


@operation("GetAuthorizer")
def get_authorizer(caller: Caller, request: Shape) -> Shape:
    """One authorizer."""
    return authorizer_shape(_find(caller, request))


@operation("GetAuthorizers")
def get_authorizers(caller: Caller, request: Shape) -> Shape:
    """The authorizers of an API, oldest first."""
    api = caller.rest_api(request["restApiId"])
    rows, position = page(Authorizer.objects.filter(rest_api=api), request, "pk")
    return paged([authorizer_shape(row) for row in rows], position)


@operation("UpdateAuthorizer", prepare=_ask_issuers)
def update_authorizer(caller: Caller, request: Shape) -> Shape:
    """Patch an authorizer; what comes of all patches together has to be one."""
    row = _find(caller, request)
    _PATCHES.apply(row, request.get("patchOperations"))
    check_authorizer(row)
    _check_name(row)
    _note_key_sets(row, request)
    row.save()
    draft_changed(row.rest_api_id)
    return authorizer_shape(row)


@operation("DeleteAuthorizer")
def delete_authorizer(caller: Caller, request: Shape) -> Shape:
    """Delete an authorizer that no method uses."""
    row = _find(caller, request)
    method = first_method(row.rest_api_id, authorizer_id=row.authorizer_id)
    if method is not None:
        raise ConflictException(f"Cannot delete authorizer '{row.name}', is referenced in method: {method}")
    row.delete()
    draft_changed(row.rest_api_id)
    return {}


def authorizer_columns(members: Shape) -> dict[str, Any]:
    """The columns of a row from AWS's members of an authorizer."""
    return {
        "name": members["name"],
        "type": members["type"],
        "provider_arns": list(members.get("providerARNs") or ()),
        "auth_type": members.get("authType") or default_auth_type(members["type"]),
        "authorizer_uri": members.get("authorizerUri"),
        "authorizer_credentials": members.get("authorizerCredentials"),
        "identity_source": members.get("identitySource"),
        "identity_validation_expression": members.get("identityValidationExpression"),
        "authorizer_result_ttl_in_seconds": members.get("authorizerResultTtlInSeconds"),
        "jwt_configuration": without_key_sets(members.get("jwtConfiguration")),
    }


def without_key_sets(configuration: Shape | None) -> Shape | None:
    """Where an issuer's keys are is for the issuer to say."""
    if not configuration or not isinstance(configuration.get("issuers"), list):
        return configuration
    issuers = [
        {name: value for name, value in issuer.items() if name != "jwksUri"} if isinstance(issuer, dict) else issuer
        for issuer in configuration["issuers"]
    ]
    return {**configuration, "issuers": issuers}


def authorizer_shape(row: Authorizer) -> Shape:
    """AWS's Authorizer. A time to live that was not given is 300 seconds, and not shown."""
    members = {
        "id": row.authorizer_id,
        "name": row.name,
        "type": row.type,
        "providerARNs": row.provider_arns or None,
        "authType": row.auth_type,
        "authorizerUri": row.authorizer_uri,
        "authorizerCredentials": row.authorizer_credentials,
        "identitySource": row.identity_source,
        "identityValidationExpression": row.identity_validation_expression,
        "authorizerResultTtlInSeconds": row.authorizer_result_ttl_in_seconds,
        "jwtConfiguration": row.jwt_configuration,
    }
    return {name: value for name, value in members.items() if value is not None}


def _find(caller: Caller, request: Shape) -> Authorizer:
    return caller.below(Authorizer, request["restApiId"], _UNKNOWN, authorizer_id=request["authorizerId"])


def _note_key_sets(row: Authorizer, request: Shape) -> None:
    """Each issuer with the address of its keys: AWS shows it, and takes it from nobody but the issuer."""
    found = request.get("jwksUris")
    if found is not None and row.jwt_configuration is not None:
        issuers = [
            {**issuer, "jwksUri": found[issuer["issuer"]]} if issuer["issuer"] in found else issuer
            for issuer in row.jwt_configuration["issuers"]
        ]
        row.jwt_configuration = {**row.jwt_configuration, "issuers": issuers}


def _check_name(row: Authorizer) -> None:
    if Authorizer.objects.filter(rest_api=row.rest_api_id, name=row.name).exclude(pk=row.pk).exists():
        raise ConflictException(
            f"Authorizer name must be unique. Authorizer {row.name} already exists in this RestApi."
        )


def _add_provider(row: Authorizer, patch: Patch) -> None:
    if patch.value not in row.provider_arns:
        row.provider_arns = [*row.provider_arns, text(patch.value)]


def _remove_provider(row: Authorizer, patch: Patch) -> None:
    row.provider_arns = [arn for arn in row.provider_arns if arn != patch.value]


def _set_type(row: Authorizer, patch: Patch) -> None:
    """Make an authorizer one of another type. What belonged to JWTs, or does not go with them, is forgotten."""
    kind = _type(patch.value)
    if row.auth_type == default_auth_type(row.type):
        row.auth_type = default_auth_type(kind)
    row.type = kind
    if kind != "JWT":
        row.jwt_configuration = None
        return
    row.authorizer_uri = row.authorizer_credentials = row.identity_validation_expression = None
    row.authorizer_result_ttl_in_seconds = None
    row.provider_arns = []


def _jwt_configuration(value: str | None) -> Shape:
    """A whole configuration as JSON, in the shape in which CreateAuthorizer takes it."""
    shape = service_model("apigateway").shape_for("JwtConfigurationInput")
    try:
        configuration = json.loads(value or "")
    except (ValueError, RecursionError) as error:
        raise BadRequestException("Invalid jwtConfiguration specified: it is not JSON") from error
    problems = validate(shape, configuration) if isinstance(configuration, dict) else ["it is not an object"]
    if problems:
        raise BadRequestException(f"Invalid jwtConfiguration specified: {problems[0]}")
    return without_key_sets(configuration) or {}


_type = one_of(AUTHORIZER_TYPES, "Invalid authorizer type specified: {value}")
_set_source = assign("identity_source", optional_text)
_PATCHES = PatchTable(
    (
        replaceable("/authorizerUri", "authorizer_uri", optional_text),
        replaceable("/authorizerCredentials", "authorizer_credentials", optional_text),
        replaceable(
            "/authorizerResultTtlInSeconds", "authorizer_result_ttl_in_seconds", integer(TTL_MESSAGE, 0, MAX_TTL)
        ),
        replaceable("/authType", "auth_type", optional_text),
        Rule("/identitySource", {"add": _set_source, "replace": _set_source, "remove": clear("identity_source")}),
        replaceable("/identityValidationExpression", "identity_validation_expression", optional_text),
        replaceable("/name", "name"),
        Rule("/providerARNs", {"add": _add_provider, "remove": _remove_provider}),
        Rule("/type", {"replace": _set_type}),
        replaceable("/jwtConfiguration", "jwt_configuration", _jwt_configuration),
    ),
    LISTS_PATHS,
)
