"""JSONPath in parameter mappings: what a path leads to in a body, as a parameter."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from apps.core import json_path
from apps.core.json_path import MISSING, JsonPathError


def compile_path(expression: str) -> Callable[[Any], Any]:
    """A function from a JSON value to what the path finds in it, None when there is nothing. Raises ValueError for an ill-formed path."""
    path = json_path.compile_path(expression)

    def read(value: Any) -> Any:
        try:
            found = path.read(value)
        except JsonPathError:
            return None
        return None if found is MISSING else found

    return read


def as_text(value: Any) -> str | None:
    """A JSON value as a parameter: strings as they are, everything else as JSON; null is no value."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
