"""One statement of a policy, compiled: whom, what and when it concerns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from apps.core.iam.conditions import Holds, compile_conditions
from apps.core.iam.errors import IllFormedPolicy
from apps.core.iam.principals import Concerns, Principal, concerns
from apps.core.iam.variables import Context
from apps.core.iam.wildcards import Matches, arn_pattern, text_pattern

_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_ACTION = re.compile(r"\*|[\w*?-]+:[\w*?-]+", re.ASCII)
_SHORTHAND = "execute-api:/"


class Rules(NamedTuple):
    """What holds for all statements of a policy; `compile_policy` says what they mean."""

    variables: bool
    principals: bool | None
    resources: bool
    shorthand: str | None


class Statement(NamedTuple):
    """What must be so for the statement to apply to a request."""

    allows: bool
    concerns: Concerns | None
    acts: Callable[[str], bool]
    covers: Matches | None
    conditions: tuple[Holds, ...]

    def applies(self, action: str, resource: str, context: Context, principal: Principal | None) -> bool:
        """`action` and the names of condition keys are in lower case."""
        return (
            self.acts(action)
            and (self.covers is None or self.covers(resource, context))
            and (self.concerns is None or self.concerns(principal))
            and all(holds(context) for holds in self.conditions)
        )


def compile_statement(element: Any, rules: Rules) -> Statement:
    """Raises IllFormedPolicy."""
    if not isinstance(element, Mapping):
        raise IllFormedPolicy("Each Statement must be an object.")
    if unknown := sorted(str(name)[:64] for name in element.keys() - _ELEMENTS):
        raise IllFormedPolicy(f"A statement has elements that are unknown: {', '.join(unknown)}")
    if element.get("Effect") not in ("Allow", "Deny"):
        raise IllFormedPolicy("The Effect of a statement must be Allow or Deny.")
    allows = element["Effect"] == "Allow"
    return Statement(
        allows=allows,
        concerns=_principals(element, rules),
        acts=_actions(element),
        covers=_resources(element, rules, allows),
        conditions=compile_conditions(element.get("Condition", {}), variables=rules.variables, allows=allows),
    )


def _one_of(element: Mapping[str, Any], name: str, *, required: bool = True) -> str | None:
    """Which of an element and its negation a statement has: one, never both."""
    found = [each for each in (name, f"Not{name}") if each in element]
    if len(found) > 1 or (required and not found):
        raise IllFormedPolicy(f"A statement must have either {name} or Not{name}.")
    return found[0] if found else None


def _texts(value: Any, name: str) -> list[str]:
    texts = list(value) if isinstance(value, list | tuple) else [value]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise IllFormedPolicy(f"{name} must be a text or a list of texts.")
    return texts


def _principals(element: Mapping[str, Any], rules: Rules) -> Concerns | None:
    name = _one_of(element, "Principal", required=rules.principals is True)
    if name is None:
        return None
    if rules.principals is False:
        raise IllFormedPolicy("A policy of an identity must not name a Principal.")
    listed = concerns(element[name], name)
    if name == "Principal":
        return listed
    return lambda principal: not listed(principal)


def _actions(element: Mapping[str, Any]) -> Callable[[str], bool]:
    name = _one_of(element, "Action")
    texts = [text.lower() for text in _texts(element[str(name)], str(name))]
    if not all(_ACTION.fullmatch(text) for text in texts):
        raise IllFormedPolicy(f'{name} must be "*" or of the form service:operation.')
    negated = name == "NotAction"
    exact = frozenset(text for text in texts if "*" not in text and "?" not in text)
    patterns = tuple(text_pattern(text, variables=False) for text in texts if text not in exact)

    def acts(action: str) -> bool:
        return (action in exact or any(pattern(action, {}) for pattern in patterns)) != negated

    return acts


def _resources(element: Mapping[str, Any], rules: Rules, allows: bool) -> Matches | None:
    name = _one_of(element, "Resource", required=rules.resources)
    if name is None:
        return None
    negated = name == "NotResource"
    patterns = []
    for text in _texts(element[name], name):
        whole = _in_full(text, rules.shorthand)
        if whole != "*" and not whole.startswith(("arn:", "*")):
            raise IllFormedPolicy(f'{name} must be "*" or ARNs.')
        patterns.append(arn_pattern(whole, variables=rules.variables, in_doubt=negated and allows))
    every = tuple(patterns)

    def covers(resource: str, context: Context) -> bool:
        return any(pattern(resource, context) for pattern in every) != negated

    return covers


def _in_full(text: str, shorthand: str | None) -> str:
    """`execute-api:/prod/GET/*` of an API's resource policy stands for the whole ARN."""
    if shorthand is not None and text.startswith(_SHORTHAND):
        return shorthand + text[len(_SHORTHAND) - 1 :]
    return text
