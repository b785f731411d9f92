"""The kinds of value that templates have.

Text, numbers, truth values, `None` for null, `dict` for maps and `list` for arrays that came out of JSON are Python's own; the classes here
are the rest. A template reaches what the tables of methods and the two methods of `VtlObject` give out, and never an attribute of a
Python object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from apps.core.vtl.budget import Budget


class Undefined(str):
    """What a variable is that nobody has set: empty text, as API Gateway has it."""

    __slots__ = ()


UNDEFINED = Undefined("")


class JavaList(list[Any]):
    """A list that the template itself made. It prints as `[a, b]`, where an array out of JSON prints as JSON."""

    __slots__ = ()


class Entry(NamedTuple):
    """One of a map's `entrySet()`."""

    key: Any
    value: Any


class VtlObject:
    """What a host offers to templates, such as `$input`: named values and methods of its own choice."""

    def member(self, name: str, budget: Budget) -> Any:
        """The value of a property, None for one that is not there."""
        return None

    def call(self, name: str, arguments: list[Any], budget: Budget) -> Any:
        """The outcome of a method, None for one that is not there."""
        return None

    def assign(self, name: str, value: Any) -> None:
        """`#set($object.name = value)`; what cannot be set is left alone, as Velocity does."""

    def text(self) -> str:
        """What the object itself prints as."""
        return ""


class Loop(VtlObject):
    """`$foreach`."""

    __slots__ = ("index", "parent", "size")

    def __init__(self, size: int, parent: Loop | None) -> None:
        self.size = size
        self.index = 0
        self.parent = parent

    def member(self, name: str, budget: Budget) -> Any:
        read = _LOOP_MEMBERS.get(name)
        return None if read is None else read(self)

    def call(self, name: str, arguments: list[Any], budget: Budget) -> Any:
        read = None if arguments else _LOOP_METHODS.get(name)
        return None if read is None else read(self)


_LOOP_MEMBERS: dict[str, Callable[[Loop], Any]] = {
    "count": lambda loop: loop.index + 1,
    "index": lambda loop: loop.index,
    "hasNext": lambda loop: loop.index + 1 < loop.size,
    "first": lambda loop: loop.index == 0,
    "last": lambda loop: loop.index + 1 == loop.size,
    "parent": lambda loop: loop.parent,
    "topmost": lambda loop: _topmost(loop),
}
_LOOP_METHODS: dict[str, Callable[[Loop], Any]] = {
    "getCount": _LOOP_MEMBERS["count"],
    "getIndex": _LOOP_MEMBERS["index"],
    "hasNext": _LOOP_MEMBERS["hasNext"],
    "isFirst": _LOOP_MEMBERS["first"],
    "isLast": _LOOP_MEMBERS["last"],
    "getParent": _LOOP_MEMBERS["parent"],
}


def _topmost(loop: Loop) -> Loop:
    while loop.parent is not None:
        loop = loop.parent
    return loop
