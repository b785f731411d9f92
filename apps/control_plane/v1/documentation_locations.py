"""Where documentation parts belong: twelve types of places in an API, and which members name one of each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from apps.control_plane.errors import BadRequestException
from apps.control_plane.registry import Shape
from apps.rest_apis.models import DocumentationPart, RestApi

_OF_METHOD = ("path", "method")
MEMBERS: dict[str, tuple[str, ...]] = {
    "API": (),
    "AUTHORIZER": ("name",),
    "MODEL": ("name",),
    "RESOURCE": ("path",),
    "METHOD": _OF_METHOD,
    "PATH_PARAMETER": (*_OF_METHOD, "name"),
    "QUERY_PARAMETER": (*_OF_METHOD, "name"),
    "REQUEST_HEADER": (*_OF_METHOD, "name"),
    "REQUEST_BODY": _OF_METHOD,
    "RESPONSE": (*_OF_METHOD, "statusCode"),
    "RESPONSE_HEADER": (*_OF_METHOD, "statusCode", "name"),
    "RESPONSE_BODY": (*_OF_METHOD, "statusCode"),
}
"""The members of a location beside its type."""

_DEFAULTS = {"path": "/", "method": "*", "statusCode": "*"}
_LONGEST = {"path": 8192, "method": 16, "statusCode": 8, "name": 1024}
_INHERITING = frozenset(
    {"PATH_PARAMETER", "QUERY_PARAMETER", "REQUEST_HEADER", "RESPONSE", "RESPONSE_HEADER", "RESPONSE_BODY"}
)
_PARAMETERS = {
    "path": "PATH_PARAMETER",
    "querystring": "QUERY_PARAMETER",
    "multivaluequerystring": "QUERY_PARAMETER",
    "header": "REQUEST_HEADER",
    "multivalueheader": "REQUEST_HEADER",
}
"""What documentation calls the places of `method.request.…`."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class Location:
    """One place. Members that its type does not have are empty."""

    type: str
    path: str = ""
    method: str = ""
    status_code: str = ""
    name: str = ""

    @property
    def digest(self) -> str:
        """Equal for equal places only."""
        members = [self.type, self.path, self.method, self.status_code, self.name]
        return hashlib.sha256(json.dumps(members).encode()).hexdigest()

    def shape(self) -> Shape:
        """AWS's DocumentationPartLocation."""
        members = {"path": self.path, "method": self.method, "statusCode": self.status_code, "name": self.name}
        return {"type": self.type, **{name: members[name] for name in MEMBERS[self.type]}}

    def __str__(self) -> str:
        return ", ".join(f"{name} '{value}'" for name, value in self.shape().items())


def location(shape: Shape) -> Location:
    """The place that AWS's DocumentationPartLocation names; raises BadRequestException when it names none."""
    kind = shape.get("type") or ""
    if kind not in MEMBERS:
        raise BadRequestException(f"Invalid documentation part location type specified: {kind}")
    given = {name: value for name, value in shape.items() if name != "type" and value}
    for name in given:
        if name not in MEMBERS[kind]:
            raise BadRequestException(f"Invalid documentation part location: '{name}' is not valid for type '{kind}'")
    members = {name: str(given.get(name) or _DEFAULTS.get(name, "")) for name in MEMBERS[kind]}
    if not members.get("name", "-"):
        raise BadRequestException(f"Invalid documentation part location: 'name' is required for type '{kind}'")
    if not members.get("path", "/").startswith("/"):
        raise BadRequestException("Invalid documentation part location: 'path' must begin with '/'")
    for name, value in members.items():
        if len(value) > _LONGEST[name]:
            raise BadRequestException(
                f"Invalid documentation part location: '{name}' can be at most {_LONGEST[name]} characters"
            )
    method = members.get("method", "")
    return Location(
        kind,
        members.get("path", ""),
        method if method == "*" else method.upper(),
        members.get("statusCode", ""),
        members.get("name", ""),
    )


def location_of(row: DocumentationPart) -> Location:
    return Location(row.type, row.path, row.method, row.status_code, row.name)


def snapshot(api: RestApi) -> list[dict[str, Any]]:
    """The parts of an API as `x-amazon-apigateway-documentation` lists them, oldest first."""
    rows = sorted(api.documentation_parts.all(), key=lambda row: row.pk)
    return [{"location": location_of(row).shape(), "properties": json.loads(row.properties)} for row in rows]


def most_specific(parts: Mapping[Location, Value], place: Location) -> Value | None:
    """What is said of a place: there, or else at the nearest more general place that it takes after."""
    return next((parts[at] for at in _widening(place) if at in parts), None)


def _widening(place: Location) -> Iterator[Location]:
    """The place, then those that it takes after, the nearest first."""
    yield place
    if place.type not in _INHERITING:
        return
    for path in _upwards(place.path):
        for method in (place.method, "*"):
            for status_code in (place.status_code, "*"):
                yield Location(place.type, path, method, status_code, place.name)


def _upwards(path: str) -> Iterator[str]:
    """A path and everything above it, each above with and without the slash at its end."""
    yield path
    while path.strip("/"):
        path = path.rstrip("/").rpartition("/")[0]
        yield f"{path}/"
        if path:
            yield path


def parameter_type(expression: str) -> tuple[str, str] | None:
    """Type and name of a parameter by `method.request.querystring.page`."""
    place, _, name = expression.removeprefix("method.request.").partition(".")
    return (_PARAMETERS[place], name) if place in _PARAMETERS else None


def locations_of(api: RestApi) -> Iterator[Location]:
    """Every place of an API that a part can be about."""
    yield Location("API")
    for name in api.authorizers.order_by("name").values_list("name", flat=True):
        yield Location("AUTHORIZER", name=name)
    for name in api.models.order_by("name").values_list("name", flat=True):
        yield Location("MODEL", name=name)
    for resource in api.resources.order_by("path").prefetch_related("methods__responses"):
        yield Location("RESOURCE", path=resource.path)
        for method in sorted(resource.methods.all(), key=lambda row: row.http_method):
            at = {"path": resource.path, "method": method.http_method}
            yield Location("METHOD", **at)
            for kind, name in filter(None, map(parameter_type, sorted(method.request_parameters))):
                yield Location(kind, **at, name=name)
            if method.request_models:
                yield Location("REQUEST_BODY", **at)
            for response in sorted(method.responses.all(), key=lambda row: row.status_code):
                yield Location("RESPONSE", **at, status_code=response.status_code)
                for header in sorted(response.response_parameters):
                    name = header.removeprefix("method.response.header.")
                    yield Location("RESPONSE_HEADER", **at, status_code=response.status_code, name=name)
                if response.response_models:
                    yield Location("RESPONSE_BODY", **at, status_code=response.status_code)
