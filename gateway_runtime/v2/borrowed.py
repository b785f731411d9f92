"""Phases of REST methods that serve routes as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step
    from gateway_runtime.v2.route_site import RouteSite


def of_method(phase: Callable[[MethodSite], Step | None]) -> Callable[[RouteSite], Step | None]:
    """A phase of REST methods as one of routes."""

    def of_route(at: RouteSite) -> Step | None:
        return phase(at.site)

    of_route.__name__ = phase.__name__
    return of_route
