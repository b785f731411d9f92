"""The methods that values have: tables by kind of value, and nothing beside them.

A method is found by its name and by the kinds of its arguments, as Java finds one; what is not found is null, as in Velocity.
"""

from __future__ import annotations

from typing import Any

from apps.core.vtl.budget import Budget
from apps.core.vtl.methods.lists import LIST_METHODS
from apps.core.vtl.methods.maps import ENTRY_METHODS, MAP_METHODS
from apps.core.vtl.methods.numbers import BOOLEAN_METHODS, DOUBLE_METHODS, INTEGER_METHODS
from apps.core.vtl.methods.strings import STRING_METHODS
from apps.core.vtl.methods.table import Methods, accepts
from apps.core.vtl.operators import same
from apps.core.vtl.rendering import as_text
from apps.core.vtl.values import Entry, VtlObject

# In this order: a truth value is a number to Python.
_KINDS: tuple[tuple[type, Methods], ...] = (
    (str, STRING_METHODS),
    (bool, BOOLEAN_METHODS),
    (int, INTEGER_METHODS),
    (float, DOUBLE_METHODS),
    (dict, MAP_METHODS),
    (list, LIST_METHODS),
    (Entry, ENTRY_METHODS),
)


def call_method(receiver: Any, name: str, arguments: list[Any], budget: Budget) -> Any:
    """Call a method. None when there is no such method for these arguments; raises VtlError where Java would throw."""
    budget.step()
    if isinstance(receiver, VtlObject):
        return receiver.call(name, arguments, budget)
    for kind, methods in _KINDS:
        if isinstance(receiver, kind):
            for kinds, method in methods.get(name, ()):
                if accepts(kinds, arguments):
                    return method(budget, receiver, *arguments)
            break
    if name == "toString" and not arguments:
        return as_text(receiver, budget)
    if name == "equals" and len(arguments) == 1:
        return same(receiver, arguments[0], budget)
    return None
