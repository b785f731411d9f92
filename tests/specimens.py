"""Values that fit a shape of a service model, with every member filled and every awkward character used."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from botocore.model import Shape

AWKWARD = "a b/c%2F+é~&=?"


def specimen(shape: Shape, *, text: str = AWKWARD) -> Any:
    """A value of a shape that satisfies all its constraints."""
    match shape.type_name:
        case "structure":
            return {name: specimen(member, text=text) for name, member in shape.members.items()}
        case "list":
            return [specimen(shape.member, text=text), specimen(shape.member, text=text)]
        case "map":
            return {"k1": specimen(shape.value, text=text), "k/2": specimen(shape.value, text=text)}
        case "string":
            return _string(shape, text)
        case "boolean":
            return True
        case "integer" | "long":
            return shape.metadata.get("max", 40)
        case "float" | "double":
            return 0.5
        case "blob":
            return b"\x00openapi: '3.0.1'\xff"
        case "timestamp":
            return datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    raise AssertionError(f"no specimen of {shape.type_name}")


def _string(shape: Any, text: str) -> str:
    if shape.enum:
        return str(shape.enum[-1])
    pattern = shape.metadata.get("pattern")
    if pattern is not None:
        return {"^[a-z0-9]+$": "abcdefghij"}.get(pattern, "200")
    length = max(shape.metadata.get("min", 0), min(len(text), shape.metadata.get("max", len(text))))
    return (text * (length // len(text) + 1))[:length]
