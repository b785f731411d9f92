"""Security schemes and requirements: API keys and IAM are API Gateway's own, everything else is an authorizer's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.control_plane.errors import AwsError
from apps.control_plane.openapi.node import Node
from apps.control_plane.openapi.spec import AuthorizerSpec
from apps.control_plane.v1.authorizer_checks import AUTHORIZER_TYPES, LAMBDA_TYPES, check_authorizer
from apps.control_plane.v1.authorizers import MAX_AUTHORIZERS, authorizer_columns, without_key_sets
from apps.control_plane.wire.service_models import service_model
from apps.control_plane.wire.validation import check
from apps.rest_apis.models import Authorizer

AUTHORIZER = "x-amazon-apigateway-authorizer"
AUTHTYPE = "x-amazon-apigateway-authtype"
AUTH = "x-amazon-apigateway-auth"
_IAM = "awsSigv4"
_TEXTS = ("authorizerUri", "authorizerCredentials", "identitySource", "identityValidationExpression")
_OTHERS = frozenset({"type", "providerARNs", "authorizerResultTtlInSeconds", "jwtConfiguration"})
_HTTP_API_ONLY = frozenset({"authorizerPayloadFormatVersion", "enableSimpleResponses"})


@dataclass(frozen=True)
class Needs:
    """What a caller of an operation has to bring. `authorizer` is the name of one, with the scopes that it looks for."""

    api_key: bool = False
    authorization_type: str = "NONE"
    authorizer: str | None = None
    scopes: tuple[str, ...] = ()


class Security:
    """The schemes of one definition. `authorizers` are those that are to be made, by name."""

    def __init__(self, root: Node, schemes: Node) -> None:
        self.root = root
        self.schemes = dict(schemes.members())
        self.authorizers: dict[str, AuthorizerSpec] = {}
        for name, scheme in self.schemes.items():
            if scheme.has(AUTHORIZER):
                spec = _authorizer(name, scheme)
                if spec is not None:
                    self.authorizers[name] = spec
            elif scheme.has(AUTHTYPE) and not is_iam(scheme.data):
                scheme.error(f"Security scheme '{name}' has an {AUTHTYPE} but no {AUTHORIZER}", AUTHTYPE)
        if len(self.authorizers) > MAX_AUTHORIZERS:
            schemes.error(f"The definition has more than {MAX_AUTHORIZERS} authorizers.")

    def needs(self, operation: Node) -> Needs:
        """What an operation's requirements ask for, or those of the whole document where it has none of its own."""
        source = operation if "security" in operation.data else self.root
        named = [(requirement, name) for requirement in source.items("security") for name in requirement.data]
        kinds = {self._kind(requirement, name) for requirement, name in named}
        by_authorizer = [(requirement, name) for requirement, name in named if name in self.authorizers]
        api_key = "key" in kinds
        if by_authorizer:
            requirement, name = by_authorizer[0]
            for other, another in by_authorizer[1:]:
                if another != name:
                    other.warn(f"A method can have one authorizer, which is '{name}'. Ignoring '{another}'.", another)
            authorization = authorization_type(self.authorizers[name].type)
            return Needs(api_key, authorization, name, tuple(requirement.texts(name)))
        iam = "iam" in kinds or self._auth(operation) == "AWS_IAM"
        return Needs(api_key=api_key, authorization_type="AWS_IAM" if iam else "NONE")

    def _kind(self, requirement: Node, name: str) -> str | None:
        scheme = self.schemes.get(name)
        if scheme is None:
            requirement.warn(f"Reference to security scheme '{name}' not found. Ignoring.", name)
            return None
        if is_api_key(scheme.data):
            return "key"
        if is_iam(scheme.data):
            return "iam"
        if not (scheme.has(AUTHORIZER) or scheme.has(AUTHTYPE)):
            scheme.warn(f"Security scheme '{name}' is neither an API key in x-api-key nor an authorizer. Ignoring.")
        return None

    def _auth(self, operation: Node) -> str:
        """The authorization type that an operation states outright."""
        if not operation.has(AUTH):
            return "NONE"
        kind = (operation.member(AUTH).text("type") or "").upper()
        if kind not in ("NONE", "AWS_IAM"):
            operation.unsupported(f"{AUTH} of type '{kind}'", AUTH)
        return kind


def authorization_type(authorizer_type: str) -> str:
    """The authorization type of methods that use an authorizer of a type."""
    return "CUSTOM" if authorizer_type in LAMBDA_TYPES else authorizer_type


def _authorizer(name: str, scheme: Node) -> AuthorizerSpec | None:
    """The authorizer of a scheme; None, with an error found, when it is none."""
    node = scheme.member(AUTHORIZER)
    for key in node.data.keys() - set(_TEXTS) - _OTHERS - _HTTP_API_ONLY:
        if not key.startswith("x-"):
            node.warn(f"Unknown member '{key}' of an authorizer. Ignoring.", key)
    kind = (node.text("type") or "").upper()
    if kind not in AUTHORIZER_TYPES:
        node.error(f"Unable to create authorizer '{name}': Invalid authorizer type specified: {node.text('type')}")
        return None
    members: dict[str, Any] = {key: node.text(key) for key in _TEXTS}
    if kind != "REQUEST":
        members["identitySource"] = members["identitySource"] or _source(scheme)
    members |= {
        "name": name,
        "type": kind,
        "authType": scheme.text(AUTHTYPE),
        "providerARNs": node.texts("providerARNs"),
        "authorizerResultTtlInSeconds": _ttl(node),
        "jwtConfiguration": without_key_sets(node.member("jwtConfiguration").data or None),
    }
    given = {member: value for member, value in members.items() if value is not None}
    columns = authorizer_columns(given)
    try:
        check(service_model("apigateway").operation_model("CreateAuthorizer"), {"restApiId": "", **given})
        check_authorizer(Authorizer(**columns))
    except AwsError as error:
        node.error(f"Unable to create authorizer '{name}': {error.message}")
        return None
    return AuthorizerSpec(name=name, type=kind, columns=columns)


def _source(scheme: Node) -> str | None:
    """A scheme that is a header names the header of the token."""
    header = scheme.text("name") if scheme.text("in") == "header" else None
    return f"method.request.header.{header}" if header else None


def _ttl(node: Node) -> int | None:
    value = node.data.get("authorizerResultTtlInSeconds")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        node.error("Invalid authorizerResultTtlInSeconds value, it is not a number", "authorizerResultTtlInSeconds")
        return None
    return value


def is_api_key(scheme: dict[str, Any]) -> bool:
    return (
        scheme.get("type") == "apiKey"
        and scheme.get("in") == "header"
        and str(scheme.get("name", "")).lower() == "x-api-key"
        and AUTHORIZER not in scheme
        and AUTHTYPE not in scheme
    )


def is_iam(scheme: dict[str, Any]) -> bool:
    return scheme.get(AUTHTYPE) == _IAM and AUTHORIZER not in scheme
