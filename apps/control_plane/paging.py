"""Lists a page at a time: `limit` rows after `position`, which names the last row seen rather than a number of rows.

A position stays right while rows come and go, and costs the database the same on every page.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from apps.control_plane.errors import BadRequestException

Row = TypeVar("Row", bound=Model)
Rows = TypeVar("Rows", bound="QuerySet[Any, Any]")
Shape = dict[str, Any]

DEFAULT_LIMIT = 25
MAX_LIMIT = 500
_NO_POSITION = "Invalid position parameter specified"


def page(rows: QuerySet[Row], request: Shape, *order: str) -> tuple[list[Row], str | None]:
    """One page of `rows` by `order` (fields, `-` for descending; together unique), and the position of the next."""
    limit = _limit(request)
    rows = rows.order_by(*order)
    if request.get("position"):
        rows = after(rows, request["position"], *order)
    found = list(rows[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], write_position([_plain(last, field.lstrip("-")) for field in order])


def after(rows: Rows, position: str, *order: str) -> Rows:
    """The rows that come behind a position; raises BadRequestException for one of other rows."""
    with _positions_of_these_rows():
        return rows.filter(_after(order, read_position(position, len(order))))


def paged(items: list[Shape], position: str | None, member: str = "items") -> Shape:
    """The answer of a list operation."""
    return {member: items} if position is None else {member: items, "position": position}


def page_of(items: list[Any], request: Shape) -> tuple[list[Any], str | None]:
    """One page of a short list in memory whose items are sorted by their first element."""
    limit = _limit(request)
    if request.get("position"):
        last = read_position(request["position"], 1)[0]
        with _positions_of_these_rows():
            items = [item for item in items if item[0] > last]
    return items[:limit], write_position([items[limit - 1][0]]) if len(items) > limit else None


def write_position(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def read_position(position: str, length: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(position.encode("ascii")))
    except (ValueError, binascii.Error) as error:
        raise BadRequestException(_NO_POSITION) from error
    if not isinstance(values, list) or len(values) != length or not all(isinstance(v, (str, int)) for v in values):
        raise BadRequestException(_NO_POSITION)
    return values


@contextmanager
def _positions_of_these_rows() -> Iterator[None]:
    """Refuse a position that was written for rows of another kind: a word where a number is, a number where a date is."""
    try:
        yield
    except (TypeError, ValueError, ValidationError) as error:
        raise BadRequestException(_NO_POSITION) from error


def _limit(request: Shape) -> int:
    limit = request.get("limit")
    if limit is None:
        return DEFAULT_LIMIT
    if limit < 1:
        raise BadRequestException("Invalid limit parameter specified")
    return min(int(limit), MAX_LIMIT)


def _after(order: tuple[str, ...], values: list[Any]) -> Q:
    """Rows that come behind the one with these values of the ordering fields."""
    condition = Q(pk__in=[])
    same = Q()
    for field, value in zip(order, values, strict=True):
        name = field.lstrip("-")
        condition |= same & Q(**{f"{name}__{'lt' if field.startswith('-') else 'gt'}": value})
        same &= Q(**{name: value})
    return condition


def _plain(row: Model, field: str) -> Any:
    value: Any = row
    for name in field.split("__"):
        value = getattr(value, name)
    return value if isinstance(value, (str, int)) else value.isoformat()
