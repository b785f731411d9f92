"""Texts of policies: characters, wildcards and policy variables such as `${aws:username}`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final, NamedTuple

from apps.core.iam.errors import IllFormedPolicy

Context = Mapping[str, Sequence[str]]  # condition keys in lower case

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_REFERENCE = re.compile(r"\s*([\w.:/@+=-]+)\s*(?:,\s*'([^']*)'\s*)?", re.ASCII)
_ESCAPED = frozenset("*?$")


class Wildcard(Enum):
    """`*` stands for any characters, `?` for one."""

    STAR = "*"
    ANY = "?"


STAR: Final = Wildcard.STAR
ANY: Final = Wildcard.ANY


class Variable(NamedTuple):
    """A place that the request fills in. `default` is None where the policy gives none."""

    key: str
    default: str | None

    def value(self, context: Context) -> str | None:
        """The value in a request, or None: variables stand for keys that have exactly one value."""
        values = context.get(self.key, ())
        return values[0] if len(values) == 1 else self.default


Token = str | Wildcard | Variable


def tokens(text: str, *, variables: bool, wildcards: bool) -> list[Token]:
    """What a text is made of. Without `variables` (policies of 2008-10-17) `${…}` is nothing but characters."""
    if not variables:
        return _characters(text, wildcards)
    found: list[Token] = []
    end = 0
    for match in _VARIABLE.finditer(text):
        found += _characters(text[end : match.start()], wildcards)
        found.append(_variable(match[1]))
        end = match.end()
    return found + _characters(text[end:], wildcards)


def _characters(text: str, wildcards: bool) -> list[Token]:
    if not wildcards:
        return [text] if text else []
    parts: list[Token] = []
    for part in re.split(r"([*?])", text):
        if part == "*":
            parts.append(STAR)
        elif part == "?":
            parts.append(ANY)
        elif part:
            parts.append(part)
    return parts


def _variable(inside: str) -> Token:
    if inside in _ESCAPED:
        return inside
    match = _REFERENCE.fullmatch(inside)
    if match is None:
        raise IllFormedPolicy("A policy variable is not well formed: it is a condition key, with or without a default.")
    return Variable(match[1].lower(), match[2])


def arn_parts(text: str) -> list[str]:
    """The six parts of an ARN (fewer if it has fewer); colons within `${…}` and in the last part divide nothing."""
    parts: list[str] = []
    start = depth = 0
    for at, character in enumerate(text):
        if character == "{" and at and text[at - 1] == "$":
            depth = 1
        elif character == "}":
            depth = 0
        elif character == ":" and not depth and len(parts) < 5:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
