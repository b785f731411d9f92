"""Rows held for the rest of an operation, so that of two changes at once neither loses the other."""

from __future__ import annotations

from django.db.models import Model


def hold(row: Model) -> None:
    """Lock a row until the operation's transaction ends, and read it again. SQLite's one writer holds all of them already."""
    type(row)._default_manager.select_for_update().filter(pk=row.pk).values_list("pk").first()
    row.refresh_from_db()
