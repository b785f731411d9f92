"""Documentation parts in an export: listed as API Gateway's own, and said where OpenAPI has a place for them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime
from typing import Any

from apps.control_plane.errors import BadRequestException
from apps.control_plane.openapi.documentation_parts import DOCUMENTATION
from apps.control_plane.openapi.spec import ANY_METHOD, METHODS
from apps.control_plane.v1.documentation_locations import Location, location, most_specific

Parts = list[dict[str, Any]]
"""Parts as `{"location": …, "properties": …}`."""

_PARAMETERS = {"path": "PATH_PARAMETER", "query": "QUERY_PARAMETER", "header": "REQUEST_HEADER"}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _has(member: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and isinstance(value.get(member), str)


_OPERATION: dict[str, Callable[[Any], bool]] = {
    "tags": _is_texts,
    "summary": _is_text,
    "description": _is_text,
    "externalDocs": _has("url"),
    "deprecated": lambda value: isinstance(value, bool),
}
_DESCRIPTION: dict[str, Callable[[Any], bool]] = {"description": _is_text}
"""Members that OpenAPI has, and what they have to be: anything else that a part says is listed only."""


def with_parts(
    export: dict[str, Any], parts: Parts, version: str | None = None, created: datetime | None = None
) -> dict[str, Any]:
    """The export (OpenAPI 3.0) with the documentation parts, which are those of a documentation version if one is given."""
    if not parts:
        return export
    export = copy.deepcopy(export)
    placed: dict[Location, Any] = {}
    for part in parts:
        place = _place(part)
        if place is not None:
            placed.setdefault(place, part["properties"])
    for path, item in export["paths"].items():
        for key, operation in item.items():
            if key in METHODS or key == ANY_METHOD:
                item[key] = _said(
                    operation, placed, {"path": path, "method": "ANY" if key == ANY_METHOD else key.upper()}
                )
    listing: dict[str, Any] = {"documentationParts": parts}
    if version is not None and created is not None:
        listing = {"version": version, "createdDate": created.strftime("%Y-%m-%dT%H:%M:%SZ"), **listing}
    export[DOCUMENTATION] = listing
    return export


def _place(part: dict[str, Any]) -> Location | None:
    try:
        return location(part["location"])
    except BadRequestException:
        return None


def _said(operation: dict[str, Any], placed: dict[Location, Any], at: dict[str, str]) -> dict[str, Any]:
    """An operation with what is said of it, of its parameters, its body and its responses."""

    def say(target: dict[str, Any], place: Location, members: dict[str, Callable[[Any], bool]]) -> None:
        said = most_specific(placed, place)
        if isinstance(said, dict):
            target.update({key: said[key] for key, fits in members.items() if key in said and fits(said[key])})

    head: dict[str, Any] = {key: operation[key] for key in _OPERATION if key in operation}
    say(head, Location("METHOD", **at), _OPERATION)
    for parameter in operation.get("parameters", ()):
        kind = _PARAMETERS.get(parameter["in"])
        if kind:
            say(parameter, Location(kind, **at, name=parameter["name"]), _DESCRIPTION)
    if "requestBody" in operation:
        say(operation["requestBody"], Location("REQUEST_BODY", **at), _DESCRIPTION)
    for status, response in operation["responses"].items():
        say(response, Location("RESPONSE", **at, status_code=status), _DESCRIPTION)
        for name, header in response.get("headers", {}).items():
            say(header, Location("RESPONSE_HEADER", **at, status_code=status, name=name), _DESCRIPTION)
    ordered = {key: head[key] for key in _OPERATION if key in head}
    return {**ordered, **{key: value for key, value in operation.items() if key not in ordered}}
