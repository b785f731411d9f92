"""What filters compare: `[?(@.price < 10 && @.tags contains 'new')]`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from apps.core.json_path.errors import MISSING, JsonPathError, Search

# From the value that `@` stands for to an operand's value, MISSING when there is none.
Operand = Callable[[Any, Search], Any]
Condition = Callable[[Any, Search], bool]


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def equal(left: Any, right: Any) -> bool:
    """JSON values of one kind with the same content."""
    if left is MISSING or right is MISSING:
        return left is right
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _order(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(left: Any, right: Any) -> bool:
        comparable = (_number(left) and _number(right)) or (isinstance(left, str) and isinstance(right, str))
        return comparable and compare(left, right)

    return holds


def _within(left: Any, right: Any) -> bool:
    return isinstance(right, list) and left is not MISSING and any(equal(left, item) for item in right)


def _holds(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return isinstance(left, list) and any(equal(item, right) for item in left)


def _each(quantify: Callable[[Any], bool], left: Any, right: Any) -> bool:
    return isinstance(left, list) and isinstance(right, list) and quantify(_within(item, right) for item in left)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, (list, str, dict)) else -1


def _empty(left: Any, right: Any) -> bool:
    return _size(left) >= 0 and isinstance(right, bool) and (_size(left) == 0) is right


_TYPES: dict[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": _number,
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": equal,
    "===": equal,
    "!=": lambda left, right: not equal(left, right),
    "!==": lambda left, right: not equal(left, right),
    "<>": lambda left, right: not equal(left, right),
    "<": _order(lambda left, right: left < right),
    "<=": _order(lambda left, right: left <= right),
    ">": _order(lambda left, right: left > right),
    ">=": _order(lambda left, right: left >= right),
    "in": _within,
    "nin": lambda left, right: left is not MISSING and isinstance(right, list) and not _within(left, right),
    "contains": _holds,
    "all": lambda left, right: isinstance(left, list) and isinstance(right, list) and all(_within(item, left) for item in right),
    "subsetof": lambda left, right: _each(all, left, right),
    "anyof": lambda left, right: _each(any, left, right),
    "noneof": lambda left, right: isinstance(left, list) and isinstance(right, list) and not _each(any, left, right),
    "size": lambda left, right: _size(left) >= 0 and _size(left) == (right if _number(right) else _size(right)),
    "empty": _empty,
    "type": lambda left, right: isinstance(right, str) and right in _TYPES and _TYPES[right](left),
}  # fmt: skip


def compare(operator: str, left: Operand, right: Operand) -> Condition:
    """A filter of two operands."""
    holds = OPERATORS[operator]

    def condition(value: Any, search: Search) -> bool:
        one, two = left(value, search), right(value, search)
        # Comparing arrays and maps looks at what they hold.
        search.visit(1 + _weight(one) + _weight(two))
        try:
            return holds(one, two)
        except RecursionError:
            raise JsonPathError("the values are nested too deeply to compare") from None

    return condition


def _weight(value: Any) -> int:
    if isinstance(value, str):
        return len(value) >> 10
    return len(value) if isinstance(value, (list, dict)) else 0


def matches(operand: Operand, fullmatch: Callable[[str], object]) -> Condition:
    """`=~ /pattern/`: the whole text must match."""

    def condition(value: Any, search: Search) -> bool:
        text = operand(value, search)
        if _number(text) and math.isfinite(text):
            text = str(text)
        if not isinstance(text, str):
            return False
        search.visit(1 + (len(text) >> 4))
        return fullmatch(text) is not None

    return condition
