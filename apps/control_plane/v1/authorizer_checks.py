"""What has to hold of an authorizer, however it came to be so. Where AWS's words are known they are used."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import re2
from django.conf import settings

from apps.control_plane.errors import BadRequestException
from apps.core.environment import is_loopback
from apps.core.user_pools import is_built_in_issuer
from apps.rest_apis.models import Authorizer

AUTHORIZER_TYPES = ("TOKEN", "REQUEST", "COGNITO_USER_POOLS", "JWT")
LAMBDA_TYPES = ("TOKEN", "REQUEST")
DEFAULT_TTL, MAX_TTL = 300, 3600
TTL_MESSAGE = f"Invalid authorizer result TTL specified. Must be between 0 and {MAX_TTL} seconds"

_PARTITION = r"arn:aws(?:-cn|-us-gov)?"
_REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"
_FUNCTION_URI = re.compile(
    rf"{_PARTITION}:apigateway:{_REGION}:lambda:path/[0-9-]+/functions/{_PARTITION}:lambda:{_REGION}:\d{{12}}:function:"
    r"[A-Za-z0-9_.\-${}:]+/invocations"
)
_USER_POOL = re.compile(rf"{_PARTITION}:cognito-idp:{_REGION}:\d{{12}}:userpool/[\w-]+_[0-9A-Za-z]+")
_ROLE = re.compile(rf"{_PARTITION}:iam::(?:\d{{12}}|\*):(?:role|user)/\S+")
_HEADER = re.compile(r"method\.request\.header\.[^\s,]+")
_SOURCE = re.compile(
    r"method\.request\.(?:multivalue)?(?:header|querystring)\.[^\s,]+|stageVariables\.\w+|context\.[\w.]+"
)
_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"})
_RESERVED_CLAIMS = frozenset({"iss", "aud", "exp", "nbf", "iat", "scope", "scp"})


def default_auth_type(kind: str) -> str:
    """`authType` of an authorizer that was not given one."""
    return "custom" if kind in LAMBDA_TYPES else kind.lower()


def check_authorizer(row: Authorizer) -> None:
    """Raises BadRequestException for what is no authorizer of its type."""
    if not row.name.strip():
        raise BadRequestException("Authorizer name must be non-empty")
    for column in Authorizer._meta.concrete_fields:
        longest = getattr(column, "max_length", None)
        if longest and len(getattr(row, column.attname) or "") > longest:
            words = column.name.replace("_", " ").removeprefix("authorizer ")
            raise BadRequestException(f"Authorizer {words} can be at most {longest} characters")
    if row.type != "JWT" and row.jwt_configuration is not None:
        raise BadRequestException("jwtConfiguration can only be specified for JWT authorizers")
    {"TOKEN": _check_token, "REQUEST": _check_request, "COGNITO_USER_POOLS": _check_cognito, "JWT": _check_jwt}[
        row.type
    ](row)


def _check_token(row: Authorizer) -> None:
    _check_function(row)
    _check_header_source(row)
    _check_expression(row)


def _check_expression(row: Authorizer) -> None:
    """An expression is one of RE2, which the data plane runs: none that looks around or back."""
    if row.identity_validation_expression:
        try:
            re2.compile(row.identity_validation_expression)
        except re2.error as error:
            raise BadRequestException(f"Invalid identity validation expression specified: {error}") from None


def _check_request(row: Authorizer) -> None:
    _check_function(row)
    if row.identity_validation_expression:
        raise BadRequestException("Identity validation expression is not supported for REQUEST authorizers")
    ttl = row.authorizer_result_ttl_in_seconds
    if not row.identity_source:
        if (DEFAULT_TTL if ttl is None else ttl) > 0:
            raise BadRequestException(
                "Identity source must be set if authorizer caching is enabled (TTL is greater than 0)"
            )
        return
    for source in row.identity_source.split(","):
        if not _SOURCE.fullmatch(source.strip()):
            raise BadRequestException(f"Invalid identity source specified: {source.strip()}")


def _check_cognito(row: Authorizer) -> None:
    _refuse(row, "authorizer_uri", "authorizer_credentials")
    if not row.provider_arns:
        raise BadRequestException("Provider ARNs must be specified for COGNITO_USER_POOLS authorizers")
    _check_expression(row)
    for arn in row.provider_arns:
        if not _USER_POOL.fullmatch(arn):
            raise BadRequestException(f"Invalid Cognito User Pool ARN specified: {arn}")
    _check_header_source(row)
    _check_ttl(row)


def _check_function(row: Authorizer) -> None:
    """What authorizers by a Lambda function have in common."""
    if row.provider_arns:
        raise BadRequestException(f"Provider ARNs are not supported for {row.type} authorizers")
    if not _FUNCTION_URI.fullmatch(row.authorizer_uri or ""):
        raise BadRequestException(
            f"Invalid Authorizer URI: {row.authorizer_uri or 'null'}. Authorizer URI should be a valid API Gateway ARN that "
            "represents a Lambda function invocation."
        )
    if row.authorizer_credentials and not _ROLE.fullmatch(row.authorizer_credentials):
        raise BadRequestException("Invalid ARN specified in the request")
    _check_ttl(row)


def _check_ttl(row: Authorizer) -> None:
    ttl = row.authorizer_result_ttl_in_seconds
    if ttl is not None and not 0 <= ttl <= MAX_TTL:
        raise BadRequestException(TTL_MESSAGE)


def _check_header_source(row: Authorizer) -> None:
    if not row.identity_source:
        raise BadRequestException(f"Identity source must be specified for {row.type} authorizers")
    if not _HEADER.fullmatch(row.identity_source):
        raise BadRequestException(f"Invalid identity source specified: {row.identity_source}")


def _refuse(row: Authorizer, *columns: str) -> None:
    for column in columns:
        if getattr(row, column) not in (None, []):
            raise BadRequestException(
                f"{column.replace('_', ' ').capitalize()} is not supported for {row.type} authorizers"
            )


# JWT ----------------------------------------------------------------------------------------------------------------


def _check_jwt(row: Authorizer) -> None:
    _refuse(
        row,
        "authorizer_uri",
        "authorizer_credentials",
        "provider_arns",
        "identity_validation_expression",
        "authorizer_result_ttl_in_seconds",
    )
    _check_header_source(row)
    configuration = row.jwt_configuration or {}
    issuers = configuration.get("issuers") or []
    algorithms = configuration.get("defaultAlgorithms")
    if not issuers or not algorithms or not _ALGORITHMS.issuperset(algorithms):
        raise BadRequestException("jwtConfiguration with issuers and defaultAlgorithms is required for JWT authorizers")
    urls = [issuer.get("issuer") or "" for issuer in issuers]
    if len(set(urls)) != len(urls):
        raise BadRequestException("Issuers of a JWT authorizer must be unique")
    for issuer in issuers:
        _check_issuer(issuer)


def is_issuer(url: str) -> bool:
    """Whether a URL can be an issuer: by https, but for this installation's own and, in development, those of this machine."""
    try:
        parts = urlsplit(url)
        if not parts.hostname or "@" in parts.netloc or set("?#") & set(url):
            return False
    except ValueError:
        return False
    if parts.scheme == "http":
        here = settings.ENVIRONMENT.allow_private_backends and is_loopback(parts.hostname)
        return here or is_built_in_issuer(url, settings.ENVIRONMENT)
    return parts.scheme == "https"


def _check_issuer(issuer: dict[str, Any]) -> None:
    url = issuer.get("issuer") or ""
    if not is_issuer(url):
        raise BadRequestException(f"Invalid issuer specified: {url}")
    if not issuer.get("audiences") or not all(issuer["audiences"]):
        raise BadRequestException(f"Issuer {url} needs audiences, none of them empty")
    names = [claim.get("claimName") or "" for claim in issuer.get("additionalClaims") or ()]
    for name in names:
        if not name or name in _RESERVED_CLAIMS or names.count(name) > 1:
            raise BadRequestException(f"Invalid claim name specified: '{name}'")
    for claim in issuer.get("additionalClaims") or ():
        values = claim.get("expectedValues") or []
        if len(values) > 1 or not all(values):
            raise BadRequestException(f"Claim '{claim['claimName']}' can expect one value, which is not empty")
