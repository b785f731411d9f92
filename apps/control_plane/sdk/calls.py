"""The calls that an API offers, read from its OpenAPI export: what every language's generator writes down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from apps.control_plane.openapi.spec import ANY_METHOD

VERBS = ("delete", "get", "head", "options", "patch", "post", "put")
_PATH_PARAMETER = re.compile(r"\{([^{}/]+?)(\+?)\}")
_WORD = re.compile(r"[A-Za-z0-9]+")


class Parameter(NamedTuple):
    """`place` is path, query or header. A greedy one stands for several segments."""

    name: str
    place: str
    required: bool
    greedy: bool = False


class Call(NamedTuple):
    """One HTTP method of a path. `words` are the parts of its name: `("pets", "petId", "get")`."""

    words: tuple[str, ...]
    verb: str
    path: str
    parameters: tuple[Parameter, ...]
    summary: str


def calls_of(export: dict[str, Any]) -> list[Call]:
    """Every call of an OpenAPI 3 document, in the order of paths and verbs; ANY is all verbs that are not there by themselves."""
    return [
        Call(_words(path, verb), verb.upper(), path, tuple(_parameters(path, operation)), _summary(operation))
        for path, item in sorted(export["paths"].items())
        for verb, operation in sorted(_operations(item))
    ]


def _operations(item: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for verb in VERBS:
        operation = item.get(verb, item.get(ANY_METHOD))
        if operation is not None:
            yield verb, operation


def _words(path: str, verb: str) -> tuple[str, ...]:
    return (*(_WORD.findall(path) or ["root"]), verb)


def _parameters(path: str, operation: dict[str, Any]) -> Iterator[Parameter]:
    for name, plus in _PATH_PARAMETER.findall(path):
        yield Parameter(name, "path", True, bool(plus))
    for parameter in operation.get("parameters", ()):
        if parameter["in"] in ("query", "header"):
            yield Parameter(parameter["name"], parameter["in"], bool(parameter.get("required")))


def _summary(operation: dict[str, Any]) -> str:
    """What people said of the call, on one line."""
    return " ".join(str(operation.get("summary") or operation.get("description") or "").split())


def distinct(names: list[str]) -> list[str]:
    """Names of which none is there twice: the second `a` becomes `a2`."""
    taken: set[str] = set()
    result = []
    for name in names:
        candidate, number = name, 2
        while candidate in taken:
            candidate, number = f"{name}{number}", number + 1
        taken.add(candidate)
        result.append(candidate)
    return result
