"""An OpenAPI document as a page shows it: operations in groups, with parameters, bodies and examples, and no `$ref` left.

The input is what the exporter wrote at deployment. Everything here is pure and tolerant: a member that is missing or odd is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method")
# How deep an example or a schema is shown; what lies deeper is summed up, and a schema that holds itself ends here.
MAX_DEPTH = 6
# How much of one schema is shown: members that hold each other would otherwise multiply at every depth.
MOST_PROPERTIES = 200
MOST_EXAMPLE_VALUES = 300
# Longer enumerations are typed rather than chosen from a list.
_MOST_CHOICES = 50
# Headers that are not the reader's to fill in: the key has a field of its own, the others are the connection's.
_SET_BY_TRY_IT = {
    "x-api-key", "host", "content-length", "content-type", "transfer-encoding", "connection", "te", "trailer", "upgrade",
    "expect", "keep-alive", "proxy-authorization", "proxy-connection",
}  # fmt: skip


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


@dataclass(frozen=True)
class Parameter:
    """One input besides the body. `where` is path, query or header."""

    name: str
    where: str
    required: bool
    type: str
    description: str = ""
    example: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Property:
    """A line of a schema's table; `depth` indents it."""

    name: str
    type: str
    required: bool
    description: str
    depth: int


@dataclass(frozen=True)
class Response:
    status: str
    description: str
    example: str = ""


@dataclass(frozen=True)
class OperationPage:
    """One operation: what its section of the reference shows and what its try-it form asks for."""

    anchor: str
    method: str
    path: str
    title: str
    description: str
    group: str
    key_required: bool
    parameters: tuple[Parameter, ...] = ()
    body_type: str = ""
    body_example: str = ""
    body_properties: tuple[Property, ...] = ()
    responses: tuple[Response, ...] = ()


@dataclass(frozen=True)
class Reference:
    """The whole reference of one API stage."""

    title: str
    version: str
    description: str
    groups: dict[str, list[OperationPage]] = field(default_factory=dict)

    def operations(self) -> Iterator[OperationPage]:
        for group in self.groups.values():
            yield from group

    def find(self, anchor: str) -> OperationPage | None:
        return next((operation for operation in self.operations() if operation.anchor == anchor), None)


def read_reference(document: dict[str, Any]) -> Reference:
    """The reference of an OpenAPI 3 document; preflight (OPTIONS) methods are not shown."""
    info = _mapping(document.get("info"))
    reference = Reference(_text(info.get("title")), _text(info.get("version")), _text(info.get("description")))
    anchors: set[str] = set()
    for path, name, operation, shared in _shown_operations(document):
        anchor = _free_anchor("ANY" if name.startswith("x-") else name, path, anchors)
        page = _operation(document, anchor, path, name, operation, shared)
        reference.groups.setdefault(page.group, []).append(page)
    return reference


def count_operations(document: Any) -> int:
    """How many operations `read_reference` finds, without reading their schemas."""
    return sum(1 for _ in _shown_operations(_mapping(document)))


def _shown_operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], list[Any]]]:
    """(path, member of the path item, operation, the path's own parameters), by path."""
    for path, item in sorted(_mapping(document.get("paths")).items()):
        shared = _list(_mapping(item).get("parameters"))
        for name in METHODS:
            operation = _mapping(item).get(name)
            if isinstance(operation, dict) and name != "options":
                yield path, name, operation, shared


def _operation(
    document: dict[str, Any], anchor: str, path: str, name: str, operation: dict[str, Any], shared: list[Any]
) -> OperationPage:
    method = "ANY" if name.startswith("x-") else name.upper()
    body_type, body_schema, body_example = _body(document, operation)
    tags = [_text(tag) for tag in _list(operation.get("tags"))]
    return OperationPage(
        anchor=anchor,
        method=method,
        path=path,
        title=_text(operation.get("summary")) or _text(operation.get("operationId")) or f"{method} {path}",
        description=_text(operation.get("description")),
        group=tags[0] if tags else _first_segment(path),
        key_required=_needs_key(document, operation),
        parameters=tuple(_parameters(document, path, [*shared, *_list(operation.get("parameters"))])),
        body_type=body_type,
        body_example=body_example,
        body_properties=tuple(islice(_properties(document, body_schema), MOST_PROPERTIES)),
        responses=tuple(_responses(document, operation)),
    )


def _parameters(document: dict[str, Any], path: str, listed: list[Any]) -> Iterator[Parameter]:
    found: dict[tuple[str, str], Parameter] = {}
    # A path's own parameters are always there, also when the document does not list them.
    for segment in path.split("/"):
        if segment.startswith("{"):
            name = path_parameter(segment)
            found[name, "path"] = Parameter(name, "path", True, "string")
    for raw in listed:
        parameter = _resolve(document, raw)
        name, where = _text(parameter.get("name")), _text(parameter.get("in"))
        if name and where in {"path", "query", "header"} and name.lower() not in _SET_BY_TRY_IT:
            # An operation's parameter replaces the one that its path shares under the same name.
            found[name, where] = _parameter(document, name, where, parameter)
    yield from found.values()


def path_parameter(segment: str) -> str:
    """The name in a path's `{name}` or `{name+}` segment."""
    return segment.strip("{}").rstrip("+")


