"""A compiled route: the steps that its events take."""

from __future__ import annotations

from typing import NamedTuple

from apps.core.documents import V2DeploymentDocument
from apps.core.v2_documents import V2Integration, V2Route
from gateway_runtime.snapshot.stage import CompiledMethod, MethodSite


class RouteSite(NamedTuple):
    """Where phases of WebSocket routes are bound. `site` is the route as REST's phases see it (`route_methods.py`)."""

    site: MethodSite
    route: V2Route
    integration: V2Integration | None
    deployment: V2DeploymentDocument


class CompiledRoute(NamedTuple):
    """`method` has its steps, and is what meter and logs know it by; `is_two_way` tells that replies go to the client."""

    key: str
    method: CompiledMethod
    is_two_way: bool
