"""Documentation parts of a definition: those it lists, and what it says in OpenAPI's own members."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from apps.control_plane.errors import BadRequestException
from apps.control_plane.openapi.extensions import PREFIX
from apps.control_plane.openapi.node import Node
from apps.control_plane.openapi.spec import OperationSpec
from apps.control_plane.v1.documentation_locations import Location, location, most_specific, parameter_type

DOCUMENTATION = PREFIX + "documentation"
OF_METHOD = ("tags", "summary", "description", "externalDocs", "deprecated")
"""What a part says of a method, under the names that OpenAPI has for it."""


@dataclass(frozen=True)
class PartSpec:
    """One part: its place, and its properties as JSON text."""

    location: Location
    properties: str


def default_description(status: str) -> str:
    """What a response is called when nobody has described it."""
    return f"{status} response"


def parts_of(root: Node, operations: Iterable[OperationSpec]) -> tuple[PartSpec, ...]:
    """The parts that a definition lists, then those that its operations amount to and the list does not say already."""
    listed: dict[Location, dict[str, Any]] = {}
    for node in root.member(DOCUMENTATION).items("documentationParts") if root.has(DOCUMENTATION) else ():
        try:
            given = node.member("location")
            place = location({name: given.text(name) for name in ("type", "path", "method", "statusCode", "name")})
        except BadRequestException as error:
            node.warn(f"{error.message}. Ignoring.")
            continue
        listed[place] = node.member("properties").data
    said = {
        place: properties
        for operation in operations
        for place, properties in _said(operation)
        if place not in listed and not _repeats(most_specific(listed, place), properties)
    }
    return tuple(
        PartSpec(place, json.dumps(properties, ensure_ascii=False)) for place, properties in {**listed, **said}.items()
    )


def below(parts: Iterable[PartSpec], path: str) -> tuple[PartSpec, ...]:
    """The parts with their places moved below a path."""
    return tuple(
        replace(part, location=replace(part.location, path=_joined(path, part.location.path)))
        if part.location.path
        else part
        for part in parts
    )


def left_over(said: dict[str, Any]) -> dict[str, Any]:
    """What an operation says that no part has a place for: schemas and examples of its parameters."""
    parameters = {
        name: rest
        for name, parameter in said.get("parameters", {}).items()
        if (rest := {key: value for key, value in parameter.items() if key != "description"})
    }
    return {"parameters": parameters} if parameters else {}


def _said(operation: OperationSpec) -> Iterator[tuple[Location, dict[str, Any]]]:
    said, at = operation.documentation, {"path": operation.path, "method": operation.http_method}
    own = {key: said[key] for key in OF_METHOD if key in said}
    if own:
        yield Location("METHOD", **at), own
    for expression, parameter in said.get("parameters", {}).items():
        kind = parameter_type(expression)
        if kind and "description" in parameter:
            yield Location(kind[0], **at, name=kind[1]), {"description": parameter["description"]}
    if "requestBody" in said:
        yield Location("REQUEST_BODY", **at), said["requestBody"]
    for response in operation.responses:
        status = response.status_code
        if response.description and response.description != default_description(status):
            yield Location("RESPONSE", **at, status_code=status), {"description": response.description}
        for name, description in response.header_descriptions.items():
            yield Location("RESPONSE_HEADER", **at, status_code=status, name=name), {"description": description}


def _repeats(known: dict[str, Any] | None, properties: dict[str, Any]) -> bool:
    """Whether a more general part says the same already."""
    return known is not None and all(known.get(key) == value for key, value in properties.items())


def _joined(base: str, path: str) -> str:
    return "/" + "/".join(part for part in (*base.split("/"), *path.split("/")) if part)
