"""Java's `String`."""

from __future__ import annotations

from typing import Any

from apps.core.vtl.budget import Budget
from apps.core.vtl.methods.formats import formatted
from apps.core.vtl.methods.regexes import matches, replace_all, replace_first, split
from apps.core.vtl.methods.table import Methods, within
from apps.core.vtl.rendering import as_text, scalar_text
from apps.core.vtl.values import JavaList

_BLANK = "".join(map(chr, range(33)))  # what Java's trim takes away
_BLOCK = 4_096


def _made(budget: Budget, text: str) -> str:
    budget.text(len(text))
    return text


def _looked_through(budget: Budget, text: str) -> str:
    budget.step(1 + (len(text) >> 8))
    return text


def _substring(budget: Budget, text: str, first: int, end: int | None = None) -> str:
    end = within(len(text) if end is None else end, 0, len(text))
    return _made(budget, text[within(first, 0, end) : end])


def _replace(budget: Budget, text: str, old: str, new: str) -> str:
    _looked_through(budget, text)
    budget.text(len(text) + text.count(old) * max(0, len(new) - len(old)))
    return text.replace(old, new)


def _concat(budget: Budget, text: str, other: str) -> str:
    budget.text(len(text) + len(other))
    return text + other


def _compare(budget: Budget, text: str, other: str) -> int:
    """The difference of the first characters that differ, else of the lengths."""
    _looked_through(budget, text)
    for at in range(0, min(len(text), len(other)), _BLOCK):
        block, against = text[at : at + _BLOCK], other[at : at + _BLOCK]
        if block != against:
            for one, two in zip(block, against, strict=False):
                if one != two:
                    return ord(one) - ord(two)
    return len(text) - len(other)


def _hash_code(budget: Budget, text: str) -> int:
    code = 0
    budget.step(len(text) // 8)
    for unit in text.encode("utf-16-be", "surrogatepass").hex(" ", 2).split():
        code = (code * 31 + int(unit, 16)) & 0xFFFFFFFF
    return code - (1 << 32) if code >= 1 << 31 else code


def _join(budget: Budget, text: str, separator: str, pieces: list[Any]) -> str:
    budget.step(len(pieces))
    texts = ["null" if piece is None else as_text(piece, budget) for piece in pieces]
    budget.text(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _repeat(budget: Budget, text: str, count: int) -> str:
    within(count, 0, 1 << 31)
    budget.text(len(text) * count)
    return text * count


def _characters(budget: Budget, text: str) -> JavaList:
    budget.step(len(text))
    return JavaList(text)


STRING_METHODS: Methods = {
    "charAt": (("i", lambda budget, text, index: text[within(index, 0, len(text) - 1)]),),
    "codePointAt": (("i", lambda budget, text, index: ord(text[within(index, 0, len(text) - 1)])),),
    "compareTo": (("s", _compare),),
    "compareToIgnoreCase": (("s", lambda budget, text, other: _compare(budget, text.lower(), other.lower())),),
    "concat": (("s", _concat),),
    "contains": (("s", lambda budget, text, part: part in _looked_through(budget, text)),),
    "endsWith": (("s", lambda budget, text, end: text.endswith(end)),),
    "equals": (("o", lambda budget, text, other: isinstance(other, str) and _looked_through(budget, text) == other),),
    "equalsIgnoreCase": (
        ("s", lambda budget, text, other: _looked_through(budget, text).casefold() == other.casefold()),
        ("o", lambda budget, text, other: False),
    ),
    "format": (("*", lambda budget, text, *arguments: formatted(budget, *arguments)),),
    "hashCode": (("", _hash_code),),
    "indexOf": (
        ("s", lambda budget, text, part: _looked_through(budget, text).find(part)),
        ("si", lambda budget, text, part, start: _looked_through(budget, text).find(part, max(start, 0))),
    ),
    "isBlank": (("", lambda budget, text: not _looked_through(budget, text).strip()),),
    "isEmpty": (("", lambda budget, text: not text),),
    "join": (("sl", _join),),
    "lastIndexOf": (("s", lambda budget, text, part: _looked_through(budget, text).rfind(part)),),
    "length": (("", lambda budget, text: len(text)),),
    "matches": (("s", matches),),
    "repeat": (("i", _repeat),),
    "replace": (("ss", _replace),),
    "replaceAll": (("ss", replace_all),),
    "replaceFirst": (("ss", replace_first),),
    "split": (("s", split), ("si", split)),
    "startsWith": (
        ("s", lambda budget, text, start: text.startswith(start)),
        ("si", lambda budget, text, start, at: at >= 0 and text.startswith(start, at)),
    ),
    "strip": (("", lambda budget, text: _made(budget, text.strip())),),
    "subSequence": (("ii", _substring),),
    "substring": (("i", _substring), ("ii", _substring)),
    "toCharArray": (("", _characters),),
    "toLowerCase": (("", lambda budget, text: _made(budget, text.lower())),),
    "toString": (("", lambda budget, text: text),),
    "toUpperCase": (("", lambda budget, text: _made(budget, text.upper())),),
    "trim": (("", lambda budget, text: _made(budget, text.strip(_BLANK))),),
    "valueOf": (("o", lambda budget, text, other: scalar_text(None) if other is None else as_text(other, budget)),),
}
