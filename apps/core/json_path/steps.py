"""The steps of a path: each leads from a value to the values that it selects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from apps.core.json_path.errors import Search

Select = Callable[[Any, Search], Iterable[Any]]


class Step(NamedTuple):
    """`definite` steps select one value at most."""

    select: Select
    definite: bool = False


def member(name: str) -> Step:
    """`.name`, `['name']`."""

    def select(value: Any, search: Search) -> Iterable[Any]:
        return (value[name],) if isinstance(value, dict) and name in value else ()

    return Step(select, definite=True)


def members(names: Sequence[str], *, last: bool) -> Step:
    """`['a','b']`: at the end of a path a map of those that are there, elsewhere each of them."""

    def select(value: Any, search: Search) -> Iterable[Any]:
        if not isinstance(value, dict):
            return ()
        found = {name: value[name] for name in names if name in value}
        return ((found,) if found else ()) if last else list(found.values())

    return Step(select, definite=last)


def element(index: int) -> Step:
    """`[0]`; a negative index counts from the end."""

    def select(value: Any, search: Search) -> Iterable[Any]:
        return (value[index],) if isinstance(value, list) and -len(value) <= index < len(value) else ()

    return Step(select, definite=True)


def elements(indexes: Sequence[int]) -> Step:
    """`[0,2]`."""
    each = [element(index).select for index in indexes]

    def select(value: Any, search: Search) -> Iterable[Any]:
        search.visit(len(each))
        return [found for one in each for found in one(value, search)]

    return Step(select)


def part(first: int | None, end: int | None) -> Step:
    """`[first:end]`."""

    def select(value: Any, search: Search) -> Iterable[Any]:
        if not isinstance(value, list):
            return ()
        found = value[first:end]
        search.visit(len(found))
        return found

    return Step(select)


def _children(value: Any, search: Search) -> Iterable[Any]:
    if isinstance(value, dict):
        search.visit(len(value))
        return list(value.values())
    if isinstance(value, list):
        search.visit(len(value))
        return value
    return ()


def wildcard() -> Step:
    """`.*`, `[*]`."""
    return Step(_children)


def deep(step: Step) -> Step:
    """`..` before a step: the step taken from a value and from everything below it."""

    def select(value: Any, search: Search) -> Iterator[Any]:
        waiting = [value]
        while waiting:
            search.visit()
            current = waiting.pop()
            yield from step.select(current, search)
            if isinstance(current, dict):
                waiting.extend(reversed(current.values()))
            elif isinstance(current, list):
                waiting.extend(reversed(current))

    return Step(select)


def where(holds: Callable[[Any, Search], bool]) -> Step:
    """`[?(…)]`: of an array the elements for which the filter holds; a map is kept or not as a whole."""

    def select(value: Any, search: Search) -> Iterable[Any]:
        if isinstance(value, list):
            search.visit(len(value))
            return [item for item in value if holds(item, search)]
        return (value,) if isinstance(value, dict) and holds(value, search) else ()

    return Step(select)
