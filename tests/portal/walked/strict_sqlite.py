"""SQLite as strict as PostgreSQL: it refuses texts that are too long for their column, numbers too large for it, and NUL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import connection, models

_TEXTS = (models.CharField, models.TextField)
_LARGEST = {
    models.SmallIntegerField: 2**15 - 1,
    models.PositiveSmallIntegerField: 2**15 - 1,
    models.IntegerField: 2**31 - 1,
    models.PositiveIntegerField: 2**31 - 1,
}


class UnstorableTextError(Exception):
    """A text with NUL was handed to the database, which PostgreSQL answers with an error."""


def be_strict() -> None:
    """Triggers that live as long as the connection; on PostgreSQL, which is strict by itself, none."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            for field in model._meta.local_concrete_fields:
                if problem := _problem(field):
                    for event in ("INSERT", "UPDATE"):
                        cursor.execute(
                            f'CREATE TEMP TRIGGER "strict_{event}_{table}_{field.column}" BEFORE {event} ON main."{table}" '
                            f"WHEN {problem} BEGIN SELECT RAISE(ABORT, 'PostgreSQL refuses this value of {table}.{field.column}'); END"
                        )


def _problem(field: models.Field[Any, Any]) -> str:
    column = f'NEW."{field.column}"'
    if isinstance(field, _TEXTS) and field.max_length:
        return f"length({column}) > {field.max_length}"
    largest = next((bound for kind, bound in _LARGEST.items() if type(field) is kind), None)
    return f"abs({column}) > {largest}" if largest else ""


def refuse_nul(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """A wrapper of every statement."""
    for value in params if isinstance(params, (list, tuple)) else ():
        if isinstance(value, str) and "\0" in value:
            raise UnstorableTextError(sql[:80])
    return execute(sql, params, many, context)
