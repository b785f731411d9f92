"""Java's `Map` and `Map.Entry`."""

from __future__ import annotations

from typing import Any

from apps.core.vtl.budget import Budget
from apps.core.vtl.errors import VtlError
from apps.core.vtl.methods.table import Methods
from apps.core.vtl.operators import same
from apps.core.vtl.values import Entry, JavaList, VtlObject


def map_key(key: Any) -> Any:
    """A key as maps have them."""
    if isinstance(key, (dict, list, Entry, VtlObject)):
        raise VtlError("only texts, numbers and truth values can be keys of a map")
    return str(key) if isinstance(key, str) else key


def _put(budget: Budget, values: dict[Any, Any], key: Any, value: Any) -> Any:
    budget.shared = budget.shared or isinstance(value, (dict, list))
    key = map_key(key)
    old = values.get(key)
    values[key] = value
    return old


def _put_if_absent(budget: Budget, values: dict[Any, Any], key: Any, value: Any) -> Any:
    found = values.get(map_key(key))
    return found if found is not None else _put(budget, values, key, value)


def _put_all(budget: Budget, values: dict[Any, Any], others: dict[Any, Any]) -> None:
    budget.step(len(others))
    budget.shared = True
    values.update(others)


def _listed(budget: Budget, values: Any) -> JavaList:
    listed = JavaList(values)
    budget.step(len(listed))
    return listed


def _entries(budget: Budget, values: dict[Any, Any]) -> JavaList:
    budget.step(len(values))
    return JavaList(Entry(key, value) for key, value in values.items())


def _contains_value(budget: Budget, values: dict[Any, Any], wanted: Any) -> bool:
    return any(same(value, wanted, budget) for value in values.values())


MAP_METHODS: Methods = {
    "clear": (("", lambda budget, values: values.clear()),),
    "containsKey": (("o", lambda budget, values, key: map_key(key) in values),),
    "containsValue": (("o", _contains_value),),
    "entrySet": (("", _entries),),
    "get": (("o", lambda budget, values, key: values.get(map_key(key))),),
    "getOrDefault": (("oo", lambda budget, values, key, default: values.get(map_key(key), default)),),
    "isEmpty": (("", lambda budget, values: not values),),
    "keySet": (("", lambda budget, values: _listed(budget, values)),),
    "put": (("oo", _put),),
    "putAll": (("m", _put_all),),
    "putIfAbsent": (("oo", _put_if_absent),),
    "remove": (("o", lambda budget, values, key: values.pop(map_key(key), None)),),
    "size": (("", lambda budget, values: len(values)),),
    "values": (("", lambda budget, values: _listed(budget, values.values())),),
}
ENTRY_METHODS: Methods = {
    "getKey": (("", lambda budget, entry: entry.key),),
    "getValue": (("", lambda budget, entry: entry.value),),
}
