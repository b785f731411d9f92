"""Security schemes and requirements of HTTP APIs: JWT and Lambda authorizers, and IAM."""

from __future__ import annotations

from apps.control_plane.openapi.http_apis.spec import Shape
from apps.control_plane.openapi.node import Node
from apps.control_plane.openapi.security import AUTH, AUTHORIZER, is_iam

_TEXTS = {
    "authorizerUri": "AuthorizerUri",
    "authorizerCredentials": "AuthorizerCredentialsArn",
    "authorizerPayloadFormatVersion": "AuthorizerPayloadFormatVersion",
}
_KNOWN = frozenset(
    {"type", "identitySource", "authorizerResultTtlInSeconds", "enableSimpleResponses", "jwtConfiguration", *_TEXTS}
)
_TYPES = {"JWT": "JWT", "REQUEST": "CUSTOM"}


class Security:
    """The schemes of one definition. `found` are requests of CreateAuthorizer by name."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._schemes = dict(root.member("components").member("securitySchemes").members())
        self.found: dict[str, tuple[Node, Shape]] = {}
        for name, scheme in self._schemes.items():
            if scheme.has(AUTHORIZER):
                request = _request(name, scheme)
                if request is not None:
                    self.found[name] = (scheme.member(AUTHORIZER), request)

    def needs(self, operation: Node) -> tuple[str | None, Shape]:
        """What an operation's requirements ask for, or those of the whole definition: an authorizer, and members of a route."""
        source = operation if "security" in operation.data else self._root
        for requirement in source.items("security") if source.has("security") else ():
            for name in requirement.data:
                scheme = self._schemes.get(name)
                if scheme is None:
                    # A route that was to be protected would be open.
                    requirement.error(f"Reference to security scheme '{name}' not found.", name)
                elif is_iam(scheme.data):
                    return None, {"AuthorizationType": "AWS_IAM"}
                elif name in self.found:
                    scopes = requirement.texts(name)
                    kind = _TYPES[self.found[name][1]["AuthorizerType"]]
                    return name, {"AuthorizationType": kind, **({"AuthorizationScopes": scopes} if scopes else {})}
                elif not scheme.has(AUTHORIZER):
                    scheme.warn(f"Security scheme '{name}' is no authorizer. Ignoring.")
        if operation.has(AUTH) and (operation.member(AUTH).text("type") or "").upper() == "AWS_IAM":
            return None, {"AuthorizationType": "AWS_IAM"}
        return None, {"AuthorizationType": "NONE"}


def _request(name: str, scheme: Node) -> Shape | None:
    node = scheme.member(AUTHORIZER)
    kind = (node.text("type") or "").upper()
    if kind not in _TYPES:
        node.error(f"Unable to create authorizer '{name}': Invalid authorizer type specified: {node.text('type')}")
        return None
    sources = node.texts("identitySource") if isinstance(node.data.get("identitySource"), list) else None
    if sources is None:
        sources = [part.strip() for part in (node.text("identitySource") or "").split(",") if part.strip()]
    request: Shape = {"Name": name, "AuthorizerType": kind, "IdentitySource": sources}
    for member, aws_name in _TEXTS.items():
        if node.has(member):
            request[aws_name] = node.text(member)
    if isinstance(node.data.get("authorizerResultTtlInSeconds"), int):
        request["AuthorizerResultTtlInSeconds"] = node.data["authorizerResultTtlInSeconds"]
    if node.has("enableSimpleResponses"):
        request["EnableSimpleResponses"] = node.flag("enableSimpleResponses")
    jwt = node.member("jwtConfiguration")
    if jwt.data:
        request["JwtConfiguration"] = {"Issuer": jwt.text("issuer") or "", "Audience": jwt.texts("audience")}
    for key in node.data.keys() - _KNOWN:
        node.info(f"'{key}' of an authorizer is not supported for HTTP APIs. Ignoring.", key)
    return request
