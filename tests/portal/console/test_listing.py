"""A definition's lines with the notes below them."""

from __future__ import annotations

from apps.control_plane.openapi.importer import PreviewNote
from portal.console.listing import listing

SHORT = "a: 1\nb: 2\nc: 3"
LONG = "\n".join(f"line {number}" for number in range(1, 101))


def note(line: int | None, message: str = "wrong", severity: str = "error") -> PreviewNote:
    return PreviewNote(severity, message, line=line)


def test_a_short_text_is_shown_whole_with_its_note_in_place() -> None:
    lines = listing(SHORT, [note(2)])

    assert [(line.number, line.text, len(line.notes)) for line in lines] == [
        (1, "a: 1", 0),
        (2, "b: 2", 1),
        (3, "c: 3", 0),
    ]


def test_of_a_long_text_only_what_lies_around_notes_is_shown() -> None:
    lines = listing(LONG, [note(10), note(50)])

    assert [line.number for line in lines] == [*range(7, 14), *range(47, 54)]
    assert [line.skipped for line in lines if line.skipped] == [6, 33]


def test_a_text_that_cannot_be_read_has_its_line_in_the_message() -> None:
    lines = listing(SHORT, [note(None, "Invalid OpenAPI input. Unexpected end (line 3, column 1)")])

    assert [line.number for line in lines if line.notes] == [3]


def test_a_line_is_as_bad_as_its_worst_note() -> None:
    lines = listing(SHORT, [note(1, severity="warning"), note(2, severity="warning"), note(2)])

    assert [line.tone for line in lines] == ["warning", "danger", ""]


def test_without_notes_nothing_is_shown() -> None:
    assert listing(SHORT, []) == []
