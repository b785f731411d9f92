"""AWS_IAM: who signed a request, and whether their policies and the API's let them call."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from apps.core.iam import Decision, Policy, Principal
from apps.core.integration_uris import are_the_callers
from apps.core.sigv4 import Signature
from apps.core.sigv4_signing import AwsCredentials
from gateway_runtime.authorizers.method_arn import compile_method_arn
from gateway_runtime.exchange import Exchange
from gateway_runtime.iam.credentials import Caller, Credential
from gateway_runtime.iam.invoke import ACTION, ConditionKeys, access_denied, condition_keys, decide
from gateway_runtime.iam.signatures import compile_verification, without_signature
from gateway_runtime.phases.resource_policy import compiled_resource_policy

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step

ALLOW, EXPLICIT_DENY, IMPLICIT_DENY = Decision.ALLOW, Decision.EXPLICIT_DENY, Decision.IMPLICIT_DENY


def verify_signature(site: MethodSite) -> Step | None:
    """Nothing for methods whose callers need not sign."""
    if site.method.authorization_type != "AWS_IAM":
        return None
    policy = compiled_resource_policy(site)
    owner, private = site.stage.account_id, site.stage.private
    arn_of = compile_method_arn(site)
    may_ask_for_more = site.caching() is not None
    acts_behind = are_the_callers(site.method.integration.credentials)

    def decision_on(action: str, arn: str, keys: ConditionKeys, caller: Caller) -> Decision:
        identity = caller.decide(arn, keys, own=caller.account_id == owner, action=action)
        resource = IMPLICIT_DENY if policy is None else _of_resource(policy, arn, keys, caller, owner, action)
        needs_both = caller.account_id != owner or (private and policy is None)
        return combined(identity, resource, needs_both=needs_both)

    def admit(exchange: Exchange, signature: Signature, credential: Credential) -> None:
        caller = credential.caller
        arn = arn_of(exchange)
        keys = condition_keys(exchange) | caller.condition_keys()
        decision = decision_on(ACTION, arn, keys, caller)
        if decision is not ALLOW:
            raise access_denied(arn, decision, caller.arn)
        if may_ask_for_more:
            exchange.permits = lambda action: decision_on(action, arn, keys, caller) is ALLOW
        if acts_behind:
            exchange.caller_may = partial(_may, caller, keys)
            if caller.account_id == owner:
                exchange.caller_credentials = AwsCredentials(
                    signature.access_key_id, credential.secret, signature.security_token
                )
        exchange.identity = {
            **exchange.identity,
            "accountId": caller.account_id,
            "caller": caller.unique_id,
            "user": caller.unique_id,
            "userArn": caller.arn,
            "accessKey": signature.access_key_id,
        }
        without_signature(exchange)

    # AWS's guide has both versions for REST APIs, and one for the others.
    return compile_verification(site.stage.region, site.services, admit, asymmetric=site.protocol == "REST")


def _may(caller: Caller, keys: ConditionKeys, action: str, arn: str) -> bool:
    """Of what is not their account's, callers may have nothing: that would be for a policy of its own to decide."""
    return f":{caller.account_id}:" in arn and caller.decide(arn, keys, own=True, action=action) is ALLOW


def combined(identity: Decision, resource: Decision, *, needs_both: bool) -> Decision:
    """The tables of the developer guide: A where caller and API are one account's, B (`needs_both`) where they are not."""
    decisions = (identity, resource)
    if EXPLICIT_DENY in decisions:
        return EXPLICIT_DENY
    allowed = identity is resource is ALLOW if needs_both else ALLOW in decisions
    return ALLOW if allowed else IMPLICIT_DENY


def _of_resource(policy: Policy, arn: str, keys: ConditionKeys, caller: Caller, owner: str, action: str) -> Decision:
    """What the API's policy says of a caller.

    One that allows its own account as a whole leaves it to that account's policies who of it may call: only being named allows.
    """
    decision = decide(policy, arn, keys, caller.principal, action)
    if decision is ALLOW and caller.account_id == owner and not caller.arn.endswith(":root"):
        return decide(policy, arn, keys, Principal(None, caller.principal.names), action)
    return decision
