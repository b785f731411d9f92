"""Choosing some of many: those that are chosen, then those that a search finds, as boxes to tick."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms

from portal.console.choosing import SHORT, Choice, Find
from portal.console.fields import offer
from portal.console.gate import Console


@dataclass(frozen=True)
class Offer:
    """What is shown: `text` is what was searched for with the field `name`, and `more` says that there is more to find."""

    name: str
    text: str
    choices: list[Choice]
    more: bool

    @property
    def is_long(self) -> bool:
        return self.more or bool(self.text)


def some_of_many(form: forms.Form, field: str, find: Find, console: Console) -> Offer:
    """Fill a field of several choices. What is chosen stays a choice whatever is searched for."""
    name = form.add_prefix(f"{field}-find")
    text = str(form.data.get(name, "")).strip() if form.is_bound else ""
    given = form.data.getlist(form.add_prefix(field)) if form.is_bound else form.initial.get(field, [])  # type: ignore[attr-defined]
    chosen = [one for value in dict.fromkeys(given) for one in find(console, value) if one[0] == value]
    found = find(console, text)
    others = [one for one in found if one not in chosen]
    choices = [*chosen, *others[:SHORT]]
    offer(form, field, choices)
    return Offer(name, text, choices, len(found) > SHORT)
