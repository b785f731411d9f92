"""A whole policy: read once, asked often."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from apps.core.iam.errors import IllFormedPolicy
from apps.core.iam.principals import Principal
from apps.core.iam.statements import Rules, Statement, compile_statement

LONGEST_POLICY = 20_480  # characters; what the longest kind of policy on AWS may have
LONGEST_RESOURCE_POLICY = 8_192
_SOME_API = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5"
_VERSIONS = ("2008-10-17", "2012-10-17")
_ELEMENTS = frozenset({"Version", "Id", "Statement"})


class Decision(Enum):
    """What a policy says of a request. Of several policies an explicit denial wins, then an allowance."""

    ALLOW = "allow"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"


class Policy:
    """A compiled policy: immutable, safe to ask from everywhere."""

    __slots__ = ("_allowances", "_denials")

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._denials = tuple(statement for statement in statements if not statement.allows)
        self._allowances = tuple(statement for statement in statements if statement.allows)

    def decide(
        self,
        action: str,
        resource: str,
        context: Mapping[str, Sequence[str]],
        principal: Principal | None = None,
    ) -> Decision:
        """What the policy says of an action on a resource.

        `context` has the request's condition keys, in any case, with their values; a key without values is not there. `principal` is
        None for a caller who has not shown who it is, and means nothing to statements that name no principal.
        """
        action = action.lower()
        keys = {key.lower(): [values] if isinstance(values, str) else values for key, values in context.items()}
        if any(statement.applies(action, resource, keys, principal) for statement in self._denials):
            return Decision.EXPLICIT_DENY
        if any(statement.applies(action, resource, keys, principal) for statement in self._allowances):
            return Decision.ALLOW
        return Decision.IMPLICIT_DENY


def compile_policy(
    document: str | Mapping[str, Any],
    *,
    principals: bool | None = None,
    resources: bool = True,
    shorthand: str | None = None,
    longest: int = LONGEST_POLICY,
) -> Policy:
    """Compile a policy document, a JSON text or its value. Raises `IllFormedPolicy`.

    `principals` tells whether statements must (True), must not (False) or may (None) name whom they speak of; `resources`
    whether they must name what they speak of. `shorthand` is the ARN of the API (`arn:aws:execute-api:{region}:{account}:{api}`)
    that `execute-api:/…` stands for in its resource policy. `longest` is characters of the document as a text.
    """
    value = _value(document, longest)
    if unknown := sorted(str(name)[:64] for name in value.keys() - _ELEMENTS):
        raise IllFormedPolicy(f"The policy has elements that are unknown: {', '.join(unknown)}")
    version = value.get("Version", _VERSIONS[0])
    if version not in _VERSIONS:
        raise IllFormedPolicy(f"The Version of a policy must be one of {', '.join(_VERSIONS)}.")
    statements = value.get("Statement")
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list | tuple):
        raise IllFormedPolicy("A policy must have a Statement: an object, or a list of them.")
    rules = Rules(version == _VERSIONS[1], principals, resources, shorthand)
    return Policy([compile_statement(statement, rules) for statement in statements])


def check_resource_policy(document: str) -> None:
    """Whether a text can be the resource policy of an API. Raises `IllFormedPolicy`."""
    compile_policy(document, principals=True, shorthand=_SOME_API, longest=LONGEST_RESOURCE_POLICY)


def _value(document: str | Mapping[str, Any], longest: int) -> Mapping[str, Any]:
    """The document as a value, of bounded size, with no name twice."""
    text = _as_text(document) if isinstance(document, Mapping) else document
    if len(text) > longest:
        raise IllFormedPolicy(f"A policy must not be longer than {longest} characters.")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise IllFormedPolicy("The policy has characters that are half of a pair.") from None
    except IllFormedPolicy:
        raise
    except (ValueError, RecursionError):
        raise IllFormedPolicy("The policy is not well-formed JSON.") from None
    if not isinstance(value, Mapping):
        raise IllFormedPolicy("A policy must be an object.")
    return value


def _as_text(document: Mapping[str, Any]) -> str:
    try:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        raise IllFormedPolicy("The policy has a value that JSON does not know.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise IllFormedPolicy("The policy has an element twice.")
    return found


def _no_constant(name: str) -> None:
    raise IllFormedPolicy(f"The policy has a value that JSON does not know: {name}")
