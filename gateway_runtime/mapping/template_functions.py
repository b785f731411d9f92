"""`$util`: the functions of mapping templates."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import orjson

from apps.core.vtl import Budget, VtlError, VtlObject
from apps.core.vtl.rendering import as_text

_LONG_NUMBER = re.compile(r"\d{19}")  # may not fit 64 bits
_LONGEST_NUMBER = 300  # digits; longer ones are floating
_TO_ESCAPE = re.compile(r"[\x00-\x1f\"'/\\]|[^\x00-\x7e]")
_ESCAPES = {
    "\b": "\\b", "\n": "\\n", "\t": "\\t", "\f": "\\f", "\r": "\\r", '"': '\\"', "'": "\\'", "/": "\\/", "\\": "\\\\",
}  # fmt: skip


def _escape_javascript(text: str) -> str:
    return _TO_ESCAPE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    known = _ESCAPES.get(character)
    if known is not None:
        return known
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04X}" for at in range(0, len(units), 2))


def json_value(text: str) -> Any:
    """The value of a JSON text, whole numbers of any length exactly. Raises ValueError."""
    value = orjson.loads(text.encode("utf-8", "replace"))
    return json.loads(text, parse_int=_exact) if _LONG_NUMBER.search(text) else value


def _exact(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float(digits)


def _parse_json(text: str) -> Any:
    try:
        return json_value(text)
    except (ValueError, RecursionError):
        raise VtlError("parseJson was given a text that is no JSON") from None


def _base64_decode(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise VtlError("base64Decode was given a text that is no base64") from None


_FUNCTIONS: dict[str, Callable[[str], Any]] = {
    "base64Decode": _base64_decode,
    "base64Encode": lambda text: base64.b64encode(text.encode("utf-8", "replace")).decode(),
    "escapeJavaScript": _escape_javascript,
    "parseJson": _parse_json,
    "urlDecode": lambda text: unquote_plus(text, errors="replace"),
    "urlEncode": lambda text: quote_plus(text, safe="*", errors="replace").replace("~", "%7E"),
}


class Util(VtlObject):
    """All functions take one text; what is none is taken as it prints, and null stays null."""

    def call(self, name: str, arguments: list[Any], budget: Budget) -> Any:
        function = _FUNCTIONS.get(name)
        if function is None or len(arguments) != 1 or arguments[0] is None:
            return None
        text = as_text(arguments[0], budget)
        budget.text(len(text))
        budget.step(1 + (len(text) >> 4))
        result = function(text)
        if isinstance(result, str):
            budget.text(len(result))
        return result


UTIL = Util()
