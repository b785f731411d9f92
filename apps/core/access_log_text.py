"""The text of access-log formats: where their variables stand, and how what is written in their place is kept apart from the rest."""

from __future__ import annotations

import re
from typing import Literal

VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_-]+)*)")
_SEPARATED = re.compile(rf"\s*{VARIABLE.pattern}(?:,{VARIABLE.pattern})+\s*")

Kind = Literal["JSON", "XML", "CSV", "CLF", ""]


def kind_of(text: str) -> Kind:
    """What a format looks like; empty where nothing marks the ends of its values."""
    start = text.lstrip()[:1]
    if start in ("{", "["):
        return "JSON"
    if start == "<":
        return "XML"
    if _SEPARATED.fullmatch(text):
        return "CSV"
    return "CLF" if '"' in text else ""
