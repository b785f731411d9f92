"""API definitions as text: JSON or YAML in, plain data out, and every place in it has a line.

Nothing here knows OpenAPI. What comes out holds only what JSON can say (dicts with string keys, lists, strings, numbers,
booleans, None), is bounded in size and depth, and has no duplicate keys, so that readers may walk it without further care.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from apps.control_plane.errors import BadRequestException
from apps.control_plane.openapi import yaml_text
from apps.control_plane.openapi.positions import Position, json_positions
from apps.control_plane.openapi.yaml_text import MalformedText
from apps.core.storable import is_storable

MAX_BYTES = 6 * 1024 * 1024
"""Bytes of a definition; AWS's limit."""

MAX_DEPTH = 100
MAX_NODES = 1_000_000
"""Values in a definition, aliases of YAML counted as often as they are used."""


@dataclass(frozen=True)
class Document:
    """A definition that was read. `data` is its root object."""

    data: dict[str, Any]
    text: str
    is_json: bool

    def positions(self, pointers: set[str]) -> dict[str, Position]:
        """Where in the text the values of JSON pointers begin; those that are not in the text are left out."""
        if not pointers:
            return {}
        return json_positions(self.text, pointers) if self.is_json else yaml_text.positions(self.text, pointers)


def load(body: bytes, variables: Mapping[str, str] | None = None) -> Document:
    """Read a definition, with `${AWS::Region}` and the like replaced by `variables` (`AWS::Region` → value).

    Raises BadRequestException, with line and column where there are any (its cause has them too).
    """
    if len(body) > MAX_BYTES:
        raise BadRequestException(
            f"Invalid OpenAPI input. The definition is larger than {MAX_BYTES // 1024 // 1024} MB."
        )
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequestException(f"Invalid OpenAPI input. Byte {error.start} is not UTF-8.") from None
    for name, value in (variables or {}).items():
        text = text.replace(f"${{{name}}}", value)
    is_json = text.lstrip()[:1] == "{"
    try:
        data = _json(text) if is_json else yaml_text.load(text, max_depth=MAX_DEPTH, max_nodes=MAX_NODES)
        if not isinstance(data, dict):
            raise MalformedText("The definition is not an object", Position(1, 1))
        _check(data)
    except MalformedText as error:
        raise BadRequestException(f"Invalid OpenAPI input. {error}") from error
    return Document(data, text, is_json)


def pointer(*parts: str | int) -> str:
    """The JSON pointer of a path of keys, as a URI fragment: `#/paths/~1pets/get`."""
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _json(text: str) -> Any:
    try:
        orjson.loads(text)  # strict, and tells line and column
    except orjson.JSONDecodeError as error:
        raise MalformedText(error.msg, Position(error.lineno, error.colno)) from None
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise MalformedText(f"More than {MAX_DEPTH} levels of nesting") from None
    except ValueError as error:  # a number of thousands of digits
        raise MalformedText(str(error)) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedText(f"Duplicate key '{twice}'")
    return result


def _check(data: dict[str, Any]) -> None:
    """Refuse what no row and no answer could hold."""
    nodes = 0
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH):
        nodes += len(level)
        if nodes > MAX_NODES:
            raise MalformedText(f"More than {MAX_NODES} values")
        for value in level:
            _check_scalar(value)
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise MalformedText(f"More than {MAX_DEPTH} levels of nesting")


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, child in value.items():
            _check_scalar(name)
            yield child
    elif isinstance(value, list):
        yield from value


def _check_scalar(value: Any) -> None:
    if isinstance(value, str) and not is_storable(value):
        raise MalformedText("A string holds a character that is no text (NUL or half a surrogate pair)")
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        raise MalformedText("A number is not finite")
