"""Names of people's in the manners of languages: `petId` as `pet_id`, `PetId` or `petId`."""

from __future__ import annotations

import re

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD = re.compile(r"[^A-Za-z0-9]+")


def snake(text: str) -> str:
    """`pet_id`, beginning with a letter."""
    name = _NO_WORD.sub("_", _HUMP.sub("_", text)).strip("_").lower() or "value"
    return f"n{name}" if name[0].isdigit() else name


def pascal(text: str) -> str:
    """`PetId`; empty where the text has no letter or digit."""
    return "".join(part[:1].upper() + part[1:] for part in _NO_WORD.split(text) if part)


def camel(text: str) -> str:
    """`petId`, beginning with a letter."""
    name = pascal(text) or "Value"
    name = name[:1].lower() + name[1:]
    return f"n{name}" if name[0].isdigit() else name


def constant(text: str) -> str:
    """A class's or module's name; empty where the text makes none."""
    name = pascal(text)
    return name if name[:1].isalpha() and name.isascii() else ""


def words_of(text: str) -> frozenset[str]:
    """The words of a list that is written as a line."""
    return frozenset(text.split())
