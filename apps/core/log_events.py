"""Lines of log files read back: when each was written, whose request it is about, and what its format says of it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from apps.core.access_log_text import VARIABLE, Kind, kind_of

# Which members of a line people filter by, and the variables that hold them, the better one first.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "request_id": ("requestId", "extendedRequestId"),
    "status": ("status",),
    "method": ("httpMethod",),
    "path": ("path", "resourcePath", "routeKey"),
    "key": ("identity.apiKeyId", "identity.apiKey"),
    "latency": ("responseLatency",),
}
_EPOCH, _COMMON = "requestTimeEpoch", "requestTime"
_COMMON_FORMAT = "%d/%b/%Y:%H:%M:%S %z"
_ESCAPE, _DOUBLED = "\\", '"'
_TO_QUOTE = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"')
_ESCAPED = re.compile(r"\\(.)")

_EXECUTION = re.compile(r"(\S+Z) \(([^)]+)\) (.*)")
_OF_EVENTS = (
    ("status", re.compile(r"(?:Method completed with status|with status code): (\d{3})")),
    ("path", re.compile(r"HTTP Method: (?P<method>\S+), Resource Path: (.+)")),
    ("path", re.compile(r"Event: (?P<method>\S+), Route: (.+?), Connection Id: ")),
    ("key", re.compile(r"API Key:? (\*\S+)")),
)
_REPORT = re.compile(
    r"REPORT RequestId: (?P<request_id>\S+)\tDuration: (?P<duration>[\d.]+) ms\tBilled Duration: (?P<billed>\d+) ms\t"
    r"Memory Size: (?P<memory>\d+) MB\tMax Memory Used: (?P<used>\d+) MB(?:\tInit Duration: (?P<init>[\d.]+) ms)?"
    r"(?:\tStatus: (?P<status>\w+)(?:\tError Type: (?P<error_type>.+))?)?"
)
REPORTS = "REPORT RequestId: "
"""What the line has that tells how an invocation of a function ended."""
_WITHOUT = "-"  # what a variable without a value shows as


class LogEvent(NamedTuple):
    """One line. `at` is seconds since the epoch, None where the line does not tell; `fields` are named as in `FIELDS`."""

    text: str
    at: float | None = None
    fields: Mapping[str, str] = {}


Reader = Callable[[str], LogEvent]


def execution_event(line: str) -> LogEvent:
    """A line of an execution log."""
    match = _EXECUTION.fullmatch(line)
    if match is None:
        return LogEvent(line)
    fields = {"request_id": match[2]}
    for name, pattern in _OF_EVENTS:
        found = pattern.search(match[3])
        if found is not None:
            fields.update(found.groupdict())
            fields[name] = found[found.re.groups]
    return LogEvent(match[3], _iso_moment(match[1]), fields)


def function_event(line: str) -> LogEvent:
    """A line of what a function printed, as its host writes it; one of another kind is text alone."""
    match = _EXECUTION.fullmatch(line)
    if match is None:
        return LogEvent(line)
    return LogEvent(match[3], _iso_moment(match[1]), {"request_id": match[2]} if match[2] != _WITHOUT else {})


def access_log_reader(format_text: str) -> Reader:
    """Reads lines that were written in a format. A line of another format, of an earlier setting say, is text alone."""
    first, slots = _slots(format_text.rstrip("\r\n"))
    names = [slot.name for slot in slots]
    wanted = [
        (field, names.index(name), slots[names.index(name)].unescape)
        for field, variables in FIELDS.items()
        for name in [next((one for one in variables if one in names), None)]
        if name is not None
    ]
    clock = next((name for name in (_EPOCH, _COMMON) if name in names), None)
    at = names.index(clock) if clock else None
    moment = _epoch_moment if clock == _EPOCH else _common_moment

    def read(line: str) -> LogEvent:
        values = _values(line, first, slots)
        if values is None:
            return LogEvent(line)
        read_back = ((field, back(values[place])) for field, place, back in wanted)
        fields = {field: value for field, value in read_back if value and value != _WITHOUT}
        return LogEvent(line, moment(values[at]) if at is not None else None, fields)

    return read


def invocation_event(line: str) -> LogEvent:
    """The REPORT line of a function's invocation, with its numbers as fields: milliseconds and megabytes. Every other line has no fields."""
    event = function_event(line)
    report = _REPORT.fullmatch(event.text.rstrip())
    if report is None:
        return LogEvent("", event.at)
    fields = {name: value for name, value in report.groupdict().items() if value is not None}
    return LogEvent(event.text, event.at, {"status": "success", **fields})


