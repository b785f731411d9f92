"""Java's `Integer`, `Long`, `Double` and `Boolean`. The static ones, such as `parseInt`, are called on any number."""

from __future__ import annotations

import re
from typing import Any

from apps.core.vtl.budget import Budget
from apps.core.vtl.errors import VtlError
from apps.core.vtl.methods.table import Methods
from apps.core.vtl.operators import same
from apps.core.vtl.rendering import as_text

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_DOUBLE = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*")


def _parse_int(budget: Budget, receiver: Any, text: str) -> int:
    value = int(text) if _INTEGER.fullmatch(text) else None
    if value is None or not -(1 << 31) <= value < 1 << 31:
        raise VtlError(f"{text[:40]!r} is no whole number of 32 bits")
    return value


def _parse_long(budget: Budget, receiver: Any, text: str) -> int:
    value = int(text) if _INTEGER.fullmatch(text) else None
    if value is None or not -(1 << 63) <= value < 1 << 63:
        raise VtlError(f"{text[:40]!r} is no whole number of 64 bits")
    return value


def _parse_double(budget: Budget, receiver: Any, text: str) -> float:
    if len(text) > 400 or not _DOUBLE.fullmatch(text):
        raise VtlError(f"{text[:40]!r} is no number")
    return float(text)


def _narrow(bits: int) -> Any:
    """The conversion to a whole number of some bits, which cuts off what does not fit."""
    limit = 1 << (bits - 1)

    def convert(budget: Budget, value: Any) -> int:
        if isinstance(value, float):
            if value != value:
                return 0
            return int(max(min(value, limit - 1), -limit))
        return (int(value) + limit) % (2 * limit) - limit

    return convert


def _compare(budget: Budget, value: Any, other: Any) -> int:
    return bool(value > other) - bool(value < other)


_SHARED: Methods = {
    "compareTo": (("n", _compare),),
    "doubleValue": (("", lambda budget, value: float(value)),),
    "equals": (("o", lambda budget, value, other: same(value, other, budget)),),
    "floatValue": (("", lambda budget, value: float(value)),),
    "intValue": (("", _narrow(32)),),
    "longValue": (("", _narrow(64)),),
    "parseDouble": (("s", _parse_double),),
    "parseFloat": (("s", _parse_double),),
    "parseInt": (("s", _parse_int),),
    "parseLong": (("s", _parse_long),),
    "toString": (
        ("", lambda budget, value: as_text(value, budget)),
        ("n", lambda budget, value, other: as_text(other, budget)),
    ),
}
INTEGER_METHODS: Methods = {
    **_SHARED,
    "hashCode": (("", _narrow(32)),),
    "valueOf": (("s", _parse_int), ("i", lambda budget, value, other: other)),
}
DOUBLE_METHODS: Methods = {
    **_SHARED,
    "isInfinite": (("", lambda budget, value: value in (float("inf"), float("-inf"))),),
    "isNaN": (("", lambda budget, value: value != value),),
    "valueOf": (("s", _parse_double), ("n", lambda budget, value, other: float(other))),
}
BOOLEAN_METHODS: Methods = {
    "booleanValue": (("", lambda budget, value: value),),
    "parseBoolean": (("s", lambda budget, value, text: text.lower() == "true"),),
    "valueOf": (("s", lambda budget, value, text: text.lower() == "true"),),
}
