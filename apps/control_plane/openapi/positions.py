"""Lines and columns of values in a JSON text, found only when a message needs them."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Position:
    """A place in a text; both count from 1."""

    line: int
    column: int


_SPACE = re.compile(r"[ \t\r\n]*")
_SEPARATED = re.compile(r"[ \t\r\n]*[,:]?[ \t\r\n]*")


def json_positions(text: str, pointers: set[str]) -> dict[str, Position]:
    """Where the values of `pointers` begin in a valid JSON text. Values that no pointer leads to are skipped whole."""
    wanted = _prefixes(pointers)
    found: dict[str, int] = {}
    _Walk(text, wanted, found).value(_skip(text, 0), "#")
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    result = {}
    for pointer in pointers & found.keys():
        line = bisect_right(lines, found[pointer])
        result[pointer] = Position(line, found[pointer] - lines[line - 1] + 1)
    return result


def _prefixes(pointers: set[str]) -> set[str]:
    prefixes = {"#"}
    for pointer in pointers:
        parts = pointer.split("/")
        prefixes.update("/".join(parts[: length + 1]) for length in range(len(parts)))
    return prefixes


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


class _Walk:
    """One walk over the text; `found` collects the offsets of wanted values (of members: of their keys)."""

    def __init__(self, text: str, wanted: set[str], found: dict[str, int]) -> None:
        self.text, self.wanted, self.found = text, wanted, found
        self.decode = json.JSONDecoder().raw_decode

    def value(self, at: int, pointer: str) -> int:
        """Walk the value at an offset and return the offset behind it."""
        if pointer not in self.wanted:
            return self.decode(self.text, at)[1]
        self.found.setdefault(pointer, at)
        if self.text[at] == "{":
            return self._members(at + 1, pointer)
        if self.text[at] == "[":
            return self._items(at + 1, pointer)
        return self.decode(self.text, at)[1]

    def _members(self, at: int, pointer: str) -> int:
        at = _skip(self.text, at)
        while self.text[at] != "}":
            key, end = self.decode(self.text, at)
            child = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            if child in self.wanted:
                self.found[child] = at
            at = self._next(self.value(self._next(end), child))
        return at + 1

    def _items(self, at: int, pointer: str) -> int:
        at, index = _skip(self.text, at), 0
        while self.text[at] != "]":
            at, index = self._next(self.value(at, f"{pointer}/{index}")), index + 1
        return at + 1

    def _next(self, at: int) -> int:
        match = _SEPARATED.match(self.text, at)
        return match.end() if match else at
