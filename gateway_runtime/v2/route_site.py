"""Where phases of routes are bound."""

from __future__ import annotations

from typing import NamedTuple

from apps.core.documents import V2DeploymentDocument
from apps.core.v2_documents import V2Integration, V2Route
from gateway_runtime.snapshot.stage import MethodSite


class RouteSite(NamedTuple):
    """A route, deployed to a stage. `site` is the route as REST's phases see it (`route_methods.py`)."""

    site: MethodSite
    route: V2Route
    integration: V2Integration | None
    deployment: V2DeploymentDocument