def _parameter(document: dict[str, Any], name: str, where: str, parameter: dict[str, Any]) -> Parameter:
    schema = _resolve(document, parameter.get("schema"))
    example = parameter.get("example", schema.get("example", schema.get("default", "")))
    values = tuple(str(value) for value in _list(schema.get("enum")))
    return Parameter(
        name,
        where,
        where == "path" or bool(parameter.get("required")),
        _type(document, schema),
        _text(parameter.get("description")),
        example if isinstance(example, str) else json.dumps(example),
        values if len(values) <= _MOST_CHOICES else (),
    )


def _body(document: dict[str, Any], operation: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
    body = _resolve(document, operation.get("requestBody"))
    for content_type, media in _mapping(body.get("content")).items():
        schema = _resolve(document, _mapping(media).get("schema"))
        return content_type, schema, _example_text(document, _mapping(media), schema)
    return "", {}, ""


def _responses(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[Response]:
    for status, raw in sorted(_mapping(operation.get("responses")).items()):
        response = _resolve(document, raw)
        example = ""
        for media in _mapping(response.get("content")).values():
            example = _example_text(document, _mapping(media), _resolve(document, _mapping(media).get("schema")))
            break
        yield Response(str(status), _text(response.get("description")), example)


def _example_text(document: dict[str, Any], media: dict[str, Any], schema: dict[str, Any]) -> str:
    if "example" in media:
        value = media["example"]
    elif media.get("examples"):
        value = _mapping(next(iter(_mapping(media["examples"]).values()), {})).get("value")
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
    if _list(schema.get("enum")):
        return schema["enum"][0]
    if depth >= MAX_DEPTH or not affordable:
        return {}
    kind = schema.get("type")
    if kind == "array":
        return [_example(document, _resolve(document, schema.get("items")), depth + 1, budget)]
    parts = [_resolve(document, part) for part in _list(schema.get("allOf"))]
    if parts or kind == "object" or "properties" in schema:
        merged: dict[str, Any] = {}
        for part in [*parts, schema]:
            for name, raw in _mapping(part.get("properties")).items():
                if budget.spent:
                    break
                merged[name] = _example(document, _resolve(document, raw), depth + 1, budget)
        return merged
    formats = {"date-time": "2026-01-31T12:00:00Z", "date": "2026-01-31", "email": "ada@example.com"}
    scalars: dict[str, Any] = {"integer": 1, "number": 1.5, "boolean": True}
    return scalars.get(str(kind), formats.get(_text(schema.get("format")), "string"))


def _properties(document: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> Iterator[Property]:
    if schema.get("type") == "array":
        schema = _resolve(document, schema.get("items"))
    for part in [*(_resolve(document, part) for part in _list(schema.get("allOf"))), schema]:
        required = _list(part.get("required"))
        for name, raw in _mapping(part.get("properties")).items():
            member = _resolve(document, raw)
            yield Property(name, _type(document, member), name in required, _text(member.get("description")), depth)
            if depth + 1 < MAX_DEPTH and ({"properties", "allOf"} & member.keys() or member.get("type") == "array"):
                yield from _properties(document, member, depth + 1)


def _type(document: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> str:
    kind = _text(schema.get("type")) or ("object" if {"properties", "allOf"} & schema.keys() else "any")
    if kind == "array":
        # An array of arrays of itself has no last word.
        return f"array of {_type(document, _resolve(document, schema.get('items')), depth + 1)}" if depth < 3 else kind
    shown = _text(schema.get("format"))
    values = _list(schema.get("enum"))
    if values:
        return " | ".join(str(value) for value in values[:8])
    return f"{kind} ({shown})" if shown else kind


def _needs_key(document: dict[str, Any], operation: dict[str, Any]) -> bool:
    schemes = _mapping(_mapping(document.get("components")).get("securitySchemes"))
    for requirement in _list(operation.get("security", document.get("security"))):
        for name in _mapping(requirement):
            scheme = _mapping(schemes.get(name))
            if scheme.get("type") == "apiKey" and _text(scheme.get("name")).lower() == "x-api-key":
                return True
    return False


def _resolve(document: dict[str, Any], value: Any) -> dict[str, Any]:
    """The mapping behind a local `$ref`; a chain that does not end in one is an empty mapping."""
    for _ in range(16):
        if not isinstance(value, dict):
            return {}
        target = value.get("$ref")
        if not isinstance(target, str):
            return value
        value = document
        for part in target.removeprefix("#/").split("/"):
            value = _mapping(value).get(part.replace("~1", "/").replace("~0", "~"))
    return {}


def _free_anchor(method: str, path: str, taken: set[str]) -> str:
    """A name for the operation in addresses. `/a-b` and `/a/b` read the same in one; the later gets a number."""
    words = "-".join(re.findall(r"[A-Za-z0-9]+", path))
    wanted = anchor = f"{method.lower()}-{words}".rstrip("-")
    number = 2
    while anchor in taken:
        anchor, number = f"{wanted}-{number}", number + 1
    taken.add(anchor)
    return anchor


def _first_segment(path: str) -> str:
    return path.strip("/").split("/")[0] or "API"


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
