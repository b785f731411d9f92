"""The places of a REST API that something can be said about, as its documentation page shows them: a tree, and what belongs to a method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from apps.control_plane.v1.documentation_locations import Location, locations_of, most_specific
from apps.rest_apis.models import DocumentationPart, RestApi

Parts = Mapping[Location, DocumentationPart]
API = Location("API")
KINDS = {
    "API": "API",
    "AUTHORIZER": "Authorizer",
    "MODEL": "Model",
    "RESOURCE": "Resource",
    "METHOD": "Method",
    "PATH_PARAMETER": "Path parameter",
    "QUERY_PARAMETER": "Query parameter",
    "REQUEST_HEADER": "Request header",
    "REQUEST_BODY": "Request body",
    "RESPONSE": "Response",
    "RESPONSE_HEADER": "Response header",
    "RESPONSE_BODY": "Response body",
}
"""What people call the types of places."""
_IN_TREE = frozenset({"API", "AUTHORIZER", "MODEL", "RESOURCE", "METHOD"})


@dataclass(frozen=True)
class Place:
    """One place with what is said there: a part of its own, one that it takes after, or nothing."""

    location: Location
    own: DocumentationPart | None
    inherited: DocumentationPart | None

    @property
    def label(self) -> str:
        return label(self.location)

    @property
    def query(self) -> str:
        return query(self.location)

    @property
    def said(self) -> DocumentationPart | None:
        return self.own or self.inherited


def label(at: Location) -> str:
    """A place in words: `Query parameter limit of GET /pets`."""
    words = KINDS[at.type]
    names = [name for name in (at.name, at.status_code if at.status_code != "*" else "any status") if name]
    if names:
        words += " " + " of ".join(names)
    if not at.path:
        return words
    where = at.path if not at.method else f"{'every method' if at.method == '*' else at.method} {at.path}"
    return f"{words} {where}" if at.type in ("RESOURCE", "METHOD") else f"{words} of {where}"


def query(at: Location) -> str:
    """The place as the query of an address."""
    return urlencode(at.shape())


def place(parts: Parts, at: Location) -> Place:
    """A place with what is said there."""
    own = parts.get(at)
    return Place(at, own, None if own else most_specific(parts, at))


def tree(api: RestApi, parts: Parts, chosen: Location, url: str) -> list[dict[str, Any]]:
    """The API, its authorizers, models, resources and methods as components/tree.html takes them, then places of no one thing.

    What belongs to a method stands on the method's own page: a tree of it all would have a line for every header.
    """
    known = list(locations_of(api))
    own = _owner(chosen)

    def node(at: Location, text: str) -> dict[str, Any]:
        return {
            "label": text + ("" if at in parts else " ○"),
            "url": f"{url}?{query(at)}",
            "current": at == own,
            "methods": [],
            "children": [],
        }

    resources: dict[str, dict[str, Any]] = {}
    groups: dict[str, list[dict[str, Any]]] = {"RESOURCE": [], "MODEL": [], "AUTHORIZER": []}
    for at in known:
        if at.type == "METHOD":
            note = "" if at in parts else "○"
            at_url = f"{url}?{query(at)}"
            shown = {"verb": at.method, "url": at_url, "note": note, "current": at == own}
            resources[at.path]["methods"].append(shown)
        elif at.type in groups:
            made = node(at, at.path or at.name)
            groups[at.type].append(made)
            if at.type == "RESOURCE":
                resources[at.path] = made
    general = [node(at, label(at)) for at in sorted(set(parts) - set(known), key=str)]
    for one in general:
        one["current"] = one["url"] == f"{url}?{query(chosen)}"
    return [node(API, api.name), *groups["RESOURCE"], *groups["MODEL"], *groups["AUTHORIZER"], *general]


def below(api: RestApi, parts: Parts, chosen: Location) -> list[Place]:
    """The places that belong to a method, and what is said of each."""
    own = _owner(chosen)
    if own.type != "METHOD":
        return []
    found = (at for at in locations_of(api) if (at.path, at.method) == (own.path, own.method) and at != own)
    return [place(parts, at) for at in found if at.type not in _IN_TREE]


def count(api: RestApi, parts: Parts) -> tuple[int, int]:
    """How many places there are, and how many of them something is said about, there or at a place they take after."""
    places = list(locations_of(api))
    return len(places), sum(most_specific(parts, at) is not None for at in places)


def _owner(at: Location) -> Location:
    """What a place is shown with in the tree: a parameter with its method."""
    return at if at.type in _IN_TREE else Location("METHOD", path=at.path, method=at.method)
