"""Which texts can be kept: PostgreSQL has no NUL in a text, and UTF-8 no half of a surrogate pair."""

from __future__ import annotations

import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    return _UNSTORABLE.search(text) is None


def holds_unstorable(value: Any) -> bool:
    """Whether a value as JSON has them holds a text, or has a name, that cannot be kept."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text if not is_storable(text):
                return True
            case dict() as members:
                waiting.extend(members)
                waiting.extend(members.values())
            case list() as items:
                waiting.extend(items)
    return False
