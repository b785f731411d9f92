"""A definition as numbered lines with the notes of its preview standing below the lines they are about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

_AROUND = 3
"""Lines shown before and after a line with a note; what lies between is skipped."""
_WHOLE = 60
"""Definitions of so many lines are shown whole."""
_LINE_IN_MESSAGE = re.compile(r"\bline (\d+)")


class Note(Protocol):
    """What is said about a place: severity is error, warning or unsupported; `line` counts from 1."""

    @property
    def severity(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def line(self) -> int | None: ...


@dataclass(frozen=True)
class Line:
    """One line; `skipped` says how many lines before it are not shown."""

    number: int
    text: str
    skipped: int = 0
    notes: list[Note] = field(default_factory=list)

    @property
    def tone(self) -> str:
        if not self.notes:
            return ""
        return "warning" if all(note.severity == "warning" for note in self.notes) else "danger"


def listing(text: str, notes: Sequence[Note]) -> list[Line]:
    """The lines worth showing: all of a short text, else those around notes. Nothing without notes."""
    lines = text.splitlines()
    placed: dict[int, list[Note]] = {}
    for note in notes:
        number = line_of(note)
        if number is not None and lines:
            # What is missing at the end of a text is said of the line after its last one.
            placed.setdefault(min(max(number, 1), len(lines)), []).append(note)
    if not placed:
        return []
    wanted = set(range(1, len(lines) + 1)) if len(lines) <= _WHOLE else {
        number for at in placed for number in range(at - _AROUND, at + _AROUND + 1) if 1 <= number <= len(lines)
    }  # fmt: skip
    shown: list[Line] = []
    last = 0
    for number in sorted(wanted):
        shown.append(Line(number, lines[number - 1], number - last - 1, placed.get(number, [])))
        last = number
    return shown


def line_of(note: Note) -> int | None:
    """The note's line; that of a text which could not be read at all stands in its message."""
    if note.line is not None:
        return note.line
    found = _LINE_IN_MESSAGE.search(note.message)
    return int(found[1]) if found else None
