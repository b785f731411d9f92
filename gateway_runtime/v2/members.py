"""Members of JSON documents, as the expressions of V2 name them."""

from __future__ import annotations

from typing import Any

from apps.core.json_path import MISSING, JsonPathError, compile_path
from gateway_runtime.mapping.json_path import as_text


def member_text(document: Any, path: str) -> str | None:
    """The text of a member (`action`, `a.b[0]`) of a JSON document; None where there is none."""
    if document is MISSING:
        return None
    try:
        found = compile_path(f"$.{path}" if path else "$").read(document)
    except JsonPathError:
        return None
    return None if found is MISSING else as_text(found)
