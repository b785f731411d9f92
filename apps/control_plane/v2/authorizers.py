"""Authorizers of HTTP and WebSocket APIs: Lambda functions, and issuers of JWTs."""

from __future__ import annotations

import re

from django.conf import settings

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, TooManyRequestsException
from apps.control_plane.issuer_discovery import IssuerUnavailable, key_set_addresses
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.authorizer_checks import is_issuer
from apps.control_plane.v2.drafts import draft_changed
from apps.control_plane.v2.members import assign, find_in, page, paged, shape_of
from apps.v2_apis.models import Authorizer

MAX_AUTHORIZERS = 10
MAX_AUDIENCES = 50
_DEFAULT_TTL = 300
_INVALID_ISSUER = (
    "Invalid issuer: {}. Issuer must have a valid discovery endpoint ended with '/.well-known/openid-configuration'"
)

_MEMBERS = {
    "AuthorizerId": "authorizer_id",
    "Name": "name",
    "AuthorizerType": "authorizer_type",
    "IdentitySource": "identity_source",
    "AuthorizerUri": "authorizer_uri",
    "AuthorizerCredentialsArn": "authorizer_credentials_arn",
    "AuthorizerPayloadFormatVersion": "authorizer_payload_format_version",
    "AuthorizerResultTtlInSeconds": "authorizer_result_ttl_in_seconds",
    "EnableSimpleResponses": "enable_simple_responses",
    "IdentityValidationExpression": "identity_validation_expression",
    "JwtConfiguration": "jwt_configuration",
}
_CHANGEABLE = {name: field for name, field in _MEMBERS.items() if name != "AuthorizerId"}
_FUNCTION_ONLY = (
    "authorizer_uri", "authorizer_credentials_arn", "authorizer_payload_format_version", "authorizer_result_ttl_in_seconds",
    "enable_simple_responses", "identity_validation_expression",
)  # fmt: skip

_NAME = r"[^\s${}()<>@,;:\\\"/\[\]?=|]+"
_HTTP_SOURCE = re.compile(rf"\$(?:request\.(?:header\.{_NAME}|querystring\.\S+)|(?:context|stageVariables)\.\S+)")
_WEBSOCKET_SOURCE = re.compile(rf"route\.request\.(?:header\.{_NAME}|querystring\.\S+)|(?:context|stageVariables)\.\S+")
_JWT_SOURCE = re.compile(rf"\$request\.(?:header\.{_NAME}|querystring\.\S+)")
_FUNCTION_URI = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/\S+/invocations")


def _ask_issuer(caller: Caller, request: Shape) -> Shape:
    """The request as it is, after the issuer of a JWT authorizer has shown its discovery document."""
    new = "AuthorizerId" not in request
    row = Authorizer(api=caller.api(request["ApiId"])) if new else _find(caller, request)
    _bring(row, request)
    if row.authorizer_type == "JWT" and request.get("JwtConfiguration"):
        issuer = row.jwt_configuration["Issuer"]
        try:
            key_set_addresses([issuer], allow_private=settings.ENVIRONMENT.allow_private_backends)
        except IssuerUnavailable as error:
            raise BadRequestException(issuer_unavailable(issuer)) from error
    return request


def issuer_unavailable(issuer: str) -> str:
    """What is said of an issuer that does not show its discovery document."""
    return (
        f"Caught exception when connecting to {issuer}/.well-known/openid-configuration for issuer {issuer}. "
        f"Please try again later. Error: {_INVALID_ISSUER.format(issuer)}"
    )


@operation("CreateAuthorizer", service="apigatewayv2", prepare=_ask_issuer)
def create_authorizer(caller: Caller, request: Shape) -> Shape:
    """A new authorizer of an API."""
    api = caller.api(request["ApiId"])
    if api.authorizers.count() >= MAX_AUTHORIZERS:
        raise TooManyRequestsException(
            "Maximum number of Authorizers for this API has been reached. "
            "Please contact AWS if you need additional Authorizers."
        )
    row = Authorizer(api=api)
    put_authorizer(row, request)
    draft_changed(api)
    return shape_of(row, _MEMBERS)


@operation("GetAuthorizer", service="apigatewayv2")
def get_authorizer(caller: Caller, request: Shape) -> Shape:
    """One authorizer."""
    return shape_of(_find(caller, request), _MEMBERS)


@operation("GetAuthorizers", service="apigatewayv2")
def get_authorizers(caller: Caller, request: Shape) -> Shape:
    """The authorizers of an API."""
    rows, token = page(caller.api(request["ApiId"]).authorizers.all(), request, "pk")
    return paged([shape_of(row, _MEMBERS) for row in rows], token)


@operation("UpdateAuthorizer", service="apigatewayv2", prepare=_ask_issuer)
def update_authorizer(caller: Caller, request: Shape) -> Shape:
    """Change an authorizer; its type only while no route uses it."""
    row = _find(caller, request)
    if request.get("AuthorizerType", row.authorizer_type) != row.authorizer_type and row.routes.exists():
        raise BadRequestException("The type of an authorizer that routes use cannot be changed")
    put_authorizer(row, request)
    draft_changed(row.api)
    return shape_of(row, _MEMBERS)


