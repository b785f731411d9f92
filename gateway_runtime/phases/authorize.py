"""Authorization: who may call a method is decided as the method says. What is not understood is closed, never open."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from apps.core.documents import Authorizer
from gateway_runtime.authorizers.function import authorize_by_function
from gateway_runtime.authorizers.token import authorize_by_token
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.snapshot.stage import Misconfigured

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step

# By authorization type and the type of the authorizer that the method names.
_AUTHORIZERS: dict[tuple[str, str], Callable[[MethodSite, Authorizer], Step]] = {
    ("CUSTOM", "TOKEN"): authorize_by_function,
    ("CUSTOM", "REQUEST"): authorize_by_function,
    ("COGNITO_USER_POOLS", "COGNITO_USER_POOLS"): authorize_by_token,
    ("JWT", "JWT"): authorize_by_token,
}
_DECIDED_BEFORE = frozenset({"NONE", "AWS_IAM"})
_WITH_AUTHORIZER = frozenset(kind for kind, _ in _AUTHORIZERS)


def authorize(site: MethodSite) -> Step | None:
    """Nothing to do for NONE, nor where signatures were verified; everything else has to be shown."""
    kind = site.method.authorization_type
    if kind in _DECIDED_BEFORE:
        return None
    if kind in _WITH_AUTHORIZER:
        return _by_authorizer(site, kind)

    def step(exchange: Exchange) -> None:
        raise GatewayError(
            "AUTHORIZER_CONFIGURATION_ERROR",
            status=501,
            message=f"{kind} authorization is not implemented",
            error_type="NotImplementedException",
        )

    return step


def _by_authorizer(site: MethodSite, kind: str) -> Step:
    authorizer = site.deployment.authorizers.get(site.method.authorizer_id or "")
    decide = None if authorizer is None else _AUTHORIZERS.get((kind, authorizer.type))
    if authorizer is None or decide is None:
        raise Misconfigured(f"{kind} authorization names no authorizer that decides it")
    return decide(site, authorizer)
