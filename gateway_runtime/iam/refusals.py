"""How IAM's refusals sound, in AWS's words."""

from __future__ import annotations

from apps.core.iam import Decision
from gateway_runtime.errors import GatewayError

_ANONYMOUS = "anonymous"


def access_denied(arn: str, decision: Decision, user: str | None = None) -> GatewayError:
    """ACCESS_DENIED for a caller (an ARN; None for one who is unknown); the account in the resource is masked, as AWS does."""
    explicit = " with an explicit deny" if decision is Decision.EXPLICIT_DENY else ""
    return GatewayError(
        "ACCESS_DENIED",
        message=f"User: {user or _ANONYMOUS} is not authorized to perform: execute-api:Invoke on resource: "
        f"{_masked(arn)}{explicit}",
        member="Message",
    )


def _masked(arn: str) -> str:
    parts = arn.split(":", 5)
    parts[4] = "*" * 8 + parts[4][-4:]
    return ":".join(parts)
