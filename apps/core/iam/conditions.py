"""The Condition element: operators, each with condition keys, each with values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from apps.core.iam.errors import IllFormedPolicy
from apps.core.iam.operators import OPERATORS, Operator, Reading
from apps.core.iam.variables import Context
from apps.core.iam.wildcards import Matches

Holds = Callable[[Context], bool]

_NAME = re.compile(r"(?:(foranyvalue|forallvalues):)?([a-z]+?)(ifexists)?")


def compile_conditions(element: Any, *, variables: bool, allows: bool) -> tuple[Holds, ...]:
    """The conditions of a statement; all of them must hold. Raises IllFormedPolicy.

    A comparison that cannot be made, because a request has no value for a variable or one that is no number, never lets a
    statement allow what it would not allow otherwise, nor keeps one with a negated operator from denying.
    """
    if not isinstance(element, Mapping):
        raise IllFormedPolicy("Condition must be an object.")
    conditions = []
    for name, keys in element.items():
        if not isinstance(keys, Mapping):
            raise IllFormedPolicy("Each operator of a Condition must have an object of condition keys.")
        for key, values in keys.items():
            conditions.append(_condition(name, key.lower(), _texts(values), variables=variables, allows=allows))
    return tuple(conditions)


def _texts(values: Any) -> list[str]:
    """The values of a key as texts: JSON may write them as numbers or truth values too."""
    texts = []
    for value in values if isinstance(values, list | tuple) else [values]:
        if isinstance(value, bool):
            texts.append("true" if value else "false")
        elif isinstance(value, str | int | float):
            texts.append(str(value))
        else:
            raise IllFormedPolicy("The values of a condition key must be texts, numbers or truth values.")
    return texts


def _condition(name: str, key: str, values: list[str], *, variables: bool, allows: bool) -> Holds:
    match = _NAME.fullmatch(name.lower())
    if match is None:
        raise _unknown(name)
    quantifier, operator_name, if_exists = match.groups()
    if operator_name == "null":
        if quantifier or if_exists:
            raise _unknown(name)
        return _null(key, values)
    operator = OPERATORS.get(operator_name)
    if operator is None:
        raise _unknown(name)
    reading = Reading(variables=variables, in_doubt=operator.negated and allows)
    tests = tuple(operator.compile(value, reading) for value in values)
    return _holds(operator, key, tests, quantifier, if_exists is not None)


def _unknown(name: str) -> IllFormedPolicy:
    return IllFormedPolicy(f"Unknown condition operator: {name[:64]}")


def _null(key: str, values: list[str]) -> Holds:
    """`"Null": {"aws:username": "true"}` holds where the request has no such key."""
    lowered = {value.lower() for value in values}
    if not lowered <= {"true", "false"}:
        raise IllFormedPolicy("The values of a Null condition must be true or false.")
    absent, present = "true" in lowered, "false" in lowered
    return lambda context: present if context.get(key) else absent


def _holds(operator: Operator, key: str, tests: tuple[Matches, ...], quantifier: str | None, if_exists: bool) -> Holds:
    negated = operator.negated

    def fits(value: str, context: Context) -> bool:
        return any(test(value, context) for test in tests) != negated

    if quantifier == "forallvalues":
        return lambda context: all(fits(value, context) for value in context.get(key, ()))
    if quantifier == "foranyvalue":

        def any_holds(context: Context) -> bool:
            values = context.get(key)
            return any(fits(value, context) for value in values) if values else if_exists

        return any_holds

    def holds(context: Context) -> bool:
        values = context.get(key)
        if not values:
            return if_exists or negated
        return any(test(value, context) for value in values for test in tests) != negated

    return holds
