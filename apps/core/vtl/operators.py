"""Arithmetic, comparison and equality, as Velocity has them: what makes no sense is null, not an error."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from apps.core.vtl.budget import Budget
from apps.core.vtl.errors import VtlLimitExceeded
from apps.core.vtl.rendering import as_text, scalar_text
from apps.core.vtl.values import UNDEFINED, Entry

_LARGEST_INTEGER = 1_000  # bits
_DEEPEST = 100


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_true(value: Any) -> bool:
    """Of a reference: everything but null and false is true, also what is empty."""
    return value is not None and value is not False


def equal(left: Any, right: Any, budget: Budget) -> bool:
    """`==`: numbers by value, values of one kind by content, others by their text. Null equals null and what is undefined."""
    if left is None or right is None:
        other = right if left is None else left
        return other is None or other is UNDEFINED
    if isinstance(left, str) and isinstance(right, str):
        budget.step(1 + (len(left) >> 8))
        return left == right
    if is_number(left) and is_number(right):
        return bool(left == right)
    if _holds(left) or _holds(right):
        return _equal_containers(left, right, budget, 0)
    return scalar_text(left) == scalar_text(right) if not _is_object(left, right) else left is right


def _holds(value: Any) -> bool:
    return isinstance(value, (dict, list, Entry))


def _is_object(left: Any, right: Any) -> bool:
    return not isinstance(left, (str, int, float)) or not isinstance(right, (str, int, float))


def same(left: Any, right: Any, budget: Budget, depth: int = 0) -> bool:
    """Java's `equals`, as lists and maps look for their elements: a number never equals a text."""
    if left is right:
        return True
    budget.step()
    if _holds(left) or _holds(right):
        return _holds(left) and _holds(right) and _equal_containers(left, right, budget, depth)
    if isinstance(left, str) and isinstance(right, str):
        budget.step(len(left) >> 8)
        return left == right
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return False
    return type(left) is type(right) and isinstance(left, (int, float)) and bool(left == right)


def _equal_containers(left: Any, right: Any, budget: Budget, depth: int) -> bool:
    if depth > _DEEPEST:
        raise VtlLimitExceeded("the values are nested too deeply to compare")
    if isinstance(left, dict) and isinstance(right, dict):
        if len(left) != len(right):
            return False
        return all(key in right and same(value, right[key], budget, depth + 1) for key, value in left.items())
    if isinstance(left, (list, Entry)) and isinstance(right, (list, Entry)):
        if len(left) != len(right):
            return False
        return all(same(one, other, budget, depth + 1) for one, other in zip(left, right, strict=True))
    return as_text(left, budget) == as_text(right, budget)


def add(left: Any, right: Any, budget: Budget) -> Any:
    """The sum of numbers; with a text on either side, the two texts as one."""
    if is_number(left) and is_number(right):
        return _bounded(left + right)
    if (isinstance(left, str) or isinstance(right, str)) and left is not None and right is not None:
        text = as_text(left, budget) + as_text(right, budget)
        budget.text(len(text))
        return text
    return None


def subtract(left: Any, right: Any, budget: Budget) -> Any:
    return _bounded(left - right) if is_number(left) and is_number(right) else None


def multiply(left: Any, right: Any, budget: Budget) -> Any:
    return _bounded(left * right) if is_number(left) and is_number(right) else None


def divide(left: Any, right: Any, budget: Budget) -> Any:
    """Whole numbers give whole numbers, cut towards zero; by zero there is nothing."""
    if not is_number(left) or not is_number(right) or right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left / right


def modulo(left: Any, right: Any, budget: Budget) -> Any:
    """The remainder, with the sign of the dividend."""
    if not is_number(left) or not is_number(right) or right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int):
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    return math.fmod(left, right) if math.isfinite(left) and not math.isnan(right) else math.nan


def negate(value: Any) -> Any:
    return -value if is_number(value) else None


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > _LARGEST_INTEGER:
        raise VtlLimitExceeded("a number grows too large")
    return value


def _ordering(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Budget], Any]:
    """Only numbers have an order."""
    return lambda left, right, budget: is_number(left) and is_number(right) and compare(left, right)


BINARY: dict[str, Callable[[Any, Any, Budget], Any]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "==": equal,
    "!=": lambda left, right, budget: not equal(left, right, budget),
    "<": _ordering(lambda left, right: left < right),
    "<=": _ordering(lambda left, right: left <= right),
    ">": _ordering(lambda left, right: left > right),
    ">=": _ordering(lambda left, right: left >= right),
}
CONDITIONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
