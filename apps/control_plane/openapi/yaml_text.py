"""YAML as API definitions use it, built from the parser's events: no tags that construct, no cycles, no alias bombs.

Timestamps stay the text they are (`version: 2026-01-31`), keys are always text (`200:`), and `<<` merges.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from apps.control_plane.openapi.positions import Position

# libyaml is ten times as fast; PyYAML has it in every wheel, but may be built without.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_PLAIN = {
    f"{_TAG}null": SafeConstructor.construct_yaml_null,
    f"{_TAG}bool": SafeConstructor.construct_yaml_bool,
    f"{_TAG}int": SafeConstructor.construct_yaml_int,
    f"{_TAG}float": SafeConstructor.construct_yaml_float,
}
_TEXT = {f"{_TAG}str", f"{_TAG}timestamp", f"{_TAG}value", f"{_TAG}merge", "!"}


class MalformedText(Exception):
    """A text that is not what it should be, in words for the person who wrote it."""

    def __init__(self, reason: str, position: Position | None = None) -> None:
        place = f" (line {position.line}, column {position.column})" if position else ""
        super().__init__(f"{reason}{place}")
        self.position = position


def load(text: str, *, max_depth: int, max_nodes: int) -> Any:
    """The data of the one document in the text. Raises MalformedText."""
    try:
        return _Builder(text, max_depth, max_nodes).document()
    except yaml.YAMLError as error:
        raise _malformed(error) from None


def positions(text: str, pointers: set[str]) -> dict[str, Position]:
    """Where the keys or items that the pointers lead to begin. The text is one that `load` accepts."""
    return {pointer: at for pointer, at in _places(text) if pointer in pointers}


def _malformed(error: yaml.YAMLError) -> MalformedText:
    mark = getattr(error, "problem_mark", None)
    reason = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML")
    return MalformedText(reason[:1].upper() + reason[1:], _position(mark) if mark else None)


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1)


class _Builder:
    """Builds data from events. `nodes` counts values, those behind an alias again at each use."""

    def __init__(self, text: str, max_depth: int, max_nodes: int) -> None:
        self.events = yaml.parse(text, Loader=_LOADER)
        self.max_depth, self.max_nodes = max_depth, max_nodes
        self.nodes = 0
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.resolver = Resolver()
        self.constructor = SafeConstructor()

    def document(self) -> Any:
        next(self.events)  # the stream begins
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise MalformedText("The definition is empty", Position(1, 1))
        data = self._value(next(self.events), 0)
        next(self.events)  # the document ends
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise MalformedText("A second document begins", _position(after.start_mark))
        return data

    def _value(self, event: Any, depth: int) -> Any:
        position = _position(event.start_mark)
        if depth >= self.max_depth:
            raise MalformedText(f"More than {self.max_depth} levels of nesting", position)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, position)
        before = self.nodes
        self._count(1, position)
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event, position)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event, "seq", position)
            value = [self._value(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)]
        else:
            self._check_tag(event, "map", position)
            value = self._mapping(depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, self.nodes - before)
        return value

    def _until(self, end: type) -> Iterator[Any]:
        while not isinstance(event := next(self.events), end):
            yield event

    def _alias(self, event: Any, position: Position) -> Any:
        if event.anchor not in self.anchors:
            raise MalformedText(f"Alias '{event.anchor}' has no anchor before it", position)
        value, size = self.anchors[event.anchor]
        self._count(size, position)
        return value

    def _count(self, nodes: int, position: Position) -> None:
        self.nodes += nodes
        if self.nodes > self.max_nodes:
            raise MalformedText(f"More than {self.max_nodes} values", position)

    def _check_tag(self, event: Any, kind: str, position: Position) -> None:
        if event.tag not in (None, "!", f"{_TAG}{kind}"):
            raise MalformedText(f"Tag '{event.tag}' is not supported", position)

    def _mapping(self, depth: int) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key in self._until(yaml.MappingEndEvent):
            position = _position(key.start_mark)
            if not isinstance(key, yaml.ScalarEvent):
                raise MalformedText("A key must be text", position)
            value = self._value(next(self.events), depth + 1)
            if key.value == "<<" and key.implicit[0]:
                self._merge(merged, value, position)
            elif key.value in own:
                raise MalformedText(f"Duplicate key '{key.value}'", position)
            else:
                own[key.value] = value
        return {**merged, **own} if merged else own

    def _merge(self, merged: dict[str, Any], value: Any, position: Position) -> None:
        for source in value if isinstance(value, list) else [value]:
            if not isinstance(source, dict):
                raise MalformedText("Only objects can be merged", position)
            for name, item in source.items():
                merged.setdefault(name, item)

    def _scalar(self, event: Any, position: Position) -> Any:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self.resolver.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag in _TEXT:
            return event.value
        if tag not in _PLAIN:
            raise MalformedText(f"Tag '{tag}' is not supported", position)
        try:
            return _PLAIN[tag](self.constructor, yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark))
        except (ValueError, KeyError, IndexError, OverflowError):
            raise MalformedText(f"'{event.value[:40]}' is no {tag.removeprefix(_TAG)}", position) from None


def _places(text: str) -> Iterator[tuple[str, Position]]:
    """Every pointer of the text with its place, in order."""
    stack: list[tuple[str, int | None]] = []  # (pointer of the container, next index or None in a mapping)
    key: str | None = None
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            stack.pop()
        if not isinstance(event, yaml.NodeEvent):
            continue
        if not stack:
            here = "#"
            yield here, _position(event.start_mark)
        elif stack[-1][1] is not None:
            container, index = stack[-1]
            here = f"{container}/{index}"
            stack[-1] = (container, (index or 0) + 1)
            yield here, _position(event.start_mark)
        elif key is None and isinstance(event, yaml.ScalarEvent):
            key = f"{stack[-1][0]}/{event.value.replace('~', '~0').replace('/', '~1')}"
            yield key, _position(event.start_mark)
            continue
        else:
            here, key = key or "#", None
        if isinstance(event, yaml.SequenceStartEvent):
            stack.append((here, 0))
        elif isinstance(event, yaml.MappingStartEvent):
            stack.append((here, None))
