"""Execution logs: events as API Gateway writes them, for stages and for test calls alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONGEST = 1024
_CUT = " [TRUNCATED]"
_SECRETS = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "x-amz-security-token", "cookie", "set-cookie"}
)

Pairs = Iterable[tuple[str, str]]


class ExecutionLog:
    """The log of a test call: lines with their times, in UTC and the same for every locale."""

    def __init__(self, request_id: str, begins: str = "") -> None:
        self._lines = [f"Execution log for request {request_id}"]
        self.add(begins or f"Starting execution for request: {request_id}")

    def add(self, text: str) -> None:
        now = datetime.now(UTC)
        day, month = _DAYS[now.weekday()], _MONTHS[now.month - 1]
        self._lines.append(f"{day} {month} {now:%d %H:%M:%S} UTC {now.year} : {text}")

    def __str__(self) -> str:
        return "\n".join([*self._lines, ""])


def log_group(api_id: str, stage_name: str) -> str:
    """The name that AWS gives a stage's log."""
    return f"API-Gateway-Execution-Logs_{api_id}/{stage_name}"


def event(request_id: str, text: str) -> str:
    """One event: on one line, at most 1,024 bytes long."""
    line = f"({request_id}) {text}"
    if not line.isprintable():
        line = "".join(character if character.isprintable() else " " for character in line)
    data = line.encode("utf-8", "replace")
    if len(data) <= _LONGEST:
        return line
    return data[: _LONGEST - len(_CUT)].decode("utf-8", "ignore") + _CUT


def masked(value: str) -> str:
    """A secret as logs show it: its last six characters, and fewer of one that is short."""
    return "*" * 22 + value[-min(6, len(value) // 3) :] if len(value) >= 3 else "*" * 22


def without_secrets(headers: Pairs) -> list[tuple[str, str]]:
    """Headers with the values masked that would let a reader of the log act as the caller."""
    return [(name, masked(value) if name.lower() in _SECRETS else value) for name, value in headers]


def as_map(values: Mapping[str, str] | Pairs) -> str:
    """Names and values as Java prints a map; several values of a name are joined by commas."""
    pairs = values.items() if isinstance(values, Mapping) else values
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return "{" + ", ".join(f"{name}={value}" for name, value in joined.items()) + "}"


def header_name(name: str) -> str:
    """A header's name as AWS shows it: `content-type` is `Content-Type`."""
    return "-".join(part.capitalize() for part in name.split("-"))
