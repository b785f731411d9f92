"""Security schemes and requirements: API keys and IAM are API Gateway's own, everything else is an authorizer's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.control_plane.openapi.node import Node

AUTHORIZER = "x-amazon-apigateway-authorizer"
AUTHTYPE = "x-amazon-apigateway-authtype"
AUTH = "x-amazon-apigateway-auth"
_IAM = "awsSigv4"


@dataclass(frozen=True)
class Needs:
    """What a caller of an operation has to bring."""

    api_key: bool = False
    authorization_type: str = "NONE"


class Security:
    """The schemes of one definition."""

    def __init__(self, root: Node, schemes: Node) -> None:
        self.root = root
        self.schemes = dict(schemes.members())
        for scheme in self.schemes.values():
            if scheme.has(AUTHORIZER):
                scheme.unsupported(AUTHORIZER, AUTHORIZER)
            elif scheme.has(AUTHTYPE) and not is_iam(scheme.data):
                scheme.unsupported(AUTHTYPE, AUTHTYPE)

    def needs(self, operation: Node) -> Needs:
        """What an operation's requirements ask for, or those of the whole document where it has none of its own."""
        source = operation if "security" in operation.data else self.root
        kinds = {self._kind(requirement, name) for requirement in source.items("security") for name in requirement.data}
        iam = "iam" in kinds or self._auth(operation) == "AWS_IAM"
        return Needs(api_key="key" in kinds, authorization_type="AWS_IAM" if iam else "NONE")

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
