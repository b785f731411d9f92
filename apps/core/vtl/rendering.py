"""Values as text: maps and the template's own lists as Java prints them, arrays out of JSON as JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson

from apps.core.vtl.budget import Budget
from apps.core.vtl.errors import VtlError, VtlLimitExceeded
from apps.core.vtl.values import Entry, JavaList, VtlObject

_DEEPEST = 100
_PLAIN = frozenset({str, int, float, bool, type(None)})


def as_text(value: Any, budget: Budget) -> str:
    """What a reference writes; null writes nothing."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    pieces: list[str] = []
    _write(value, pieces, budget, 0)
    return pieces[0] if len(pieces) == 1 else "".join(pieces)


def _write(value: Any, pieces: list[str], budget: Budget, depth: int) -> None:
    if depth > _DEEPEST:
        raise VtlLimitExceeded("the value is nested too deeply to print")
    budget.step()
    if isinstance(value, dict):
        _write_map(value, pieces, budget, depth)
    elif isinstance(value, JavaList):
        separator = "["
        for item in value:
            pieces.append(separator)
            _write(item, pieces, budget, depth + 1)
            separator = ", "
        pieces.append("]" if value else "[]")
    elif isinstance(value, Entry):
        _write(value.key, pieces, budget, depth + 1)
        pieces.append("=")
        _write(value.value, pieces, budget, depth + 1)
    else:
        text = json_text(value, budget).replace("/", "\\/") if isinstance(value, list) else scalar_text(value)
        budget.text(len(text))
        pieces.append(text)


def _write_map(value: dict[Any, Any], pieces: list[str], budget: Budget, depth: int) -> None:
    separator = "{"
    for key, item in value.items():
        pieces.append(separator)
        _write(key, pieces, budget, depth + 1)
        pieces.append("=")
        _write(item, pieces, budget, depth + 1)
        separator = ", "
    pieces.append("}" if value else "{}")


def scalar_text(value: Any) -> str:
    """A value that holds no others, as Java's `toString` has it."""
    if isinstance(value, str):
        return str(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _double_text(value)
    return value.text() if isinstance(value, VtlObject) else ""


def _double_text(value: float) -> str:
    size = abs(value)
    if 1e-3 <= size < 1e7 or value == 0:
        return repr(value)
    if value != value or size == float("inf"):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{rest}E{exponent + len(digits) - 1}"


def json_text(value: Any, budget: Budget) -> str:
    """A value as compact JSON."""
    if budget.shared:
        _walk(value, budget, 0)
    elif type(value) not in _PLAIN:
        budget.step()
    try:
        text = orjson.dumps(value, _json_default, orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError):  # whole numbers beyond 64 bits, or very deep
        text = _json_of_the_rest(value)
    budget.text(len(text))
    return text


def _json_default(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Entry):
        return {scalar_text(value.key): value.value}
    return scalar_text(value)


def _json_of_the_rest(value: Any) -> str:
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_json_default)
    except (TypeError, ValueError, RecursionError):
        raise VtlError("the value cannot be written as JSON") from None


def _walk(value: Any, budget: Budget, depth: int) -> None:
    """Pay for every element before anything is written."""
    if depth > _DEEPEST:
        raise VtlLimitExceeded("the value is nested too deeply to print")
    if isinstance(value, dict):
        budget.step(len(value) + 1)
        for item in value.values():
            _walk(item, budget, depth + 1)
    elif isinstance(value, (list, Entry)):
        budget.step(len(value) + 1)
        for item in value:
            _walk(item, budget, depth + 1)
    elif isinstance(value, str):
        budget.text(len(value))
