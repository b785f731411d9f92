"""What a definition says of an HTTP API, in the shapes of the operations that make it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from apps.control_plane.openapi.node import Node

Shape = dict[str, Any]


@dataclass(frozen=True)
class RouteSpec:
    """A route. `integration` and `authorizer` are names of others in the definition; `request` is the rest of CreateRoute's."""

    key: str
    node: Node
    integration: str | None
    authorizer: str | None
    request: Shape


@dataclass(frozen=True)
class HttpApiSpec:
    """`integrations` and `authorizers` are requests by name, each with its place in the definition."""

    api: Shape
    tags: dict[str, str]
    routes: tuple[RouteSpec, ...]
    integrations: dict[str, tuple[Node, Shape]] = field(default_factory=dict)
    authorizers: dict[str, tuple[Node, Shape]] = field(default_factory=dict)
