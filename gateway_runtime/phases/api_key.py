"""API keys: the value in `x-api-key`, or the one an authorizer names, must be an enabled key of a plan that covers the stage."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from apps.core.key_origins import KeyOrigins
from apps.core.secrets import api_key_digest
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step

_LONGEST_VALUE = 128  # as AWS bounds it


def _check_origin(exchange: Exchange, origins: KeyOrigins) -> None:
    """The caller is told no more than for any other key that does not fit; logs and stories tell why."""
    request = exchange.request
    origin, referer = request.header(b"origin"), request.header(b"referer")
    reason = origins.refuses(
        request.client_ip,
        None if origin is None else origin.decode("latin-1"),
        None if referer is None else referer.decode("latin-1"),
    )
    if reason:
        raise GatewayError("INVALID_API_KEY", detail=reason)


@lru_cache(maxsize=8192)
def _digest(value: bytes, secret: bytes) -> str:
    return api_key_digest(value, secret)


def validate_api_key(site: MethodSite) -> Step | None:
    """Methods that require no key ignore one that is sent: it is neither checked nor metered."""
    if not site.method.api_key_required:
        return None
    secret = site.services.api_key_secret
    stage = site.stage
    from_header = site.deployment.api_key_source == "HEADER"

    def step(exchange: Exchange) -> None:
        if from_header:
            value = exchange.request.header(b"x-api-key")
        else:
            named = exchange.usage_identifier_key
            value = None if named is None else named.encode()
        if value is None or len(value) > _LONGEST_VALUE:
            raise GatewayError("INVALID_API_KEY")
        found = exchange.snapshot.entitlements.find(stage, _digest(value, secret), exchange.received_at)
        if found is None:
            raise GatewayError("INVALID_API_KEY")
        if found.origins is not None:
            _check_origin(exchange, found.origins)
        exchange.entitlement = found

    return step
