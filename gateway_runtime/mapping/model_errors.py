"""What is wrong with a body, in the words in which AWS tells it (`$context.error.validationErrorString`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from jsonschema_rs import Draft4Validator as Validator
from jsonschema_rs import ValidationError

__all__ = ["Validator", "tell_errors"]

_MOST_ERRORS = 20
_READ_THROUGH = 4096  # bytes; finding every error of a body takes long, and a caller chooses how many there are
_LONGEST = 1_000  # characters


def tell_errors(model: Validator, value: Any, size: int) -> str:
    """The errors of a value that does not fit the model, as a list in brackets: of a large body (`size` bytes) the first alone."""
    if size > _READ_THROUGH:
        errors = [_first_error(model, value)]
    else:
        errors = list(islice(model.iter_errors(value), _MOST_ERRORS))
    return f"[{', '.join(_told(errors))}]"[:_LONGEST]


def _first_error(model: Validator, value: Any) -> ValidationError:
    try:
        model.validate(value)
    except ValidationError as error:
        return error
    raise AssertionError("a body that does not fit its model fits it")


def _told(errors: Iterable[ValidationError]) -> list[str]:
    """Their texts; all that one object lacks is told at once."""
    missing: dict[tuple[Any, ...], list[str]] = {}
    texts: dict[tuple[Any, ...], str] = {}
    for error in errors:
        place = (*error.instance_path, "", *error.schema_path)
        details = error.kind.as_dict()
        if error.kind.name == "required":
            lacking = missing.setdefault(place, [])
            lacking.append(details["property"])
            texts[place] = f"object has missing required properties ({_json(sorted(lacking))})"
        else:
            tell = _WORDS.get(error.kind.name)
            texts[place] = error.message if tell is None else tell(error.instance, details)
    return list(texts.values())


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    kinds = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "unknown")


def _bound(comparison: str, limit: str) -> Callable[[Any, dict[str, Any]], str]:
    return lambda value, told: (
        f"numeric instance is {comparison} the required {limit} ({limit}: {_json(told['limit'])}, found: {_json(value)})"
    )


_WORDS: dict[str, Callable[[Any, dict[str, Any]], str]] = {
    "type": lambda value, told: (
        f"instance type ({_type_of(value)}) does not match any allowed primitive type (allowed: {_json(_types(told))})"
    ),
    "enum": lambda value, told: (
        f"instance value ({_json(value)}) not found in enum (possible values: {_json(told['options'])})"
    ),
    "minimum": _bound("lower than", "minimum"),
    "maximum": _bound("greater than", "maximum"),
    "exclusiveMinimum": lambda value, told: (
        f"numeric instance is not strictly greater than the required minimum {_json(told['limit'])}"
    ),
    "exclusiveMaximum": lambda value, told: (
        f"numeric instance is not strictly lower than the required maximum {_json(told['limit'])}"
    ),
    "minLength": lambda value, told: (
        f"string {_json(value)} is too short (length: {len(value)}, required minimum: {told['limit']})"
    ),
    "maxLength": lambda value, told: (
        f"string {_json(value)} is too long (length: {len(value)}, maximum allowed: {told['limit']})"
    ),
    "pattern": lambda value, told: (
        f"ECMA 262 regex {_json(told['pattern'])} does not match input string {_json(value)}"
    ),
    "additionalProperties": lambda value, told: (
        f"object instance has properties which are not allowed by the schema: {_json(sorted(told['unexpected']))}"
    ),
    "minItems": lambda value, told: (
        f"array is too short: must have at least {told['limit']} elements but instance has {len(value)} elements"
    ),
    "maxItems": lambda value, told: (
        f"array is too long: must have at most {told['limit']} elements but instance has {len(value)} elements"
    ),
    "uniqueItems": lambda value, told: "array must not contain duplicate elements",
    "minProperties": lambda value, told: (
        f"object has too few properties (found {len(value)} but schema requires at least {told['limit']})"
    ),
    "maxProperties": lambda value, told: (
        f"object has too many properties (found {len(value)} but schema requires at most {told['limit']})"
    ),
    "not": lambda value, told: "instance matched a schema which it should not have",
}


def _types(told: dict[str, Any]) -> list[str]:
    found = told["types"]
    return sorted([found] if isinstance(found, str) else found)
