"""Resource policies of APIs, and private APIs: who may call at all.

What a policy says counts for itself where a method has no authorization; otherwise together with what that says. So the policy is
asked here first, and its decision is left on the exchange; `require_resource_policy`, behind authorization, asks for an
allowance where AWS does (user pools and token issuers). For callers who sign, `verify_signature` asks it, knowing who they are.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from apps.core.environment import VpcEndpoint
from apps.core.iam import Decision, IllFormedPolicy, Policy, compile_policy
from gateway_runtime.authorizers.method_arn import api_arn, compile_method_arn
from gateway_runtime.errors import forbidden
from gateway_runtime.exchange import Exchange
from gateway_runtime.iam.invoke import access_denied, condition_keys, decide
from gateway_runtime.iam.vpc_endpoints import vpc_endpoint_of
from gateway_runtime.snapshot.stage import Misconfigured

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step

_SIGNED = "AWS_IAM"
_NEEDS_ALLOWANCE = frozenset({"COGNITO_USER_POOLS", "JWT"})


def resource_policy(site: MethodSite) -> Step | None:
    """Nothing for a public API without a policy. A private API has callers from VPC endpoints only, and needs a policy."""
    policy = compiled_resource_policy(site)
    private = site.stage.private
    if policy is None and not private:
        return None
    kind = site.method.authorization_type
    method_arn = compile_method_arn(site)
    endpoints = site.services.vpc_endpoints

    def step(exchange: Exchange) -> None:
        if private:
            exchange.vpc_endpoint = vpc_endpoint_of(exchange.request.client_ip, endpoints)
            if exchange.vpc_endpoint is None:
                raise forbidden()
            exchange.identity = _place(exchange.vpc_endpoint)
        if kind == _SIGNED:
            return
        arn = method_arn(exchange)
        decision = Decision.IMPLICIT_DENY
        if policy is not None:
            decision = decide(policy, arn, condition_keys(exchange), None)
        exchange.resource_policy = decision
        if decision is Decision.EXPLICIT_DENY or (kind == "NONE" and decision is not Decision.ALLOW):
            raise access_denied(arn, decision)

    return step


def _place(endpoint: VpcEndpoint) -> dict[str, str]:
    """What `$context.identity` shows of an endpoint."""
    vpc = {} if endpoint.vpc_id is None else {"vpcId": endpoint.vpc_id}
    return {"vpceId": endpoint.endpoint_id, **vpc}


def require_resource_policy(site: MethodSite) -> Step | None:
    """Where user pools or issuers vouch for callers, a policy has to allow the call besides."""
    if site.method.authorization_type not in _NEEDS_ALLOWANCE or not (site.deployment.policy or site.stage.private):
        return None
    method_arn = compile_method_arn(site)

    def step(exchange: Exchange) -> None:
        decision = exchange.resource_policy
        if decision is not Decision.ALLOW:
            raise access_denied(method_arn(exchange), decision or Decision.IMPLICIT_DENY)

    return step


def compiled_resource_policy(site: MethodSite) -> Policy | None:
    """The API's policy as it was deployed; None without one. Raises Misconfigured for one that is none."""
    text = site.deployment.policy
    return None if text is None else _compiled(text, api_arn(site.stage))


@lru_cache(maxsize=512)
def _compiled(text: str, api: str) -> Policy:
    try:
        return compile_policy(text, principals=True, shorthand=api)
    except IllFormedPolicy as error:
        raise Misconfigured(f"the resource policy: {error}") from None
