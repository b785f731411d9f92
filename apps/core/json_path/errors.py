"""What can be wrong with a JSONPath, and what one search may cost."""

from __future__ import annotations

from typing import Any, Final

MOST_VISITS = 500_000  # values looked at in one search


class JsonPathError(ValueError):
    """A path that does not parse, that does not fit the document, or that takes too long."""


class _Missing:
    """Nothing was found where one value was asked for."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


class Search:
    """One search through a document: what `$` stands for in filters, and what it may still look at."""

    __slots__ = ("root", "visits")

    def __init__(self, root: Any, visits: int = MOST_VISITS) -> None:
        self.root = root
        self.visits = visits

    def visit(self, count: int = 1) -> None:
        self.visits -= count
        if self.visits < 0:
            raise JsonPathError("the JSONPath looks at too many values")
