"""The part of JSONPath that parameter mappings use: `$`, `.name`, `['name']` and `[0]`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from apps.core.mapping_text import PATH_STEP


def compile_path(expression: str) -> Callable[[Any], Any]:
    """A function from a JSON value to what the path names in it, None when there is nothing.

    Raises ValueError for steps beyond names and indexes (wildcards, filters, slices, recursive descent).
    """
    text = expression[1:] if expression.startswith("$") else f".{expression}"
    steps: list[str | int] = []
    at = 0
    while at < len(text):
        match = PATH_STEP.match(text, at)
        if match is None:
            raise ValueError(f"JSONPath {expression!r} is not supported in a parameter mapping")
        name, index, single, double = match.groups()
        steps.append(
            int(index) if index is not None else next(part for part in (name, single, double) if part is not None)
        )
        at = match.end()

    def read(value: Any) -> Any:
        for step in steps:
            if isinstance(step, int) and isinstance(value, list) and step < len(value):
                value = value[step]
            elif isinstance(step, str) and isinstance(value, dict):
                value = value.get(step)
            else:
                return None
        return value

    return read


def as_text(value: Any) -> str | None:
    """A JSON value as a parameter: strings as they are, everything else as JSON; null is no value."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
