"""JSONPath as Jayway's library has it: names, wildcards, deep scans, slices, unions, filters and functions, within bounds.

Pure: it works on values as `json.loads` gives them.
"""

from __future__ import annotations

from functools import lru_cache

from apps.core.json_path.errors import MISSING, MOST_VISITS, JsonPathError, Search
from apps.core.json_path.parser import PathParser
from apps.core.json_path.path import JsonPath

__all__ = ["MISSING", "MOST_VISITS", "JsonPath", "JsonPathError", "Search", "compile_path"]


@lru_cache(maxsize=512)
def compile_path(text: str) -> JsonPath:
    """Compile a path, with or without its leading `$`. Raises JsonPathError."""
    return PathParser(text).whole()
