"""What a Lambda authorizer answered: whom it recognised, and what its policy lets them do."""

from __future__ import annotations

from typing import Any, NamedTuple

from apps.core.iam import Decision, IllFormedPolicy, Policy, compile_policy
from gateway_runtime.authorizers.method_arn import other_spelling
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.iam.invoke import ACTION, condition_keys
from gateway_runtime.limits import AUTHORIZERS
from gateway_runtime.mapping.json_body import NotJson, read_json
from gateway_runtime.ports import FunctionAnswer

_UNAUTHORIZED = "Unauthorized"  # the one error by which a function refuses a caller


class Grant(NamedTuple):
    """`variables` are what `$context.authorizer` shows; everybody who is granted the same shares them. `size` is bytes."""

    policy: Policy
    variables: dict[str, Any]
    usage_identifier_key: str | None
    policy_document: dict[str, Any]
    size: int

    def apply(self, exchange: Exchange, arn: str, milliseconds: int = 0) -> None:
        """Note who calls, and raise ACCESS_DENIED unless the policy lets them call the ARN. `milliseconds` were spent on asking."""
        exchange.authorizer = {**self.variables, "integrationLatency": milliseconds} if milliseconds else self.variables
        exchange.usage_identifier_key = self.usage_identifier_key
        context = condition_keys(exchange)
        decision = self.policy.decide(ACTION, arn, context)
        other = other_spelling(arn)
        # What is denied by name is denied in every spelling: a back end may decode what it is sent.
        if other is not None and self.policy.decide(ACTION, other, context) is Decision.EXPLICIT_DENY:
            decision = Decision.EXPLICIT_DENY
        if decision is Decision.EXPLICIT_DENY:
            raise GatewayError(
                "ACCESS_DENIED", message="User is not authorized to access this resource with an explicit deny"
            )
        # Silent itself, it leaves the say to the API's resource policy.
        if decision is not Decision.ALLOW and exchange.resource_policy is not Decision.ALLOW:
            raise GatewayError("ACCESS_DENIED")


def read_grant(answer: FunctionAnswer) -> Grant:
    """Understand a function's answer. Raises as `answered_object`, and AUTHORIZER_CONFIGURATION_ERROR for one without a policy."""
    value = answered_object(answer)
    principal, document, key = value.get("principalId"), value.get("policyDocument"), value.get("usageIdentifierKey")
    if not isinstance(principal, str) or not isinstance(document, dict):
        raise configuration_error("the answer has no principalId or no policyDocument")
    if key is not None and not isinstance(key, str):
        raise configuration_error("usageIdentifierKey is no text")
    try:
        policy = compile_policy(document, principals=False)
    except IllFormedPolicy as error:
        raise configuration_error(str(error)) from None
    variables = {**_context(value.get("context")), "principalId": principal, "integrationLatency": 0}
    return Grant(policy, variables, key, document, len(answer.payload))


def read_grant_of_connection(answer: FunctionAnswer) -> Grant:
    """The same about a WebSocket connection, which keeps what was answered as long as it lives: the answer may be of 8 KB at most."""
    if len(answer.payload) > AUTHORIZERS.socket_answer_bytes:
        raise configuration_error("the answer is too large")
    return read_grant(answer)


def answered_object(answer: FunctionAnswer) -> dict[str, Any]:
    """The object that a function answered. Raises UNAUTHORIZED, AUTHORIZER_FAILURE where the function failed, and
    AUTHORIZER_CONFIGURATION_ERROR where there is none."""
    if len(answer.payload) > AUTHORIZERS.answer_bytes:
        raise configuration_error("the answer is too large")
    try:
        value = read_json(answer.payload)
    except NotJson as error:
        raise configuration_error(f"the answer is no JSON: {error}") from None
    if answer.error is not None:
        if isinstance(value, dict) and value.get("errorMessage") == _UNAUTHORIZED:
            raise GatewayError("UNAUTHORIZED")
        raise GatewayError("AUTHORIZER_FAILURE", detail=f"the function failed: {answer.error}")
    if not isinstance(value, dict):
        raise configuration_error("the answer is no object")
    return value


def _context(context: Any) -> dict[str, str]:
    """What a function gives of its own, as text: objects and lists are no values there."""
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise configuration_error("context is no object")
    found: dict[str, str] = {}
    for name, value in context.items():
        if isinstance(value, (dict, list)):
            raise configuration_error(f"context has an object or a list: {name[:64]!r}")
        if value is not None:
            found[name] = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return found


def configuration_error(detail: str) -> GatewayError:
    return GatewayError("AUTHORIZER_CONFIGURATION_ERROR", detail=detail)
