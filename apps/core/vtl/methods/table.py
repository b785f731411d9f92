"""How tables of methods are written: name → the kinds of arguments, as letters, and the function for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.core.vtl.errors import VtlError
from apps.core.vtl.operators import is_number

# The function is given the budget, the receiver and the arguments.
Methods = dict[str, tuple[tuple[str, Callable[..., Any]], ...]]

_KINDS: dict[str, Callable[[Any], bool]] = {
    "s": lambda value: isinstance(value, str),
    "i": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "n": is_number,
    "l": lambda value: isinstance(value, list),
    "m": lambda value: isinstance(value, dict),
    "o": lambda value: True,
}


def accepts(kinds: str, arguments: list[Any]) -> bool:
    """Whether arguments fit: `s` text, `i` whole number, `n` number, `l` list, `m` map, `o` anything; `*` any number of them."""
    if kinds == "*":
        return True
    if len(kinds) != len(arguments):
        return False
    return all(_KINDS[kind](argument) for kind, argument in zip(kinds, arguments, strict=True))


def within(index: int, lowest: int, highest: int) -> int:
    """An index that is in bounds. Raises VtlError, as Java throws."""
    if not lowest <= index <= highest:
        raise VtlError(f"index {index} is not between {lowest} and {highest}")
    return index
