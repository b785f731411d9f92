"""A model field whose text is encrypted in the database."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import models

from apps.core.secrets import Secret, SecretBox


@lru_cache(maxsize=4)
def _box(key: bytes) -> SecretBox:
    return SecretBox(key)


class SealedTextField(models.TextField):
    """Text that is encrypted at rest with a key derived from the installation's master secret; reads as `Secret`."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else _box(settings.SEALING_KEY).seal(str(value))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Secret | None:
        return None if value is None else _box(settings.SEALING_KEY).open(value)
