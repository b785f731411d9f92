"""Lists a page at a time, by the last row seen: the addresses of the next page and of the first, whatever else the address says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

from apps.control_plane import paging
from portal.console.gate import Console, Shape

SIZE = 25
_V1, _V2 = ("limit", "position", "position", "items"), ("MaxResults", "NextToken", "NextToken", "Items")

Row = TypeVar("Row")
ModelRow = TypeVar("ModelRow", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows with where the list begins (empty on its first page) and where it goes on (empty on its last)."""

    rows: list[Row]
    first_url: str
    next_url: str


def page_of_rows(console: Console, rows: QuerySet[ModelRow], *order: str, name: str = "position") -> Page[ModelRow]:
    """Rows by `order`, which is unique; `name` is the member of the query that holds the place, where a page has several lists."""
    found, following = paging.page(rows, {"limit": SIZE, "position": _given(console, name)}, *order)
    return page_found(console, found, following, name)


def page_of_items(console: Console, items: Iterable[tuple[str, Row]], name: str = "position") -> Page[Row]:
    """Of a list that an operation gives whole, each item with a key; in the order of the keys."""
    request = {"limit": SIZE, "position": _given(console, name)}
    found, following = paging.page_of(sorted(items, key=lambda item: item[0]), request)
    return page_found(console, [item for _, item in found], following, name)


def page_of_answer(
    console: Console, operation: str, service: str = "apigateway", name: str = "position", **request: Any
) -> Page[Shape]:
    """What an operation gives a page at a time."""
    limit, position, following, items = _V2 if service == "apigatewayv2" else _V1
    asked = {**request, limit: str(SIZE) if service == "apigatewayv2" else SIZE}
    if _given(console, name):
        asked[position] = _given(console, name)
    answer = console.call(operation, asked, service)
    return page_found(console, answer.get(items, []), answer.get(following), name)


def _given(console: Console, name: str) -> str:
    return console.request.GET.get(name, "")


def page_found(console: Console, rows: list[Row], following: str | None, name: str = "position") -> Page[Row]:
    """Of rows that were found otherwise, with the place of the next page."""
    query = console.request.GET.copy()
    is_first = query.pop(name, [""]) == [""]
    first = f"?{query.urlencode()}"
    query[name] = following or ""
    return Page(rows, "" if is_first else first, f"?{query.urlencode()}" if following else "")
