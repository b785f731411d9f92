"""Collects the statements of a block while it is parsed."""

from __future__ import annotations

import re

from apps.core.vtl.tree import Block, Statement, Text

_BARE = re.compile(r"[ \t]*\Z")


class Statements:
    """A block in the making; neighbouring text becomes one statement."""

    def __init__(self) -> None:
        self._done: list[Statement] = []
        self._text: list[str] = []

    def text(self, text: str) -> None:
        if text:
            self._text.append(text)

    def add(self, statement: Statement) -> None:
        self.cut()
        self._done.append(statement)

    def cut(self) -> None:
        """What follows is not one text with what came before."""
        if self._text:
            self._done.append(Text("".join(self._text)))
            self._text = []

    def drop_spaces(self) -> None:
        """Forget the text since the last statement if it is nothing but spaces."""
        if _BARE.match("".join(self._text)):
            self._text = []

    def block(self) -> Block:
        self.cut()
        return tuple(self._done)
