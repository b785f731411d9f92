"""A model field for JSON that stays as it was written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.db import models

if TYPE_CHECKING:
    # To the type checker a field that holds anything; the column is text.
    _Field = models.JSONField
else:
    _Field = models.TextField


class WrittenJSONField(_Field):
    """JSON as text: members keep their order on every database.

    Definitions, templates and references are read by people, in the order in which they were written; a binary JSON
    column sorts members by its own rule. Nothing asks the database about what is inside.
    """

    def check(self, **options: Any) -> list[checks.CheckMessage]:
        problems = super().check(**options)
        if self.has_default() and not callable(self.default) and self.default is not None:
            problems.append(checks.Error("a default that rows would share", obj=self, id="gatehouse.E001"))
        return problems

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return json.dumps(self.value_from_object(obj), ensure_ascii=False)
