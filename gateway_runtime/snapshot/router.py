"""From the segments of a path to a resource: a dictionary of literal paths, and a tree for the rest.

At each segment a literal is preferred to `{parameter}`, and that to `{proxy+}`; when a choice leads nowhere the next one is
tried. Literals compare decoded, so that `/%61dmin` reaches the resource `/admin` and not the catch-all beside it, while
parameters keep the spelling that was sent. An empty segment (of `//`) is matched by `{proxy+}` alone; one trailing slash
is ignored, and not part of `{proxy+}`, unless slashes count.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar
from urllib.parse import unquote

T = TypeVar("T")


class _Node(Generic[T]):
    __slots__ = ("greedy", "greedy_name", "literals", "parameter", "parameter_name", "value")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.parameter_name = ""
        self.greedy: T | None = None
        self.greedy_name = ""
        self.value: T | None = None


class Router(Generic[T]):
    """Immutable once made. `routes` are pairs of a resource path (`/pets/{petId}`) and what stands there.

    With `slash_counts` a slash at the end makes another path, which only `{proxy+}` matches.
    """

    def __init__(self, routes: Iterable[tuple[str, T]], *, slash_counts: bool = False) -> None:
        self._slash_counts = slash_counts
        self._static: dict[tuple[str, ...], T] = {}
        self._root: _Node[T] = _Node()
        self._dynamic = False
        for path, value in routes:
            self._add(path, value)

    def _add(self, path: str, value: T) -> None:
        parts = [] if path == "/" else path.strip("/").split("/")
        if not any(part.startswith("{") for part in parts):
            self._static[tuple(map(unquote, parts))] = value
        node = self._root
        for part in parts:
            if part.startswith("{"):
                self._dynamic = True
                if part.endswith("+}"):
                    node.greedy, node.greedy_name = value, part[1:-2]
                    return
                if node.parameter is None:
                    node.parameter = _Node()
                node.parameter_name = part[1:-1]
                node = node.parameter
            else:
                node = node.literals.setdefault(unquote(part), _Node())
        node.value = value

    def match(self, segments: tuple[str, ...]) -> tuple[T, dict[str, str]] | None:
        """The resource of a path below the stage, and the values of its parameters as sent."""
        if segments and segments[-1] == "" and (not self._slash_counts or len(segments) == 1):
            segments = segments[:-1]
        names = segments if "%" not in "".join(segments) else tuple(map(unquote, segments))
        found = self._static.get(names)
        if found is not None:
            return found, {}
        if not self._dynamic:
            return None
        values: dict[str, str] = {}
        value = self._walk(self._root, segments, names, 0, values)
        return None if value is None else (value, values)

    def _walk(
        self, node: _Node[T], segments: tuple[str, ...], names: tuple[str, ...], at: int, values: dict[str, str]
    ) -> T | None:
        if at == len(segments):
            return node.value
        literal = node.literals.get(names[at])
        if literal is not None and names[at]:
            found = self._walk(literal, segments, names, at + 1, values)
            if found is not None:
                return found
        if node.parameter is not None and segments[at]:
            found = self._walk(node.parameter, segments, names, at + 1, values)
            if found is not None:
                values[node.parameter_name] = segments[at]
                return found
        if node.greedy is not None:
            values[node.greedy_name] = "/".join(segments[at:])
        return node.greedy
