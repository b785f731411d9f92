"""What an operation does to rows: taken down before and after it, put back to what it was, unless somebody else has been there since."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import IntegrityError, connection
from django.db.models import Field, Model, QuerySet

from apps.control_plane.errors import ConflictException

Row = dict[str, Any]
Picture = dict[str, dict[str, Row]]
"""Rows by model (`app.model`) and primary key, with their columns as JSON has them."""

CHANGED_SINCE = "Something else has changed since: this cannot be undone any more. Nothing was changed."
# They count changes, or tell when one was: no change by themselves.
_VOLATILE = frozenset({"draft_revision", "last_updated", "updated", "last_modified"})


@dataclass(frozen=True)
class Difference:
    """The rows that an operation changed, as they were (None: made) and as it left them (None: deleted)."""

    model: str
    key: str
    before: Row | None
    after: Row | None


def picture(rows: list[QuerySet[Any]]) -> Picture:
    """The rows as they are now, parents before children as the querysets stand."""
    taken: Picture = {}
    for queryset in rows:
        table = taken.setdefault(queryset.model._meta.label_lower, {})
        for row in queryset.order_by("pk"):
            table[str(row.pk)] = {
                field.attname: _plain(getattr(row, field.attname)) for field in row._meta.concrete_fields
            }
    return taken


def differences(before: Picture, after: Picture) -> list[Difference]:
    """What differs between two pictures of the same tables."""
    found = []
    for model in before:
        for key in {**before[model], **after[model]}:
            was, now = before[model].get(key), after[model].get(key)
            if _lasting(was) != _lasting(now):
                found.append(Difference(model, key, was, now))
    return found


def put_back(changes: list[Difference]) -> None:
    """Make every row what it was, all or none within the caller's transaction; raises ConflictException when one is not as it was left."""
    for change in changes:
        if _lasting(_current(change)) != _lasting(change.after):
            raise ConflictException(CHANGED_SINCE)
    try:
        for change in reversed(changes):
            if change.before is None:
                _model(change).objects.filter(pk=change.key).delete()  # type: ignore[attr-defined]
        for change in changes:
            if change.before is not None:
                _write(change, change.before)
        connection.check_constraints(table_names=sorted({_model(change)._meta.db_table for change in changes}))
    except IntegrityError as error:
        raise ConflictException(CHANGED_SINCE) from error


def written(changes: list[Difference]) -> str:
    return json.dumps([[one.model, one.key, one.before, one.after] for one in changes], ensure_ascii=False)


def read(text: str) -> list[Difference]:
    return [Difference(*one) for one in json.loads(text)]


def _write(change: Difference, values: Row) -> None:
    model = _model(change)
    fields = {field.attname: field.to_python(values[field.attname]) for field in _fields(model)}
    if change.after is None:
        # As a fixture is loaded: times that save themselves stay what they were.
        model(**fields).save_base(raw=True, force_insert=True)
        return
    differing = {name: fields[name] for name in fields if values[name] != change.after[name] and name not in _VOLATILE}
    model._default_manager.filter(pk=change.key).update(**differing)


def _current(change: Difference) -> Row | None:
    rows = picture([_model(change)._default_manager.filter(pk=change.key)])
    return rows[change.model].get(change.key)


def _model(change: Difference) -> type[Model]:
    return apps.get_model(change.model)


def _fields(model: type[Model]) -> Iterator[Field[Any, Any]]:
    yield from model._meta.concrete_fields


def _lasting(row: Row | None) -> Row | None:
    return row and {name: value for name, value in row.items() if name not in _VOLATILE}


def _plain(value: Any) -> Any:
    """A column's value in JSON, which the field reads again."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, str):
        return str.__str__(value)
    return value
