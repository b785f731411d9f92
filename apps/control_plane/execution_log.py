"""The log of a test call, line by line as API Gateway writes its execution logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Pairs = Iterable[tuple[str, str]]


class ExecutionLog:
    """Lines with their times, in UTC and the same for every locale."""

    def __init__(self, request_id: str) -> None:
        self._lines = [f"Execution log for request {request_id}"]
        self.add(f"Starting execution for request: {request_id}")

    def add(self, text: str) -> None:
        now = datetime.now(UTC)
        day, month = _DAYS[now.weekday()], _MONTHS[now.month - 1]
        self._lines.append(f"{day} {month} {now:%d %H:%M:%S} UTC {now.year} : {text}")

    def __str__(self) -> str:
        return "\n".join([*self._lines, ""])


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
