"""What V2's operations have in common: members of a request into a row, a row into members, and pages.

A PATCH of V2 changes the members that it has and leaves the others. Of a map it changes the keys that it has; a key with an empty
value goes away, as does an optional member that is an empty string.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from apps.control_plane import paging
from apps.control_plane.errors import BadRequestException, NotFoundException

Row = TypeVar("Row", bound=Model)
Shape = dict[str, Any]
Members = Mapping[str, str]
"""AWS's names of members by the row's fields that hold them."""


def assign(row: Model, request: Shape, members: Members, merged: Collection[str] = ()) -> None:
    """Put the members of a request into a row's fields; `merged` members are maps that change key by key."""
    for name, field in members.items():
        if name not in request:
            continue
        value = request[name]
        if name in merged:
            value = merge(getattr(row, field) or {}, value)
        elif value == "" and row._meta.get_field(field).null:
            value = None
        setattr(row, field, value)


def merge(old: Mapping[str, Any], changes: Mapping[str, Any]) -> Shape:
    """A map with keys changed, and without those whose new value is empty."""
    return {name: value for name, value in {**old, **changes}.items() if value not in ("", {})}


def shape_of(row: Model, members: Members) -> Shape:
    """The members that a row has; empty lists and maps are left out."""
    values = ((name, getattr(row, field)) for name, field in members.items())
    return {name: value for name, value in values if value is not None and value not in ([], {})}


def find_in(rows: QuerySet[Row], kind: str, **lookup: Any) -> Row:
    """The row of a kind (`Route`) that has this id; raises NotFoundException in AWS's words."""
    row = rows.filter(**lookup).first()
    if row is None:
        (value,) = lookup.values()
        how = "name" if "name" in lookup else "id"
        raise NotFoundException(f"Unable to find {kind} by {how} {value}")
    return row


def page(rows: QuerySet[Row], request: Shape, *order: str) -> tuple[list[Row], str | None]:
    """One page of rows, and the token of the next."""
    return paging.page(rows, _position(request), *order)


def page_of(items: list[Any], request: Shape) -> tuple[list[Any], str | None]:
    """One page of a short list in memory whose items are sorted by their first element."""
    return paging.page_of(items, _position(request))


def paged(items: list[Shape], token: str | None, member: str = "Items") -> Shape:
    """The answer of a list operation."""
    return {member: items} if token is None else {member: items, "NextToken": token}


def _position(request: Shape) -> Shape:
    """V2 writes the number of results as text."""
    given = request.get("MaxResults")
    limit: int | None = None
    if given is not None:
        text = str(given)
        if not (text.isascii() and text.isdigit() and int(text[:9]) >= 1 and len(text) <= 9):
            raise BadRequestException("Invalid maxResults parameter specified")
        limit = int(text)
    try:
        if request.get("NextToken"):
            paging.read_position(request["NextToken"], 1)
    except BadRequestException as error:
        raise BadRequestException("Invalid nextToken parameter specified") from error
    return {"limit": limit, "position": request.get("NextToken")}
