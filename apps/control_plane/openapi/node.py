"""Walking an untrusted document: every value knows its pointer, and what does not fit becomes a finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from apps.control_plane.errors import BadRequestException
from apps.control_plane.openapi.document import MAX_NODES
from apps.control_plane.openapi.document import pointer as json_pointer

Severity = Literal["error", "warning", "info", "unsupported"]
_REFERENCES_IN_A_ROW = 20
_KEPT = 1_000


@dataclass(frozen=True)
class Finding:
    """Something to tell the author. An error refuses the definition, as does what this version does not have."""

    severity: Severity
    message: str
    pointer: str

    def __str__(self) -> str:
        return f"{self.message} ({self.pointer})"


@dataclass
class Findings:
    """What reading one definition has found, in order and once each; of each severity the first thousand are kept."""

    found: dict[Finding, None] = field(default_factory=dict)
    _counts: Counter[Severity] = field(default_factory=Counter)

    def add(self, severity: Severity, message: str, pointer: str) -> None:
        finding = Finding(severity, message, pointer)
        if finding not in self.found:
            self._counts[severity] += 1
            if self._counts[severity] <= _KEPT:
                self.found[finding] = None

    def of(self, severity: Severity) -> list[Finding]:
        return [finding for finding in self.found if finding.severity == severity]


@dataclass
class References:
    """How much a definition has grown by following its references, which may lead to one large thing very often."""

    sizes: dict[tuple[str, ...], int] = field(default_factory=dict)
    total: int = 0

    def follow(self, parts: tuple[str, ...], target: dict[str, Any]) -> None:
        """Count a target once more; raises BadRequestException when it is too much."""
        if parts not in self.sizes:
            self.sizes[parts] = _size(target)
        self.total += self.sizes[parts]
        if self.total > MAX_NODES:
            raise BadRequestException(f"Invalid OpenAPI input. Its references lead to more than {MAX_NODES} values.")


def _size(value: Any) -> int:
    """Values in a value; long texts count for more."""
    size, level = 0, [value]
    while level:
        size += sum(1 + len(item) // 64 if isinstance(item, str) else 1 for item in level)
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return size


@dataclass(frozen=True)
class Node:
    """An object of the document. A member of the wrong type is reported, and read as if it were absent."""

    data: dict[str, Any]
    path: tuple[str | int, ...]
    root: dict[str, Any]
    findings: Findings
    references: References

    @property
    def pointer(self) -> str:
        return json_pointer(*self.path)

    @property
    def name(self) -> str:
        return str(self.path[-1])

    def at(self, key: str) -> str:
        """The pointer of a member."""
        return json_pointer(*self.path, key)

    def error(self, message: str, key: str | None = None) -> None:
        self.findings.add("error", message, self.pointer if key is None else self.at(key))

    def warn(self, message: str, key: str | None = None) -> None:
        self.findings.add("warning", message, self.pointer if key is None else self.at(key))

    def info(self, message: str, key: str | None = None) -> None:
        self.findings.add("info", message, self.pointer if key is None else self.at(key))

    def unsupported(self, what: str, key: str) -> None:
        self.findings.add("unsupported", f"{what} is not implemented by this version of Gatehouse.", self.at(key))

    def has(self, key: str) -> bool:
        return self.data.get(key) is not None

    def member(self, key: str) -> Node:
        """An object; an empty one when there is none."""
        value = self._typed(key, dict, "object")
        return Node({} if value is None else value, (*self.path, key), self.root, self.findings, self.references)

    def members(self) -> Iterator[tuple[str, Node]]:
        """The members that are objects, without vendor extensions."""
        for key in self.data:
            if not key.startswith("x-"):
                node = self.member(key)
                if isinstance(self.data[key], dict):
                    yield key, node

    def items(self, key: str) -> list[Node]:
        """The objects of a list."""
        nodes = []
        for index, value in enumerate(self._typed(key, list, "array") or []):
            if isinstance(value, dict):
                nodes.append(Node(value, (*self.path, key, index), self.root, self.findings, self.references))
            else:
                self.warn(_not_of_type((*self.path, key, index), "object"), key)
        return nodes

    def text(self, key: str) -> str | None:
        """A string; numbers and booleans of YAML are taken as they print."""
        value = self.data.get(key)
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, (int, float)):
            return str(value)
        return self._typed(key, str, "string")

    def flag(self, key: str) -> bool:
        return bool(self._typed(key, bool, "boolean"))

    def texts(self, key: str) -> list[str]:
        """A list of strings."""
        values = self._typed(key, list, "array") or []
        if not all(isinstance(value, str) for value in values):
            self.warn(_not_of_type((*self.path, key), "array of strings"), key)
        return [value for value in values if isinstance(value, str)]

    def _typed(self, key: str, kind: type, name: str) -> Any:
        value = self.data.get(key)
        if value is None or isinstance(value, kind):
            return value
        self.warn(_not_of_type((*self.path, key), name), key)
        return None

    def resolved(self) -> Node | None:
        """This object, or the one its `$ref` leads to within the document; None (and a warning) when there is none."""
        node = self
        for _ in range(_REFERENCES_IN_A_ROW):
            reference = node.data.get("$ref")
            if not isinstance(reference, str):
                return node
            parts = _parts(reference)
            target = None if parts is None else _follow(self.root, parts)
            if parts is None or not isinstance(target, dict):
                self.warn(f"Reference to '{reference}' not found. Ignoring.", "$ref")
                return None
            self.references.follow(parts, target)
            node = Node(target, parts, self.root, self.findings, self.references)
        self.warn(f"Reference to '{self.data['$ref']}' leads in a circle. Ignoring.", "$ref")
        return None


def _parts(reference: str) -> tuple[str, ...] | None:
    """The keys of a reference within the document; None for one that leads elsewhere: nothing is ever fetched."""
    if not reference.startswith("#/"):
        return None
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/"))


def _follow(data: Any, parts: tuple[str, ...]) -> Any:
    for part in parts:
        if not isinstance(data, dict) or part not in data:
            return None
        data = data[part]
    return data


def _not_of_type(path: tuple[str | int, ...], kind: str) -> str:
    return f"Parse issue: attribute {attribute(path)} is not of type `{kind}`"


def attribute(path: tuple[str | int, ...]) -> str:
    """A place in the words of AWS's parser: `paths.'/pets'(get).responses`."""
    words = [str(part) for part in path]
    if words[:1] == ["paths"] and len(words) > 1:
        method = f"({words[2]})" if len(words) > 2 else ""
        words = [f"paths.'{words[1]}'{method}", *words[3:]]
    return ".".join(words)