@operation("DeleteAuthorizer", service="apigatewayv2")
def delete_authorizer(caller: Caller, request: Shape) -> Shape:
    """Delete an authorizer that no route uses."""
    row = _find(caller, request)
    route = row.routes.order_by("pk").first()
    if route is not None:
        raise ConflictException(f"Cannot delete authorizer '{row.name}', is referenced in route: {route.route_key}")
    row.delete()
    draft_changed(row.api)
    return {}


def put_authorizer(row: Authorizer, request: Shape) -> None:
    """Bring an authorizer, new or not, to what a request says, and save it."""
    _bring(row, request)
    row.save()


def _bring(row: Authorizer, request: Shape) -> None:
    """Bring an authorizer to what a request says; raises what is wrong with it then."""
    assign(row, request, _CHANGEABLE, merged=("JwtConfiguration",))
    if not row.name or len(row.name) > 128:
        raise BadRequestException("Authorizer name must be between 1 and 128 characters")
    if Authorizer.objects.filter(api=row.api, name=row.name).exclude(pk=row.pk).exists():
        raise ConflictException(f"Authorizer name must be unique. Authorizer {row.name} already exists in this API.")
    if row.authorizer_type == "JWT":
        _check_jwt(row)
    elif row.jwt_configuration:
        raise BadRequestException("JwtConfiguration is only supported for JWT authorizers")
    elif row.api.websocket:
        _check_function(row)
        _check_websocket(row)
    else:
        _check_function(row)
        _check_http(row)


def _check_jwt(row: Authorizer) -> None:
    if row.api.websocket:
        raise BadRequestException("JWT authorizers are only supported for HTTP APIs")
    for field in _FUNCTION_ONLY:
        if getattr(row, field) is not None:
            raise BadRequestException(f"{_aws_name(field)} is only supported for REQUEST authorizers")
    if len(row.identity_source) != 1 or not _JWT_SOURCE.fullmatch(row.identity_source[0]):
        raise BadRequestException(
            "Invalid identity source specified. A JWT authorizer takes one header or query string, such as "
            "$request.header.Authorization"
        )
    configuration = row.jwt_configuration or {}
    issuer = configuration.get("Issuer") or ""
    if not issuer:
        raise BadRequestException("Invalid issuer: Issuer can not be empty for JWT Authorizer.")
    if not is_issuer(issuer):
        raise BadRequestException(_INVALID_ISSUER.format(issuer))
    audience = configuration.get("Audience") or []
    if not audience or not all(audience):
        raise BadRequestException("At least one audience is required for a JWT authorizer")
    if len(audience) > MAX_AUDIENCES:
        raise BadRequestException(f"A JWT authorizer can have at most {MAX_AUDIENCES} audiences")


def _check_function(row: Authorizer) -> None:
    if not _FUNCTION_URI.fullmatch(row.authorizer_uri or ""):
        raise BadRequestException(
            "Invalid Authorizer URI. The authorizer URI must be the invocation URI of a Lambda function"
        )
    if row.identity_validation_expression:
        raise BadRequestException("IdentityValidationExpression is not supported")


def _check_http(row: Authorizer) -> None:
    version = row.authorizer_payload_format_version
    if version is None:
        raise BadRequestException("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizers")
    if version not in ("1.0", "2.0"):
        raise BadRequestException("AuthorizerPayloadFormatVersion must be one of [1.0, 2.0]")
    if row.enable_simple_responses and version != "2.0":
        raise BadRequestException("EnableSimpleResponses is only supported for AuthorizerPayloadFormatVersion 2.0")
    if row.enable_simple_responses is None:
        row.enable_simple_responses = False
    _check_sources(row, _HTTP_SOURCE)
    if row.authorizer_result_ttl_in_seconds is None:
        row.authorizer_result_ttl_in_seconds = _DEFAULT_TTL if row.identity_source else 0
    if row.authorizer_result_ttl_in_seconds and not row.identity_source:
        raise BadRequestException("Identity sources are required when the authorizer's results are cached")


def _check_websocket(row: Authorizer) -> None:
    for field in ("authorizer_payload_format_version", "enable_simple_responses"):
        if getattr(row, field):
            raise BadRequestException(f"{_aws_name(field)} is only supported for HTTP APIs")
    _check_sources(row, _WEBSOCKET_SOURCE)
    if row.authorizer_result_ttl_in_seconds:
        raise BadRequestException("AuthorizerResultTtlInSeconds is only supported for HTTP APIs")


def _check_sources(row: Authorizer, pattern: re.Pattern[str]) -> None:
    for source in row.identity_source:
        if not pattern.fullmatch(source):
            raise BadRequestException(f"Invalid identity source specified: {source}")


def _aws_name(field: str) -> str:
    return next(name for name, known in _MEMBERS.items() if known == field)


def _find(caller: Caller, request: Shape) -> Authorizer:
    rows = Authorizer.objects.filter(api=caller.api(request["ApiId"])).select_related("api")
    return find_in(rows, "Authorizer", authorizer_id=request["AuthorizerId"])
