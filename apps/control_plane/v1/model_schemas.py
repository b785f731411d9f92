"""Schemas of models: references to other models, schemas with those put in, and templates made from them.

A model refers to another by its URL: `https://apigateway.amazonaws.com/restapis/{id}/models/{name}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from apps.control_plane.errors import BadRequestException
from apps.core.json_schemas import MODEL_URL, references

Schemas = Mapping[str, Any]
"""Every schema of an API by its model's name."""

_INVALID = "Invalid model specified: Validation Result: warnings : [], errors : [{}]"
_SAMPLES: dict[str, str] = {"string": '"foo"', "integer": "42", "number": "3.14", "boolean": "true", "null": "null"}
_MOST_LEVELS, _MOST_LINES = 20, 2_000


def check_references(schema: str, rest_api_id: str, schemas: Schemas) -> None:
    """Raises BadRequestException for the first reference that leads to no model of the API and nowhere within the schema."""
    for reference in references(json.loads(schema)):
        found = MODEL_URL.fullmatch(reference)
        if found is None and not reference.startswith("#"):
            raise BadRequestException(_INVALID.format("Model reference must be in canonical form"))
        if found and (found["api"] != rest_api_id or found["name"] not in schemas):
            raise BadRequestException(_INVALID.format(f"Invalid model reference specified: {reference}"))


def flattened(name: str, schemas: Schemas) -> str:
    """The schema with every model that it refers to, directly or not, under `definitions`."""
    definitions: dict[str, Any] = dict(schemas[name].get("definitions") or {})
    flat = _localised(schemas[name], schemas, definitions)
    return json.dumps({**flat, "definitions": definitions} if definitions else flat)


def _localised(value: Any, schemas: Schemas, definitions: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_localised(item, schemas, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    result = {key: _localised(item, schemas, definitions) for key, item in value.items()}
    found = MODEL_URL.fullmatch(value["$ref"]) if isinstance(value.get("$ref"), str) else None
    if found and found["name"] in schemas:
        name = found["name"]
        result["$ref"] = f"#/definitions/{name}{found['rest'].lstrip('#')}"
        if name not in definitions:
            definitions[name] = {}  # breaks circles
            definitions[name] = _localised(schemas[name], schemas, definitions)
    return result


# Templates ----------------------------------------------------------------------------------------------------------


def sample_template(name: str, schemas: Schemas) -> str:
    """A mapping template (VTL) that writes a sample of the model, with a loop to be completed for each array."""
    sample = _Sample(schemas[name], schemas)
    return "\n".join(["#set($inputRoot = $input.path('$'))", *sample.lines(schemas[name], 0, ())])


class _Sample:
    """Writes samples of one schema and of what it refers to. What refers to itself is left empty the second time."""

    def __init__(self, root: Any, schemas: Schemas) -> None:
        self._root = root
        self._schemas = schemas
        self._written = 0

    def lines(self, schema: Any, indent: int, within: tuple[str, ...]) -> list[str]:
        """The lines of a value. `within` are the references that led here."""
        self._written += 1
        schema, within = self._resolved(schema, within)
        kind = _kind(schema)
        if len(within) > _MOST_LEVELS or indent > _MOST_LEVELS or self._written > _MOST_LINES:
            return ["{}"]
        if kind == "array":
            return self._array(schema, indent, within)
        if kind == "object":
            return self._object(schema, indent, within)
        return [_SAMPLES.get(kind, '"foo"')]

    def _object(self, schema: dict[str, Any], indent: int, within: tuple[str, ...]) -> list[str]:
        members = schema.get("properties")
        if not isinstance(members, dict) or not members:
            return ["{}"]
        inner = "  " * (indent + 1)
        result = ["{"]
        for position, (key, value) in enumerate(members.items(), start=1):
            first, *rest = self.lines(value, indent + 1, within)
            block = [f"{inner}{json.dumps(key, ensure_ascii=False)} : {first}", *rest]
            block[-1] += "," if position < len(members) else ""
            result += block
        return [*result, "  " * indent + "}"]

    def _array(self, schema: dict[str, Any], indent: int, within: tuple[str, ...]) -> list[str]:
        outer = "  " * indent
        items = schema.get("items") or {}
        first, *rest = self.lines(items[0] if isinstance(items, list) and items else items, indent + 1, within)
        return [
            "[",
            f"{outer}##TODO: Update this foreach loop to reference array from input json",
            f"{outer}#foreach($elem in $inputRoot)",
            f"{outer}  {first}",
            *rest,
            f"{outer}#if($foreach.hasNext),#end",
            f"{outer}#end",
            f"{outer}]",
        ]

    def _resolved(self, schema: Any, within: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The schema that a reference leads to; an empty one where it leads nowhere or in a circle."""
        for _ in range(_MOST_LEVELS):
            if not isinstance(schema, dict):
                return {}, within
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return _first_choice(schema), within
            if reference in within:
                return {"type": "object"}, within
            within = (*within, reference)
            found = MODEL_URL.fullmatch(reference)
            schema = self._schemas.get(found["name"]) if found else _at(self._root, reference)
        return {}, within


def _first_choice(schema: dict[str, Any]) -> dict[str, Any]:
    """Of alternatives the first that is not null stands for all."""
    for keyword in ("allOf", "anyOf", "oneOf"):
        choices = schema.get(keyword)
        if "type" not in schema and "properties" not in schema and isinstance(choices, list):
            chosen = [one for one in choices if isinstance(one, dict) and one.get("type") != "null"]
            if chosen and isinstance(chosen[0].get("type"), str):
                return chosen[0]
    return schema


def _kind(schema: dict[str, Any]) -> str:
    kinds = schema.get("type")
    kind = next((one for one in kinds if one != "null"), "string") if isinstance(kinds, list) else kinds
    if isinstance(kind, str):
        return kind
    return "array" if "items" in schema else "object" if "properties" in schema else "string"


def _at(root: Any, reference: str) -> Any:
    """What a reference within the schema leads to."""
    for part in reference.removeprefix("#").strip("/").split("/"):
        if not isinstance(root, dict):
            return {}
        root = root.get(part.replace("~1", "/").replace("~0", "~")) if part else root
    return root
