"""The JSON Schema of a tool's arguments, from the schemas of an OpenAPI document: no `$ref` left, and never larger than a bound."""

from __future__ import annotations

from typing import Any

from portal.developer.schemas import MAX_DEPTH, listed, mapping, resolve, text

MOST_NODES = 400
# What a reader of arguments needs; all else of OpenAPI (xml, discriminator, extensions) is left out.
_KEPT = (
    "title", "format", "enum", "const", "default", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
)  # fmt: skip
_LONGEST_DESCRIPTION = 500


class _Budget:
    """How many more schemas one argument may hold."""

    def __init__(self) -> None:
        self.left = MOST_NODES


def json_schema(document: dict[str, Any], schema: Any) -> dict[str, Any]:
    """A schema of its own. What lies deeper than six schemas, or beyond four hundred, may be anything."""
    return _plain(document, schema, 0, _Budget())


def _plain(document: dict[str, Any], raw: Any, depth: int, budget: _Budget) -> dict[str, Any]:
    schema = resolve(document, raw)
    budget.left -= 1
    if depth > MAX_DEPTH or budget.left < 0:
        return {}
    plain: dict[str, Any] = {name: schema[name] for name in _KEPT if name in schema}
    if text(schema.get("description")):
        plain["description"] = text(schema["description"])[:_LONGEST_DESCRIPTION]
    kind = schema.get("type")
    if isinstance(kind, str):
        plain["type"] = [kind, "null"] if schema.get("nullable") is True else kind
    for name in ("allOf", "anyOf", "oneOf"):
        parts = [_plain(document, part, depth + 1, budget) for part in listed(schema.get(name))]
        if parts:
            plain[name] = parts
    if mapping(schema.get("items")):
        plain["items"] = _plain(document, schema["items"], depth + 1, budget)
    if mapping(schema.get("properties")):
        plain["properties"] = {
            name: _plain(document, member, depth + 1, budget) for name, member in schema["properties"].items()
        }
        required = [
            name for name in listed(schema.get("required")) if isinstance(name, str) and name in plain["properties"]
        ]
        if required:
            plain["required"] = required
    further = schema.get("additionalProperties")
    if isinstance(further, bool):
        plain["additionalProperties"] = further
    elif mapping(further):
        plain["additionalProperties"] = _plain(document, further, depth + 1, budget)
    return plain
