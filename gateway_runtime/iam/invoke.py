"""What a request asks for in IAM's terms: the action, the values of condition keys, and how a refusal sounds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from apps.core.iam import Decision, Policy, Principal
from gateway_runtime.authorizers.method_arn import other_spelling
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange

ACTION = "execute-api:Invoke"

ConditionKeys = dict[str, Sequence[str]]


def decide(
    policy: Policy, arn: str, keys: ConditionKeys, principal: Principal | None, action: str = ACTION
) -> Decision:
    """What a policy says of calling an ARN, or of another action on it.

    A back end may decode the path that it is sent: what is denied in one spelling is denied in the other, and only what is
    allowed in both is allowed.
    """
    decision = policy.decide(action, arn, keys, principal)
    spelled_out = other_spelling(arn)
    if spelled_out is None or decision is Decision.EXPLICIT_DENY:
        return decision
    other = policy.decide(action, spelled_out, keys, principal)
    return other if decision is Decision.ALLOW or other is Decision.EXPLICIT_DENY else decision


@lru_cache(maxsize=4)
def _moment(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def condition_keys(exchange: Exchange) -> ConditionKeys:
    """The global condition keys that every request has.

    A request to a private API comes through a VPC endpoint: it has an address within its VPC, and no public one.
    """
    request = exchange.request
    seconds = int(exchange.received_at)
    keys: ConditionKeys = {
        "aws:CurrentTime": (_moment(seconds),),
        "aws:EpochTime": (str(seconds),),
        "aws:SecureTransport": ("true" if exchange.scope.get("scheme") == "https" else "false",),
    }
    for name, header in (("aws:UserAgent", b"user-agent"), ("aws:Referer", b"referer")):
        value = request.header(header)
        if value is not None:
            keys[name] = (value.decode("latin-1"),)
    endpoint = exchange.vpc_endpoint
    if endpoint is None:
        keys["aws:SourceIp"] = (request.client_ip,)
        return keys
    keys["aws:VpcSourceIp"] = (request.client_ip,)
    keys["aws:SourceVpce"] = (endpoint.endpoint_id,)
    if endpoint.vpc_id is not None:
        keys["aws:SourceVpc"] = (endpoint.vpc_id,)
    return keys


def access_denied(arn: str, decision: Decision, user: str | None = None, action: str = ACTION) -> GatewayError:
    """ACCESS_DENIED for a caller (an ARN; None for one who is unknown); the account in the resource is masked, as AWS does."""
    explicit = " with an explicit deny" if decision is Decision.EXPLICIT_DENY else ""
    return GatewayError(
        "ACCESS_DENIED",
        message=f"User: {user or 'anonymous'} is not authorized to perform: {action} on resource: "
        f"{_masked(arn)}{explicit}",
        member="Message",
    )


def _masked(arn: str) -> str:
    parts = arn.split(":", 5)
    parts[4] = "*" * 8 + parts[4][-4:]
    return ":".join(parts)
