"""Which operation a request is: HTTP method and path, compiled once from the models' URI templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import parse_qsl, unquote_to_bytes

from botocore.model import OperationModel

from apps.control_plane.wire.service_models import SERVICES, service_model

Query = Mapping[str, Sequence[str]]
_DATED = b"/20"
"""How the paths of Lambda's API begin. Some clients end them with a slash, as its model once did."""

_LABEL = re.compile(r"\{([^}+]+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Match:
    """An operation, and the values of its path labels by their wire name, percent-decoded once."""

    service: str
    operation: OperationModel
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Route:
    service: str
    operation: OperationModel
    labels: tuple[str, ...]
    constants: tuple[tuple[str, str], ...]

    def accepts(self, query: Query) -> bool:
        return all(list(query.get(name, ())) == [value] for name, value in self.constants)


@dataclass(slots=True)
class _Node:
    """One position in the tree of path segments."""

    literals: dict[str, _Node] = field(default_factory=dict)
    label: _Node | None = None
    greedy: _Node | None = None
    routes: dict[str, list[_Route]] = field(default_factory=dict)


class Router:
    """The tree of every operation's URI template. A literal segment goes before a label, a label before a greedy one;
    a template with a query constant (`?mode=import`) before the same one without."""

    def __init__(self, operations: Iterable[tuple[str, OperationModel]]) -> None:
        self._root = _Node()
        for service, operation in operations:
            self._add(service, operation)

    def match(self, method: str, raw_path: bytes, query: Query) -> Match | None:
        """The operation of a request, or None. Segments `.`, `..` and empty ones match nothing: the signature is taken
        over a path from which they are removed, so they would let one signature stand for two operations."""
        segments = _segments(raw_path)
        if segments is None:
            return None
        found = _walk(self._root, segments, (), method, query)
        if found is None:
            return None
        route, values = found
        return Match(route.service, route.operation, dict(zip(route.labels, values, strict=True)))

    def _add(self, service: str, operation: OperationModel) -> None:
        template, _, constants = operation.http["requestUri"].partition("?")
        node, labels = self._root, []
        for segment in template.strip("/").split("/"):
            label = _LABEL.fullmatch(segment)
            if label is None:
                node = node.literals.setdefault(segment, _Node())
                continue
            labels.append(label[1])
            if label[2]:
                node.greedy = node.greedy or _Node()
                node = node.greedy
            else:
                node.label = node.label or _Node()
                node = node.label
        route = _Route(service, operation, tuple(labels), tuple(parse_qsl(constants)))
        routes = node.routes.setdefault(operation.http["method"], [])
        routes.append(route)
        routes.sort(key=lambda each: len(each.constants), reverse=True)


@cache
def control_plane_router() -> Router:
    """The router of all control-plane operations, compiled once per process."""
    return Router(
        (service, model.operation_model(name))
        for service in SERVICES
        for model in (service_model(service),)
        for name in model.operation_names
    )


def _segments(raw_path: bytes) -> list[str] | None:
    if raw_path.startswith(_DATED):
        raw_path = raw_path.removesuffix(b"/")
    try:
        segments = [unquote_to_bytes(segment).decode() for segment in raw_path.removeprefix(b"/").split(b"/")]
    except UnicodeDecodeError:
        return None
    return None if any(segment in ("", ".", "..") for segment in segments) else segments


def _walk(
    node: _Node, segments: list[str], values: tuple[str, ...], method: str, query: Query
) -> tuple[_Route, tuple[str, ...]] | None:
    if not segments:
        for route in node.routes.get(method, ()):
            if route.accepts(query):
                return route, values
        return None
    first, rest = segments[0], segments[1:]
    literal = node.literals.get(first)
    found = _walk(literal, rest, values, method, query) if literal else None
    if found is None and node.label:
        found = _walk(node.label, rest, (*values, first), method, query)
    if found is None and node.greedy:
        found = _walk(node.greedy, [], (*values, "/".join(segments)), method, query)
    return found
