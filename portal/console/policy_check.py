"""Who can call, by a resource policy: one hypothetical call in, the decision with the statement that made it out. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.core.iam import Decision, Principal, compile_policy

_INVOKE = "execute-api:Invoke"
_NEEDS_ALLOWANCE = ("NONE", "COGNITO_USER_POOLS", "JWT")


def readable(policy: str | None) -> str:
    """The policy with a member on each line, unless it has line ends of its own."""
    if not policy or "\n" in policy:
        return policy or ""
    return json.dumps(json.loads(policy), indent=2, ensure_ascii=False)


@dataclass(frozen=True)
class Call:
    """A call that somebody might make. `principal` is the ARN of a signed caller, empty for one who does not sign."""

    api_arn: str
    stage: str
    method: str
    path: str
    authorization: str
    principal: str
    context: Mapping[str, Sequence[str]]

    @property
    def arn(self) -> str:
        return f"{self.api_arn}/{self.stage}/{self.method}/{self.path.lstrip('/')}"

    @property
    def caller(self) -> Principal | None:
        """Who signed. An ARN has its account in the fifth place; twelve digits alone are an account."""
        if not self.principal:
            return None
        parts = self.principal.split(":")
        account = parts[4] if len(parts) > 4 else self.principal
        return Principal(account_id=account, names=frozenset({self.principal}))


@dataclass(frozen=True)
class Verdict:
    """What comes of it. `statement` is the one that decided, as JSON, with its `place` in the policy from 1; 0: none did."""

    allowed: bool
    answer: str
    reason: str
    place: int = 0
    statement: str = ""


def verdict(policy: str | None, call: Call) -> Verdict:
    """What a policy, with the method's authorization, makes of a call. Raises `IllFormedPolicy`."""
    if not policy:
        return _without_policy(call.authorization)
    document = json.loads(policy)
    whole = compile_policy(policy, principals=True, shorthand=call.api_arn)
    decision = whole.decide(_INVOKE, call.arn, call.context, call.caller)
    place, statement = _deciding(document, call, decision)
    allowed, answer, reason = _meaning(decision, call)
    return Verdict(allowed, answer, reason, place, json.dumps(statement, indent=2) if statement else "")


def deciding_statement(policy: str, call: Call) -> tuple[Decision, str]:
    """What a policy of the caller's own says of a call, and the statement that by itself says so, as JSON. Raises `IllFormedPolicy`."""
    decision = compile_policy(policy, principals=False).decide(_INVOKE, call.arn, call.context, None)
    document = json.loads(policy)
    statements = document["Statement"]
    for statement in [statements] if isinstance(statements, Mapping) else statements:
        alone = compile_policy(json.dumps({**document, "Statement": [statement]}), principals=False)
        if decision is not Decision.IMPLICIT_DENY and alone.decide(_INVOKE, call.arn, call.context, None) is decision:
            return decision, json.dumps(statement, indent=2)
    return decision, ""


def _deciding(document: Mapping[str, Any], call: Call, decision: Decision) -> tuple[int, Any]:
    """The first statement that by itself decides so."""
    if decision is Decision.IMPLICIT_DENY:
        return 0, None
    statements = document["Statement"]
    for place, statement in enumerate([statements] if isinstance(statements, Mapping) else statements, start=1):
        alone = compile_policy({**document, "Statement": [statement]}, principals=True, shorthand=call.api_arn)
        if alone.decide(_INVOKE, call.arn, call.context, call.caller) is decision:
            return place, statement
    raise AssertionError("a policy decides what none of its statements does")


def _meaning(decision: Decision, call: Call) -> tuple[bool, str, str]:
    """docs/authorization.md's table of policies and authorizations, for this call."""
    if decision is Decision.EXPLICIT_DENY:
        return False, "403", "A statement denies the call. Nothing else is asked."
    allows = decision is Decision.ALLOW
    if call.authorization == "NONE":
        return (True, "goes through", "A statement allows the call, and the method asks nothing more.") if allows else (
            False, "403", "No statement allows the call.")  # fmt: skip
    if call.authorization == "AWS_IAM":
        return _signed(allows, call)
    if allows or call.authorization not in _NEEDS_ALLOWANCE:
        return True, "depends", "The policy lets the call pass to the method's authorizer, which decides."
    return False, "403", "No statement allows the call. A good token alone is not enough."


def _signed(allows: bool, call: Call) -> tuple[bool, str, str]:
    caller = call.caller
    if caller is None:
        return False, "403", "The method wants a signature, and nobody has signed."
    own = f":{caller.account_id}:" in call.api_arn
    if own and allows:
        return True, "goes through", "The policy allows the call, unless a policy of the caller denies it."
    if own or allows:
        return True, "depends", "The caller's own policies have to allow the call."
    return False, "403", "The caller is of another account, and no statement allows it."


def _without_policy(authorization: str) -> Verdict:
    if authorization == "NONE":
        return Verdict(True, "goes through", "The API has no resource policy, and the method asks nothing.")
    return Verdict(True, "depends", "The API has no resource policy: the method's authorization alone decides.")
