"""Every `x-amazon-apigateway-…` name, and what becomes of it."""

from __future__ import annotations

from apps.control_plane.openapi.node import Node

PREFIX = "x-amazon-apigateway-"

READ = frozenset(
    PREFIX + name
    for name in (
        "any-method", "api-key-source", "auth", "authorizer", "authtype", "binary-media-types", "documentation",
        "endpoint-access-mode", "endpoint-configuration", "gateway-responses", "integration", "integrations",
        "minimum-compression-size", "policy", "request-validator", "request-validators", "security-policy", "tag-value",
    )
)  # fmt: skip
"""Read, or kept for export, wherever they may stand."""

IGNORED = frozenset(PREFIX + name for name in ("importexport-version", "cors"))
"""Without a meaning for REST APIs."""


def check_names(node: Node) -> None:
    """Find the extensions of an object that nobody knows."""
    for key in node.data:
        if key.startswith(PREFIX) and key not in READ and key not in IGNORED:
            node.warn(f"Unknown extension '{key}'. Ignoring.", key)
