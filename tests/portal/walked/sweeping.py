"""Every form with bad input, field by field: in the default lane a part of the values for each, with GATEHOUSE_TEST_EVERY_VALUE all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from zlib import crc32

from tests.portal.walked.hostile import LONG, MARK, files, values_for, with_value
from tests.portal.walked.judging import Expected, faults
from tests.portal.walked.reading_forms import TYPED, Field, Form, Pair
from tests.portal.walked.submitting import Bench

EVERY_VALUE = bool(os.environ.get("GATEHOUSE_TEST_EVERY_VALUE"))
TOKEN = "csrfmiddlewaretoken"
_SHARE = 4
"""One of how many fields gets a value of its own in the default lane, besides those that all fields of a form get at once."""


def sweep(bench: Bench, forms: dict[str, Form], expected: Callable[[Form], Expected]) -> list[str]:
    """What was wrong with the answers, each with its form, field and value."""
    found: list[str] = []
    for kind, form in forms.items():
        wanted = expected(form)
        for what, field, pairs in _submissions(kind, form):
            answer = bench.send(form, pairs, follow=any(MARK in value for _, value in pairs))
            found += [f"{kind} | {what} | {fault}" for fault in faults(form, pairs, answer, field, wanted)]
        for field in form.fields:
            for sent in files() if field.type == "file" else ():
                answer = bench.send(form, form.pairs(), {field.name: sent})
                found += [
                    f"{kind} | {field.name} is {sent.name} | {fault}"
                    for fault in faults(form, form.pairs(), answer, field, wanted)
                ]
    return found


def _submissions(kind: str, form: Form) -> Iterator[tuple[str, Field | None, list[Pair]]]:
    """What is sent: in words, the field that is wrong where there is one, and the pairs."""
    yield "as it stands", None, form.pairs()
    fields = [field for field in form.fields if field.name != TOKEN and field.type != "file"]
    if not fields:
        return
    typed = [field for field in fields if field.type in TYPED]
    for value in (LONG, MARK) if typed else ():
        yield f"{value[:12]}… everywhere", None, _everywhere(form, typed, value)
    whole = [
        ("nonsense in every choice", _everywhere(form, [field for field in fields if field not in typed], "nonsense")),
        ("nothing at all", [pair for pair in form.pairs() if pair[0] == TOKEN]),
        ("everything twice", form.pairs() + [pair for pair in form.pairs() if pair[0] != TOKEN]),
    ]
    for what, pairs in whole if EVERY_VALUE else (whole[_number(kind) % len(whole)],):
        yield what, None, pairs
    for field in fields if EVERY_VALUE else typed:
        for value in _values(kind, field):
            yield f"{field.name} is {value[:30]!r}", field, with_value(form, field, value)
        if EVERY_VALUE:
            yield f"without {field.name}", None, with_value(form, field)


def _everywhere(form: Form, fields: list[Field], value: str) -> list[Pair]:
    names = {field.name for field in fields}
    return [pair for pair in form.pairs() if pair[0] not in names] + [(name, value) for name in sorted(names)]


def _values(kind: str, field: Field) -> tuple[str, ...]:
    """A field's values: all of them, or one for some fields, other ones for others, and always the same."""
    values, number = values_for(field), _number(f"{kind} {field.name}")
    if EVERY_VALUE:
        return values
    return (values[number % len(values)],) if number % _SHARE == 0 else ()


def _number(text: str) -> int:
    return crc32(text.encode())
