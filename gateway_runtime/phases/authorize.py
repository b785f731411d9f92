"""Authorization: a method that asks for a kind that is not served here is closed, never open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step


def authorize(site: MethodSite) -> Step | None:
    """Nothing to do for NONE; everything else is refused."""
    kind = site.method.authorization_type
    if kind == "NONE":
        return None

    def step(exchange: Exchange) -> None:
        if kind == "AWS_IAM" and exchange.request.header(b"authorization") is None:
            raise GatewayError("MISSING_AUTHENTICATION_TOKEN")
        raise GatewayError(
            "AUTHORIZER_CONFIGURATION_ERROR",
            status=501,
            message=f"{kind} authorization is not implemented",
            error_type="NotImplementedException",
        )

    return step
