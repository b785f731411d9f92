"""`String.format` for texts, numbers and truth values."""

from __future__ import annotations

import re
from typing import Any

from apps.core.vtl.budget import Budget
from apps.core.vtl.errors import VtlError
from apps.core.vtl.operators import is_number
from apps.core.vtl.rendering import as_text, scalar_text

_SPECIFIER = re.compile(r"%(?:(\d{1,3})\$)?([-+ 0,]*)(\d{1,4})?(?:\.(\d{1,3}))?([a-zA-Z%])")


def formatted(budget: Budget, *arguments: Any) -> str:
    """The first argument is the format; the others fill it, also as one list. Raises VtlError where Java would throw."""
    if not arguments or not isinstance(arguments[0], str):
        raise VtlError("format needs a text")
    values = arguments[1:]
    if len(values) == 1 and isinstance(values[0], list):
        values = tuple(values[0])
    following = iter(values)

    def put(match: re.Match[str]) -> str:
        kind = match[5]
        if kind in "n%":
            return "\n" if kind == "n" else "%"
        try:
            value = values[int(match[1]) - 1] if match[1] else next(following)
        except (IndexError, StopIteration):
            raise VtlError(f"format has no value for {match[0]!r}") from None
        text = _one(budget, value, match)
        budget.text(len(text))
        return text

    budget.text(len(arguments[0]))
    if "%" in _SPECIFIER.sub("", arguments[0]):
        raise VtlError("the format has an unknown specifier")
    return _SPECIFIER.sub(put, arguments[0])


def _one(budget: Budget, value: Any, match: re.Match[str]) -> str:
    flags, width, kind = match[2], int(match[3] or 0), match[5]
    places = None if match[4] is None else int(match[4])
    if kind in "sS":
        text = "null" if value is None else as_text(value, budget)
        text = text if places is None else text[:places]
    elif kind in "bB":
        text = scalar_text(value if isinstance(value, bool) else value is not None)
    elif value is None:
        text = "null"
    elif is_number(value) and (kind == "f" or (kind in "dxX" and isinstance(value, int))):
        return _number(value, kind, flags, width, 6 if places is None else places)
    else:
        raise VtlError(f"format cannot write a value as {match[0]!r}")
    text = text.upper() if kind in "SB" else text
    return text.ljust(width) if "-" in flags else text.rjust(width)


def _number(value: Any, kind: str, flags: str, width: int, places: int) -> str:
    sign = "+" if "+" in flags else " " if " " in flags else ""
    align = "<" if "-" in flags else "0" if "0" in flags else ">"
    grouping = "," if "," in flags else ""
    if kind in "xX":
        return format(value & 0xFFFFFFFF if value < 0 else value, f"{align}{width or ''}{kind}" if width else kind)
    style = "d" if kind == "d" else f".{places}f"
    text = format(value, f"{sign}{grouping}{style}")
    if align == "0" and len(text) < width:
        digits = text.lstrip("+- ")
        head = text[: len(text) - len(digits)]
        return head + digits.rjust(width - len(head), "0")
    return text.ljust(width) if align == "<" else text.rjust(width)
