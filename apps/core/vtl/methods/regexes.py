"""Regular expressions as Java's strings use them, run by RE2: in linear time, without back references and look-around."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2

from apps.core.vtl.budget import Budget
from apps.core.vtl.errors import VtlError
from apps.core.vtl.values import JavaList

_LONGEST = 1_000
_REFERENCE = re.compile(r"\\(.)|\$(\d)|\$\{([A-Za-z][A-Za-z0-9]*)\}|([\\$])", re.DOTALL)
_PLAIN = re.compile(r"[^\\.\[\]{}()*+?^$|]+")
_options = re2.Options()
_options.log_errors = False
_options.max_mem = 1 << 20


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    if len(pattern) > _LONGEST:
        raise VtlError("a regular expression is too long")
    try:
        return re2.compile(pattern, _options)
    except re2.error:
        raise VtlError(f"{pattern!r} is no regular expression of RE2") from None


def matches(budget: Budget, text: str, pattern: str) -> bool:
    """Whether the whole text matches."""
    budget.step(1 + (len(text) >> 4))
    return _compiled(pattern).fullmatch(text) is not None


def replace_all(budget: Budget, text: str, pattern: str, replacement: str) -> str:
    return _replace(budget, text, pattern, replacement, None)


def replace_first(budget: Budget, text: str, pattern: str, replacement: str) -> str:
    return _replace(budget, text, pattern, replacement, 1)


def _replace(budget: Budget, text: str, pattern: str, replacement: str, count: int | None) -> str:
    budget.step(1 + (len(text) >> 4))
    pieces: list[str] = []
    at = 0
    for match in _matches(_compiled(pattern), text, count):
        put = _expanded(replacement, match)
        pieces += (text[at : match.start()], put)
        budget.text(match.start() - at + len(put))
        at = match.end()
    pieces.append(text[at:])
    budget.text(len(text) - at)
    return "".join(pieces)


def _matches(compiled: Any, text: str, count: int | None) -> Iterator[Any]:
    for number, match in enumerate(compiled.finditer(text)):
        if count is not None and number >= count:
            return
        yield match


def _expanded(replacement: str, match: Any) -> str:
    """`$1` and `${name}` are groups, a backslash makes the next character itself."""
    if "\\" not in replacement and "$" not in replacement:
        return replacement

    def put(found: re.Match[str]) -> str:
        if found[1] is not None:
            return found[1]
        if found[4] is not None:
            raise VtlError(f"{replacement!r} is no replacement")
        try:
            return match.group(int(found[2]) if found[2] is not None else found[3]) or ""
        except (IndexError, KeyError, re2.error):
            raise VtlError(f"there is no group {found[0]!r}") from None

    return _REFERENCE.sub(put, replacement)


def split(budget: Budget, text: str, pattern: str, limit: int = 0) -> JavaList:
    """Java's `split`: without a limit, empty pieces at the end are left out."""
    budget.step(1 + (len(text) >> 4))
    if not text:
        return JavaList([""])
    pieces: list[str] = []
    at = 0
    for start, end in _separators(budget, text, pattern):
        if limit > 0 and len(pieces) == limit - 1:
            break
        if end == 0 or (start == end and start >= len(text)):
            continue  # an empty match at the beginning or the end parts nothing
        pieces.append(text[at:start])
        at = end
    pieces.append(text[at:])
    budget.text(len(text))
    while limit == 0 and len(pieces) > 1 and not pieces[-1]:
        pieces.pop()
    return JavaList([] if limit == 0 and pieces == [""] else pieces)


def _separators(budget: Budget, text: str, pattern: str) -> Iterator[tuple[int, int]]:
    if _PLAIN.fullmatch(pattern):
        at = text.find(pattern)
        while at >= 0:
            budget.step()
            yield at, at + len(pattern)
            at = text.find(pattern, at + len(pattern))
        return
    for match in _compiled(pattern).finditer(text):
        budget.step()
        yield match.start(), match.end()
