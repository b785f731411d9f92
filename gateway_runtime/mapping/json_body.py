"""A request's body as JSON, read strictly: what two readers could understand differently is no JSON here."""

from __future__ import annotations

import json
from typing import Any

from gateway_runtime.limits import BODY


class NotJson(ValueError):
    """The body is no JSON that the gateway reads; the message says why."""


def read_json(body: bytes, depth: int = BODY.json_depth) -> Any:
    """The value of a body. Raises NotJson, also for more than `depth` arrays and objects within each other.

    A body is UTF-8 without a byte order mark; `NaN` and `Infinity` are no numbers, half of a surrogate pair no character.
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise NotJson("too deep") from None
    except ValueError as error:
        raise NotJson(str(error)) from None
    if text.count("{") + text.count("[") > depth and _is_deeper(value, depth):
        raise NotJson("too deep")
    # Escapes alone can stand for half of a pair.
    if "\\u" in text and not _is_unicode(value):
        raise NotJson("half of a surrogate pair")
    return value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _is_unicode(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether arrays and objects lie deeper in each other, found level by level."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(depth):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
    return bool(level)
