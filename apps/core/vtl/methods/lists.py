"""Java's `List`, for arrays out of JSON as for lists of the template itself."""

from __future__ import annotations

from typing import Any

from apps.core.vtl.budget import Budget
from apps.core.vtl.methods.table import Methods, within
from apps.core.vtl.operators import same
from apps.core.vtl.values import JavaList


def _find(budget: Budget, values: list[Any], wanted: Any) -> int:
    return next((index for index, value in enumerate(values) if same(value, wanted, budget)), -1)


def _find_last(budget: Budget, values: list[Any], wanted: Any) -> int:
    found = _find(budget, values[::-1], wanted)
    return found if found < 0 else len(values) - 1 - found


def _put(budget: Budget, values: list[Any], value: Any) -> bool:
    budget.shared = budget.shared or isinstance(value, (dict, list))
    values.append(value)
    return True


def _insert(budget: Budget, values: list[Any], index: int, value: Any) -> None:
    budget.step(len(values) >> 6)
    budget.shared = budget.shared or isinstance(value, (dict, list))
    values.insert(within(index, 0, len(values)), value)


def _put_all(budget: Budget, values: list[Any], others: list[Any]) -> bool:
    budget.step(len(others))
    budget.shared = True
    values.extend(list(others))
    return bool(others)


def _replace(budget: Budget, values: list[Any], index: int, value: Any) -> Any:
    old = values[within(index, 0, len(values) - 1)]
    budget.shared = budget.shared or isinstance(value, (dict, list))
    values[index] = value
    return old


def _remove_at(budget: Budget, values: list[Any], index: int) -> Any:
    budget.step(len(values) >> 6)
    return values.pop(within(index, 0, len(values) - 1))


def _remove(budget: Budget, values: list[Any], value: Any) -> bool:
    index = _find(budget, values, value)
    if index >= 0:
        del values[index]
    return index >= 0


def _keep(budget: Budget, values: list[Any], others: list[Any], wanted: bool) -> bool:
    kept = [value for value in values if (_find(budget, others, value) >= 0) is wanted]
    changed = len(kept) != len(values)
    values[:] = kept
    return changed


def _part(budget: Budget, values: list[Any], first: int, end: int) -> JavaList:
    within(end, 0, len(values))
    budget.step(end - within(first, 0, end))
    return JavaList(values[first:end])


def _contains_all(budget: Budget, values: list[Any], others: list[Any]) -> bool:
    return all(_find(budget, values, other) >= 0 for other in others)


LIST_METHODS: Methods = {
    "add": (("o", _put), ("io", _insert)),
    "addAll": (("l", _put_all),),
    "clear": (("", lambda budget, values: values.clear()),),
    "contains": (("o", lambda budget, values, wanted: _find(budget, values, wanted) >= 0),),
    "containsAll": (("l", _contains_all),),
    "get": (("i", lambda budget, values, index: values[within(index, 0, len(values) - 1)]),),
    "indexOf": (("o", _find),),
    "isEmpty": (("", lambda budget, values: not values),),
    "iterator": (("", lambda budget, values: values),),
    "lastIndexOf": (("o", _find_last),),
    "remove": (("i", _remove_at), ("o", _remove)),
    "removeAll": (("l", lambda budget, values, others: _keep(budget, values, others, False)),),
    "retainAll": (("l", lambda budget, values, others: _keep(budget, values, others, True)),),
    "set": (("io", _replace),),
    "size": (("", lambda budget, values: len(values)),),
    "subList": (("ii", _part),),
    "toArray": (("", lambda budget, values: _part(budget, values, 0, len(values))),),
}
