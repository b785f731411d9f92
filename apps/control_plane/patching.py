"""V1's patchOperations as data: which paths an entity has, which operations each allows, and what they set.

A path is written as AWS documents it: `/name`, `/variables/{name}`, `/apiStages/{stage}/throttle/{method+}/rateLimit`. A
`{segment}` stands for one segment, a `{segments+}` for one or more, joined by slashes; both are unescaped (`~1` is `/`, `~0` is `~`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.control_plane.errors import AwsError, BadRequestException, NotFoundException

Parser = Callable[[str | None], Any]


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch operation. `names` are the values of the path's `{…}` segments; `source` is AWS's `from`."""

    op: str
    path: str
    value: str | None = None
    source: str | None = None
    names: tuple[str, ...] = ()


Setter = Callable[[Any, Patch], None]
"""Carries a patch out on a row, without saving it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A path and, for each operation it allows, what it does. `shown` is the path as errors tell it; "" keeps it untold."""

    path: str
    setters: Mapping[str, Setter]
    shown: str | None = None

    @property
    def label(self) -> str:
        """The path as errors tell it."""
        return self.path if self.shown is None else self.shown

    def match(self, segments: tuple[str, ...]) -> tuple[str, ...] | None:
        """The values of the `{…}` segments, or None when the path is another one."""
        return _match(tuple(self.path.split("/")[1:]), segments)


@dataclass(frozen=True, slots=True)
class Wording:
    """What an entity says of a patch that it does not take; AWS words it differently for each."""

    unknown_path: Callable[[PatchTable, Patch], str]
    unsupported_op: Callable[[PatchTable, Rule, Patch], str]


@dataclass(frozen=True, slots=True)
class PatchTable:
    """Everything that can be patched on one kind of row."""

    rules: tuple[Rule, ...]
    wording: Wording

    def apply(self, row: Any, operations: Iterable[Mapping[str, str]] | None) -> None:
        """Carry the operations out in order; raises BadRequestException in the entity's words for one that is not allowed."""
        for operation in operations or ():
            patch = _read(operation)
            rule, names = self._find(patch)
            setter = rule.setters.get(patch.op)
            if setter is None:
                raise BadRequestException(self.wording.unsupported_op(self, rule, patch))
            setter(row, Patch(patch.op, patch.path, patch.value, patch.source, names))

    def paths_for(self, op: str) -> list[str]:
        """The paths that an operation has, as errors tell them; rules without a name of their own are spared."""
        return list(dict.fromkeys(rule.label for rule in self.rules if op in rule.setters and rule.label))

    def _find(self, patch: Patch) -> tuple[Rule, tuple[str, ...]]:
        """The rule of the path: one that allows the operation goes before one that does not."""
        segments = tuple(patch.path.split("/")[1:]) if patch.path.startswith("/") else ()
        found: tuple[Rule, tuple[str, ...]] | None = None
        for rule in self.rules:
            names = rule.match(segments)
            if names is None:
                continue
            if patch.op in rule.setters:
                return rule, names
            found = found or (rule, names)
        if found is None:
            raise BadRequestException(self.wording.unknown_path(self, patch))
        return found


def unescape(segment: str) -> str:
    """A JSON pointer's segment as the name it stands for."""
    return segment.replace("~1", "/").replace("~0", "~")


def escape(name: str) -> str:
    """A name as a JSON pointer's segment."""
    return name.replace("~", "~0").replace("/", "~1")


def _read(operation: Mapping[str, str]) -> Patch:
    return Patch(
        op=operation.get("op") or "null",
        path=operation.get("path") or "null",
        value=operation.get("value"),
        source=operation.get("from"),
    )


def _match(pattern: tuple[str, ...], segments: tuple[str, ...]) -> tuple[str, ...] | None:
    if not pattern:
        return None if segments else ()
    if not segments:
        return None
    head, tail = pattern[0], pattern[1:]
    if head.startswith("{") and head.endswith("+}"):
        taken = len(segments) - len(tail)
        rest = _match(tail, segments[taken:]) if taken > 0 else None
        return None if rest is None else ("/".join(unescape(segment) for segment in segments[:taken]), *rest)
    rest = _match(tail, segments[1:])
    if rest is None:
        return None
    if head.startswith("{"):
        return (unescape(segments[0]), *rest)
    return rest if head == segments[0] else None


# Wordings -----------------------------------------------------------------------------------------------------------


def _listing(table: PatchTable, patch: Patch) -> str:
    paths = table.paths_for(patch.op)
    choice = f"Must be one of: [{', '.join(paths)}]" if paths else "Please choose supported operations"
    return f"Invalid patch path  '{patch.path}' specified for op '{patch.op}'. {choice}"


