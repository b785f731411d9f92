"""Matching of texts with `*` and `?`: no backtracking, so a hostile pattern is as cheap as an honest one.

A pattern is cut at its stars. The piece before the first star has to begin the text, the one behind the last to end it, and those between
are found from left to right, each at its first place: if any choice of places fits, that one does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from apps.core.iam.variables import ANY, STAR, Context, Token, Variable, arn_parts, tokens

Matches = Callable[[str, Context], bool]


class Piece:
    """Characters and `?`s between two stars."""

    __slots__ = ("_everywhere", "_positions", "characters", "length")

    def __init__(self, parts: Sequence[Token]) -> None:
        characters: list[str | None] = []
        for part in parts:
            characters += [None] if part is ANY else str(part)
        self.length = len(characters)
        self.characters = None if None in characters else "".join(str(character) for character in characters)
        self._everywhere = 0
        self._positions: dict[str, int] = {}
        if self.characters is None:
            self._index(characters)

    def _index(self, characters: Sequence[str | None]) -> None:
        for at, character in enumerate(characters):
            if character is None:
                self._everywhere |= 1 << at
        for at, character in enumerate(characters):
            if character is not None:
                self._positions[character] = self._positions.get(character, self._everywhere) | 1 << at

    def find(self, text: str, start: int, end: int) -> int:
        """Where the piece occurs first in `text[start:end]`, or -1."""
        if self.characters is not None:
            return text.find(self.characters, start, end)
        # Bit n of `state` tells whether the last n+1 characters fit the first n+1 of the piece.
        state, fits = 0, 1 << (self.length - 1)
        positions, everywhere = self._positions, self._everywhere
        for at in range(start, end):
            state = (state << 1 | 1) & positions.get(text[at], everywhere)
            if state & fits:
                return at - self.length + 1
        return -1

    def stands_at(self, text: str, start: int) -> bool:
        """Whether the piece occurs at one place."""
        if start < 0 or start + self.length > len(text):
            return False
        if self.characters is not None:
            return text.startswith(self.characters, start)
        return self.find(text, start, start + self.length) == start


class Glob:
    """A pattern of which everything is known."""

    __slots__ = ("_first", "_last", "_middle")

    def __init__(self, parts: Sequence[Token]) -> None:
        pieces: list[list[Token]] = [[]]
        for part in parts:
            if part is STAR:
                pieces.append([])
            else:
                pieces[-1].append(part)
        self._first = Piece(pieces[0])
        self._last = Piece(pieces[-1]) if len(pieces) > 1 else None
        self._middle = tuple(Piece(piece) for piece in pieces[1:-1] if piece)

    def matches(self, text: str) -> bool:
        if self._last is None:
            return len(text) == self._first.length and self._first.stands_at(text, 0)
        start, end = self._first.length, len(text) - self._last.length
        if start > end or not self._first.stands_at(text, 0) or not self._last.stands_at(text, end):
            return False
        for piece in self._middle:
            start = piece.find(text, start, end)
            if start < 0:
                return False
            start += piece.length
        return True


def text_pattern(
    text: str, *, variables: bool, wildcards: bool = True, ignore_case: bool = False, in_doubt: bool = False
) -> Matches:
    """A pattern for a whole text. `in_doubt` is what it says when a request has no value for a variable of it."""
    parts = tokens(text, variables=variables, wildcards=wildcards)
    fold = str.lower if ignore_case else str
    if any(isinstance(part, Variable) for part in parts):
        return _filled(parts, fold, in_doubt)
    if STAR not in parts and ANY not in parts:
        whole = fold("".join(str(part) for part in parts))
        return lambda value, _: fold(value) == whole
    glob = Glob([fold(part) if isinstance(part, str) else part for part in parts])
    return lambda value, _: glob.matches(fold(value))


def _filled(parts: Sequence[Token], fold: Callable[[str], str], in_doubt: bool) -> Matches:
    """A pattern whose variables are filled in for each request; wildcards in their values are only characters."""

    def matches(value: str, context: Context) -> bool:
        filled: list[Token] = []
        for part in parts:
            resolved = part.value(context) if isinstance(part, Variable) else part
            if resolved is None:
                return in_doubt
            filled.append(fold(resolved) if isinstance(resolved, str) else resolved)
        return Glob(filled).matches(fold(value))

    return matches


def arn_pattern(text: str, *, variables: bool, in_doubt: bool = False) -> Matches:
    """A pattern for an ARN: its six parts are matched each for itself, so that no wildcard reaches into the next.

    A pattern of fewer parts, such as `*` or `arn:aws:execute-api:*`, is matched as a whole: there the last star reaches to the end.
    """
    parts = arn_parts(text)
    if len(parts) < 6:
        return text_pattern(text, variables=variables, in_doubt=in_doubt)
    patterns = [text_pattern(part, variables=variables, in_doubt=in_doubt) for part in parts]

    def matches(value: str, context: Context) -> bool:
        values = value.split(":", 5)
        return len(values) == 6 and all(pattern(part, context) for pattern, part in zip(patterns, values, strict=True))

    return matches
