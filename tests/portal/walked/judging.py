"""What an answer to a form must be."""

from __future__ import annotations

from dataclasses import dataclass

from tests.portal.walked.hostile import MARK
from tests.portal.walked.reading_forms import TYPED, Field, Form, Pair
from tests.portal.walked.submitting import Answer

# What is typed there names what goes; who mistypes it types it again.
_NAMES_TO_TYPE = frozenset({"confirmation", "confirm"})


@dataclass(frozen=True)
class Expected:
    """What a form may do though others may not."""

    page: bool = False
    """It is answered by what it asked for, on a page: a test, a preview, a secret that is shown once."""
    silent: bool = False
    """It leads on without a word: where one arrives says enough."""
    message: bool = False
    """It is refused by a message alone."""


def faults(form: Form, sent: list[Pair], answer: Answer, field: Field | None, expected: Expected) -> list[str]:
    """What is wrong with an answer; nothing where all is well. `field` is the one with the bad value."""
    if answer.failure or answer.status >= 500:
        return [f"{answer.status} {answer.failure}"]
    found = []
    if MARK in answer.body or MARK in answer.shown:
        found.append("what was typed is shown unescaped")
    typed = field is not None and field.type in TYPED - {"password"} and field.name not in _NAMES_TO_TYPE
    if answer.status in (404, 400):
        return found if not answer.changed else [*found, "something changed, and there is no such page"]
    if answer.location:
        return found + _led_on(answer, expected, typed=typed)
    if answer.status not in (200, 204, 422, 429):
        return [*found, f"status {answer.status}"]
    return found + _page_faults(form, sent, answer, field if typed else None, expected)


def _led_on(answer: Answer, expected: Expected, *, typed: bool) -> list[str]:
    errors = [text for level, text in answer.said if level == "error"]
    found = []
    if errors and answer.changed:
        found.append(f"refused, and something changed: {errors[0][:100]}")
    if errors and typed and not expected.message:
        found.append(f"what was typed is lost, refused by a message alone: {errors[0][:100]}")
    if not answer.said and not expected.silent:
        found.append(f"leads to {answer.location} without a word")
    return found


def _page_faults(form: Form, sent: list[Pair], answer: Answer, field: Field | None, expected: Expected) -> list[str]:
    shown = [text for text in answer.page.errors if text] if answer.page else []
    if answer.status != 422 and not shown:
        return (
            [] if expected.page or form.method == "get" or _asks_further(form, answer) else ["a page without an error"]
        )
    found = []
    if not shown:
        found.append("422 without an error")
    if answer.changed:
        found.append(f"refused, and something changed: {shown[:1]}")
    if field is not None and not form.fragment and not _kept(field, sent, answer):
        found.append(f"what was typed is lost: {answer.status} {shown[:1]}")
    return found


def _asks_further(form: Form, answer: Answer) -> bool:
    """Whether the page asks for a name to be typed before anything happens."""
    forms = answer.page.forms if answer.page else []
    names = {each.name for asked in forms if asked.action == form.action for each in asked.fields}
    return not answer.changed and "confirmation" in names


def _kept(field: Field, sent: list[Pair], answer: Answer) -> bool:
    wanted = [_plain(value) for name, value in sent if name == field.name]
    found = {
        _plain(value)
        for form in (answer.page.forms if answer.page else [])
        for each in form.fields
        if each.name == field.name
        for value in each.values
    }
    return all(value in found for value in wanted if value)


def _plain(value: str) -> str:
    return value.replace("\r\n", "\n").strip()
