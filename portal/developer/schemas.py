"""Schemas of an OpenAPI document as a reader sees them: an example, a table of members, a type in a word.

Pure and tolerant: a member that is missing or odd is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

# How deep an example or a schema is shown; what lies deeper is summed up, and a schema that holds itself ends here.
MAX_DEPTH = 6
# How much of one schema is shown: members that hold each other would otherwise multiply at every depth.
MOST_PROPERTIES = 200
MOST_EXAMPLE_VALUES = 300


@dataclass(frozen=True)
class Property:
    """A line of a schema's table; `depth` indents it."""

    name: str
    type: str
    required: bool
    description: str
    depth: int


class _Budget:
    """How many more values an example may get."""

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self) -> bool:
        self._left -= 1
        return self._left >= 0

    @property
    def spent(self) -> bool:
        return self._left <= 0


def example_text(document: dict[str, Any], media: dict[str, Any], schema: dict[str, Any]) -> str:
    """The example of a media type: its own, else one made from the schema; empty without either."""
    if "example" in media:
        value = media["example"]
    elif media.get("examples"):
        value = mapping(next(iter(mapping(media["examples"]).values()), {})).get("value")
    elif schema:
        value = _example(document, schema, 0, _Budget(MOST_EXAMPLE_VALUES))
    else:
        return ""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _example(document: dict[str, Any], schema: dict[str, Any], depth: int, budget: _Budget) -> Any:
    """A value that fits a schema, made from its examples, defaults and types, as far as the budget goes."""
    affordable = budget.take()
    for member in ("example", "default"):
        if member in schema:
            return schema[member]
    if listed(schema.get("enum")):
        return schema["enum"][0]
    if depth >= MAX_DEPTH or not affordable:
        return {}
    kind = schema.get("type")
    if kind == "array":
        return [_example(document, resolve(document, schema.get("items")), depth + 1, budget)]
    parts = [resolve(document, part) for part in listed(schema.get("allOf"))]
    if parts or kind == "object" or "properties" in schema:
        merged: dict[str, Any] = {}
        for part in [*parts, schema]:
            for name, raw in mapping(part.get("properties")).items():
                if budget.spent:
                    break
                merged[name] = _example(document, resolve(document, raw), depth + 1, budget)
        return merged
    formats = {"date-time": "2026-01-31T12:00:00Z", "date": "2026-01-31", "email": "ada@example.com"}
    scalars: dict[str, Any] = {"integer": 1, "number": 1.5, "boolean": True}
    return scalars.get(str(kind), formats.get(text(schema.get("format")), "string"))


def properties(document: dict[str, Any], schema: dict[str, Any]) -> tuple[Property, ...]:
    """The members of a schema with those below them, at most `MOST_PROPERTIES`."""
    return tuple(islice(_members(document, schema), MOST_PROPERTIES))


def _members(document: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> Iterator[Property]:
    if schema.get("type") == "array":
        schema = resolve(document, schema.get("items"))
    for part in [*(resolve(document, part) for part in listed(schema.get("allOf"))), schema]:
        required = listed(part.get("required"))
        for name, raw in mapping(part.get("properties")).items():
            member = resolve(document, raw)
            yield Property(name, type_words(document, member), name in required, text(member.get("description")), depth)
            if depth + 1 < MAX_DEPTH and ({"properties", "allOf"} & member.keys() or member.get("type") == "array"):
                yield from _members(document, member, depth + 1)


def type_words(document: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> str:
    """A type in a word or two: `integer`, `array of string`, `dog | cat`."""
    kind = text(schema.get("type")) or ("object" if {"properties", "allOf"} & schema.keys() else "any")
    if kind == "array":
        # An array of arrays of itself has no last word.
        return (
            f"array of {type_words(document, resolve(document, schema.get('items')), depth + 1)}" if depth < 3 else kind
        )
    shown = text(schema.get("format"))
    values = listed(schema.get("enum"))
    if values:
        return " | ".join(str(value) for value in values[:8])
    return f"{kind} ({shown})" if shown else kind


def resolve(document: dict[str, Any], value: Any) -> dict[str, Any]:
    """The mapping behind a local `$ref`; a chain that does not end in one is an empty mapping."""
    for _ in range(16):
        if not isinstance(value, dict):
            return {}
        target = value.get("$ref")
        if not isinstance(target, str):
            return value
        value = document
        for part in target.removeprefix("#/").split("/"):
            value = mapping(value).get(part.replace("~1", "/").replace("~0", "~"))
    return {}


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """The value if it is text, else an empty one."""
    return value if isinstance(value, str) else ""
