"""Values that fit a shape of a service model, with every member filled and every awkward character used."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import re2
from botocore.model import Shape

AWKWARD = "a b/c%2F+é~&=?"


def specimen(shape: Shape, *, text: str = AWKWARD) -> Any:
    """A value of a shape that satisfies all its constraints."""
    match shape.type_name:
        case "structure":
            return {name: specimen(member, text=text) for name, member in shape.members.items()}
        case "list":
            return [specimen(shape.member, text=text) for _ in range(min(2, shape.metadata.get("max", 2)))]
        case "map":
            keys = shape.key.enum or [key for key in ("k1", "k/2", "k2", "1", "2") if _fits(shape.key, key)]
            return {key: specimen(shape.value, text=text) for key in keys[: shape.metadata.get("max", 2)][:2]}
        case "string":
            return _string(shape, text)
        case "boolean":
            return True
        case "integer" | "long":
            return shape.metadata.get("max", 40)
        case "float" | "double":
            return max(0.5, shape.metadata.get("min", 0.5))
        case "blob":
            return b"\x00openapi: '3.0.1'\xff"
        case "timestamp":
            return datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    raise AssertionError(f"no specimen of {shape.type_name}")


_HERE = "us-east-1:123456789012"
_UUID = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
_KNOWN = [
    "200", "123456789012", "lambda:InvokeFunction", "lambda:GetLayerVersion", "pets", "cats", "/mnt/pets", _UUID, "NoException",
    "subnet-0a1b", "sg-0a1b", "o-0a1b2c3d4e5f", "csc-0a1b2c3d4e5f6a7b8", "localhost:9092", "us-east-1",
    "arn:aws:iam::123456789012:role/pets", f"arn:aws:lambda:{_HERE}:function:pets", f"arn:aws:lambda:{_HERE}:layer:pets",
    f"arn:aws:lambda:{_HERE}:layer:pets:1", f"arn:aws:lambda:{_HERE}:code-signing-config:csc-0a1b2c3d4e5f6a7b8",
    f"arn:aws:lambda:{_HERE}:event-source-mapping:{_UUID}", f"arn:aws:lambda:{_HERE}:capacity-provider:pets",
    f"arn:aws:lambda:{_HERE}:function:pets:1/durable-execution/a/b", "arn:aws:lambda:us-east-1::runtime:pets",
    f"arn:aws:lambda:{_HERE}:runtime/pets", f"arn:aws:elasticfilesystem:{_HERE}:access-point/fsap-0a1b2c3d4e5f6a7b8",
]  # fmt: skip


def _fits(shape: Shape, text: str) -> bool:
    pattern = shape.metadata.get("pattern")
    return pattern is None or _fits_pattern(pattern, text)


def _fits_pattern(pattern: str, text: str) -> bool:
    matches = re2.fullmatch if r"\p{" in pattern else re.fullmatch
    return matches(pattern, text) is not None


def _string(shape: Any, text: str) -> str:
    if shape.enum:
        return str(shape.enum[-1])
    pattern = shape.metadata.get("pattern")
    if pattern is not None:
        known = {"^[a-z0-9]+$": "abcdefghij"}.get(pattern)
        return known or next((text for text in _KNOWN if _fits_pattern(pattern, text)), "200")
    length = max(shape.metadata.get("min", 0), min(len(text), shape.metadata.get("max", len(text))))
    return (text * (length // len(text) + 1))[:length]
