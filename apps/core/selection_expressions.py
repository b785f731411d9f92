"""Selection expressions of V2: texts with variables, evaluated to the key that a route, model, template or response is chosen by.

`$request.body.action`, `${request.header.x-type}/${request.body.kind}`, `$integration.response.statuscode`: a variable is `$name` or
`${name}` with members after dots, everything else is literal, and `\\$` is a dollar sign. Evaluation is one pass: what a variable gives
is not looked through again. (AWS: apigateway-websocket-api-selection-expressions)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Variable = Callable[[str], str | None]
"""Gives the value of a variable by its name (`request.body.action`), None where it has none."""

_PART = re.compile(r"\\\$|\$\{([^{}]+)\}|\$([A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_\-\[\]]+)*)")


class SelectionExpression:
    """A compiled expression. `variables` are the names in it, in their order."""

    __slots__ = ("_pieces", "variables")

    def __init__(self, text: str) -> None:
        self._pieces = tuple(_pieces(text))
        self.variables = tuple(piece for piece, is_variable in self._pieces if is_variable)

    def evaluate(self, variable: Variable) -> str | None:
        """The key; None when one of the variables has no value."""
        found: list[str] = []
        for piece, is_variable in self._pieces:
            value = variable(piece) if is_variable else piece
            if value is None:
                return None
            found.append(value)
        return "".join(found)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Literals and names of variables in turn."""
    at, literal = 0, ""
    for match in _PART.finditer(text):
        literal += text[at : match.start()]
        at = match.end()
        name = match[1] or match[2]
        if name is None:
            literal += "$"
            continue
        if literal:
            yield literal, False
            literal = ""
        yield name, True
    literal += text[at:]
    if literal:
        yield literal, False