LISTS_PATHS = Wording(unknown_path=_listing, unsupported_op=lambda table, rule, patch: _listing(table, patch))
"""Tells the paths that the operation has."""

NAMES_PATH = Wording(
    unknown_path=lambda table, patch: f"Invalid patch path {patch.path}",
    unsupported_op=lambda table, rule, patch: (
        f"Invalid patch operation specified. Must be one of: [{', '.join(sorted(rule.setters))}]"
    ),
)
"""Tells the wrong path, or the operations that a right path has."""


# Parsers ------------------------------------------------------------------------------------------------------------


def text(value: str | None) -> str:
    return value or ""


def optional_text(value: str | None) -> str | None:
    return value or None


def boolean(value: str | None) -> bool:
    """AWS reads everything but `true` as false."""
    return (value or "").lower() == "true"


def integer(message: str, minimum: int = -(2**31), maximum: int = 2**31 - 1) -> Parser:
    """A whole number within bounds, which are at most those of AWS's integers; `message` is the whole error."""

    def parse(value: str | None) -> int:
        try:
            number = int(_digits(value))
        except ValueError:
            raise BadRequestException(message) from None
        if not minimum <= number <= maximum:
            raise BadRequestException(message)
        return number

    return parse


def decimal(message: str, minimum: float = 0.0, maximum: float = float("inf")) -> Parser:
    """A finite number within bounds; `message` is the whole error."""

    def parse(value: str | None) -> float:
        try:
            number = float(_digits(value))
        except ValueError:
            raise BadRequestException(message) from None
        if not minimum <= number <= maximum or number == float("inf"):
            raise BadRequestException(message)
        return number

    return parse


def _digits(value: str | None) -> str:
    """Python takes underscores in numbers; nobody else does."""
    return (value or "").replace("_", "?")


def one_of(choices: Iterable[str], message: str) -> Parser:
    """One of an enumeration's values; `message` is the whole error and may hold `{value}`."""
    allowed = frozenset(choices)

    def parse(value: str | None) -> str:
        if value not in allowed:
            raise BadRequestException(message.replace("{value}", str(value)))
        return value

    return parse


# Setters ------------------------------------------------------------------------------------------------------------


def assign(field: str, parse: Parser = text) -> Setter:
    """Set the field to the parsed value."""
    return lambda row, patch: setattr(row, field, parse(patch.value))


def clear(field: str, value: Any = None) -> Setter:
    """Set the field to what an absent member is stored as."""
    return lambda row, patch: setattr(row, field, value() if callable(value) else value)


def put_entry(field: str, parse: Parser = text) -> Setter:
    """Set the entry that the path names in a field that is a map."""

    def setter(row: Any, patch: Patch) -> None:
        setattr(row, field, {**(getattr(row, field) or {}), patch.names[0]: parse(patch.value)})

    return setter


def drop_entry(field: str, error: AwsError | None = None) -> Setter:
    """Remove the entry that the path names from a field that is a map."""

    def setter(row: Any, patch: Patch) -> None:
        entries = dict(getattr(row, field) or {})
        if patch.names[0] not in entries:
            raise error or NotFoundException("Invalid parameter name specified")
        del entries[patch.names[0]]
        setattr(row, field, entries)

    return setter


def add_item(field: str) -> Setter:
    """Append the segment that the path names to a field that is a list; one that is there already stays once."""

    def setter(row: Any, patch: Patch) -> None:
        items = list(getattr(row, field))
        if patch.names[0] not in items:
            setattr(row, field, [*items, patch.names[0]])

    return setter


def drop_item(field: str) -> Setter:
    """Remove the segment that the path names from a field that is a list."""
    return lambda row, patch: setattr(row, field, [item for item in getattr(row, field) if item != patch.names[0]])


def swap_item(field: str) -> Setter:
    """Remove the segment that the path names from a list and append the value."""

    def setter(row: Any, patch: Patch) -> None:
        kept = [item for item in getattr(row, field) if item not in (patch.names[0], patch.value)]
        setattr(row, field, [*kept, text(patch.value)])

    return setter


# Rules --------------------------------------------------------------------------------------------------------------


def replaceable(path: str, field: str, parse: Parser = text) -> Rule:
    """A member that can only be replaced."""
    return Rule(path, {"replace": assign(field, parse)})


def entries(path: str, field: str, parse: Parser = text, missing: AwsError | None = None) -> Rule:
    """A map's entry that can be added, replaced and removed; the path's one `{…}` is its key."""
    put = put_entry(field, parse)
    return Rule(path, {"add": put, "replace": put, "remove": drop_entry(field, missing)})
