"""References as they were published, read once. A reference changes only with its deployment, so what was read stays true."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from apps.portals.models import ProductStage
from portal.developer.messages import count_messages
from portal.developer.reference import Reference, count_operations, read_reference

Kept = TypeVar("Kept")
_Key = tuple[int, str]


@dataclass(frozen=True)
class Facts:
    """What a card tells about an API."""

    operation_count: int = 0
    version: str = ""


class Memory(Generic[Kept]):
    """The most recently used values, by stage and deployment."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._values: OrderedDict[_Key, Kept] = OrderedDict()

    def get(self, key: _Key) -> Kept | None:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: _Key, value: Kept) -> None:
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)


_facts: Memory[Facts] = Memory(5_000)
_references: Memory[Reference] = Memory(50)


def facts_of(rows: Iterable[ProductStage]) -> dict[int, Facts]:
    """Facts by primary key; one query for those that were not read before. The rows may lack their `reference`."""
    found = {row.pk: _facts.get(_key(row)) for row in rows}
    unread = [pk for pk, facts in found.items() if facts is None]
    if unread:
        for row in ProductStage.objects.filter(pk__in=unread):
            found[row.pk] = facts = _read_facts(row)
            _facts.put(_key(row), facts)
    return {pk: facts or Facts() for pk, facts in found.items()}


def reference_of(row: ProductStage) -> Reference:
    """The reference of a stage, ready to show."""
    known = _references.get(_key(row))
    if known is None:
        known = read_reference(row.reference if isinstance(row.reference, dict) else {})
        _references.put(_key(row), known)
    return known


def _read_facts(row: ProductStage) -> Facts:
    info = row.reference.get("info") if isinstance(row.reference, dict) else None
    version = info.get("version") if isinstance(info, dict) else None
    return Facts(
        count_operations(row.reference) + count_messages(row.reference), version if isinstance(version, str) else ""
    )


def _key(row: ProductStage) -> _Key:
    return row.pk, row.reference_deployment_id
