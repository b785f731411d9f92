"""A compiled JSONPath."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.core.json_path.errors import MISSING, Search
from apps.core.json_path.functions import Function
from apps.core.json_path.steps import Step


class JsonPath:
    """`definite` paths lead to one value at most, the others to a list of what was found."""

    __slots__ = ("_arguments", "_function", "_steps", "definite", "text")

    def __init__(
        self,
        text: str,
        steps: tuple[Step, ...],
        function: Function | None = None,
        arguments: tuple[Callable[[Any, Search], Any], ...] = (),
    ) -> None:
        self.text = text
        self.definite = all(step.definite for step in steps)
        self._steps = steps
        self._function = function
        self._arguments = arguments

    def read(self, document: Any) -> Any:
        """What the path leads to in a JSON document, MISSING when a definite path leads nowhere. Raises JsonPathError."""
        return self.follow(document, Search(document))

    def follow(self, start: Any, search: Search) -> Any:
        """As `read`, from a value within a search."""
        found = [start]
        for step in self._steps:
            search.visit(len(found))
            select = step.select
            found = [result for value in found for result in select(value, search)]
            if not found and self.definite:
                return MISSING
        value = found[0] if self.definite else found
        return value if self._function is None else self._apply(value, start, search)

    def found(self, start: Any, search: Search) -> bool:
        """Whether the path leads anywhere."""
        value = self.follow(start, search)
        return value is not MISSING and (self.definite or bool(value))

    def _apply(self, value: Any, start: Any, search: Search) -> Any:
        """What the function makes of one value, or of all that were found."""
        assert self._function is not None
        if not self.definite and len(value) == 1:
            value = value[0]
        arguments = [read(start, search) for read in self._arguments]
        return self._function(value, [argument for argument in arguments if argument is not MISSING])
