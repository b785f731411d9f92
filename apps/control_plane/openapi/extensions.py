"""Every `x-amazon-apigateway-…` name, and what becomes of it."""

from __future__ import annotations

from apps.control_plane.openapi.node import Node

PREFIX = "x-amazon-apigateway-"

READ = frozenset(
    PREFIX + name
    for name in (
        "any-method", "api-key-source", "auth", "authorizer", "authtype", "binary-media-types", "documentation",
        "endpoint-access-mode", "endpoint-configuration", "integration", "integrations", "minimum-compression-size",
        "policy", "security-policy", "tag-value",
    )
)  # fmt: skip
"""Read, or kept for export, wherever they may stand."""

UNBUILT = frozenset(PREFIX + name for name in ("gateway-responses", "request-validator", "request-validators"))
"""Something of AWS that would change how the API behaves, and that this version does not have."""

IGNORED = frozenset(PREFIX + name for name in ("importexport-version", "cors"))
"""Without a meaning for REST APIs."""


def check_names(node: Node) -> None:
    """Find the extensions of an object that are not built, and those that nobody knows."""
    for key in node.data:
        if not key.startswith(PREFIX) or key in READ or key in IGNORED:
            continue
        if key in UNBUILT:
            node.unsupported(key, key)
        else:
            node.warn(f"Unknown extension '{key}'. Ignoring.", key)