def writes_time(format_text: str) -> bool:
    """Whether lines of a format tell when their requests came."""
    return bool({_EPOCH, _COMMON} & set(VARIABLE.findall(format_text)))


def fields_of(format_text: str) -> frozenset[str]:
    """Which members of `FIELDS` lines of a format have."""
    names = set(VARIABLE.findall(format_text))
    return frozenset(field for field, variables in FIELDS.items() if names & set(variables))


@dataclass(frozen=True, slots=True)
class _Slot:
    """A variable's place in a format: its value ends where `literal`, the text behind it, begins."""

    name: str
    literal: str
    quote: str  # how a quote within the value is written, where one ends it
    unescape: Callable[[str], str]


def _slots(text: str) -> tuple[str, list[_Slot]]:
    """The text before a format's first variable, and its variables."""
    kind = kind_of(text)
    found = list(VARIABLE.finditer(text))
    slots = []
    for number, match in enumerate(found):
        quoted = text[match.start() - 1 : match.start()] == '"' and kind in ("JSON", "CLF")
        literal = text[match.end() : found[number + 1].start() if number + 1 < len(found) else len(text)]
        quote = _ESCAPE if quoted and literal.startswith('"') else _DOUBLED if kind == "CSV" else ""
        slots.append(_Slot(match[1], literal, quote, _unescape_of(kind, quoted=quoted)))
    return text[: found[0].start()] if found else text, slots


def _values(line: str, first: str, slots: Sequence[_Slot]) -> list[str] | None:
    """The values of a line as they are written, in one pass; None for a line that does not fit."""
    if not line.startswith(first):
        return None
    at, values = len(first), []
    for slot in slots:
        if slot.quote == _ESCAPE:
            end = _closing_quote(line, at)
        elif slot.quote and line.startswith('"', at):
            end = _closing_double_quote(line, at)
        elif slot is slots[-1]:
            end = max(at, len(line) - len(slot.literal))
        else:
            end = line.find(slot.literal, at)
        if end < 0 or not line.startswith(slot.literal, end):
            return None
        values.append(line[at:end])
        at = end + len(slot.literal)
    return values if at == len(line) else None


def _closing_quote(line: str, at: int) -> int:
    """Where the next quote is that no backslash stands before."""
    match = _TO_QUOTE.match(line, at)
    return match.end() - 1 if match else -1


def _closing_double_quote(line: str, at: int) -> int:
    """Where a value in quotes ends, in which quotes are doubled."""
    end = line.find('"', at + 1)
    while end >= 0 and line.startswith('""', end):
        end = line.find('"', end + 2)
    return end + 1 if end >= 0 else -1


def _unescape_of(kind: Kind, *, quoted: bool) -> Callable[[str], str]:
    if quoted:
        return _from_json if kind == "JSON" else _from_quotes
    return {"XML": html.unescape, "CSV": _from_csv}.get(kind, str)


def _from_json(value: str) -> str:
    if "\\" not in value:
        return value
    try:
        return str(json.loads(f'"{value}"'))
    except ValueError:
        return value


def _from_quotes(value: str) -> str:
    return _ESCAPED.sub(r"\1", value)


def _from_csv(value: str) -> str:
    return value[1:-1].replace('""', '"') if value.startswith('"') and len(value) > 1 else value


def _iso_moment(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _epoch_moment(text: str) -> float | None:
    return int(text) / 1000 if text.isascii() and text.isdigit() and len(text) < 15 else None


def _common_moment(text: str) -> float | None:
    try:
        return datetime.strptime(text, _COMMON_FORMAT).astimezone(UTC).timestamp()
    except ValueError:
        return None
