"""Recordings of the real service, in the form in which stories compare them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

RECORDINGS: dict[str, Any] = json.loads((Path(__file__).parent / "recordings" / "invocations.json").read_text())
_PLACEHOLDER = re.compile(r"<[A-Za-z][A-Za-z0-9_-]*(?::\d+)?>")
# What the content network before AWS's gateway adds.
_NETWORK = re.compile(r"cloudfront-.*|via|x-amz-cf-.*|x-cache", re.IGNORECASE)


def without_network(headers: dict[str, Any]) -> dict[str, Any]:
    """Headers without those of the content network."""
    return {name: value for name, value in headers.items() if not _NETWORK.fullmatch(name)}


def difference(recorded: Any, actual: Any, at: str = "") -> str | None:
    """Where and how what happens here differs from what was recorded; a placeholder stands for any value but null."""
    if isinstance(recorded, dict) and isinstance(actual, str):
        actual = json.loads(actual)
    if isinstance(recorded, dict) and isinstance(actual, dict):
        if recorded.keys() != actual.keys():
            return f"{at}: recorded {sorted(recorded)}, here {sorted(actual)}"
        found = (difference(recorded[name], actual[name], f"{at}.{name}") for name in recorded)
        return next((each for each in found if each is not None), None)
    if isinstance(recorded, str) and _PLACEHOLDER.fullmatch(recorded):
        return f"{at}: nothing here for {recorded}" if actual is None else None
    return None if recorded == actual else f"{at}: recorded {recorded!r}, here {actual!r}"
