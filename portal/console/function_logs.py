"""How a function's invocations went, and what it printed: its recent invocations, and its log searched and watched."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone

from apps.control_plane.gatehouse.function_logs import INVOCATION_STATUSES
from apps.control_plane.gatehouse.logs import files
from apps.metering.log_files import end_of
from portal.console.function_page import function_trail
from portal.console.gate import Console, Shape, console_page
from portal.console.log_files import RANGES, terminal

_SHOWN = 100
_TONES = {"success": "success", "error": "danger", "timeout": "warning"}


@dataclass(frozen=True)
class Look:
    """One way to look into a log: `filters` are the fields of the page's form, with the members of the operation that they fill."""

    label: str
    operation: str
    template: str
    filters: dict[str, str]


_INVOCATIONS = Look(
    "Invocations",
    "ListFunctionInvocations",
    "console/function_invocations.html",
    {"status": "status", "request_id": "requestId"},
)
_LINES = Look("Log", "ListFunctionLogEvents", "console/function_log.html", {"text": "text", "request_id": "requestId"})


@dataclass(frozen=True)
class Invocation:
    """One row of the list."""

    shape: Shape

    @property
    def tone(self) -> str:
        return _TONES.get(self.shape["status"], "neutral")

    @property
    def memory_share(self) -> int:
        """Per cent of its memory that it has used."""
        return round(100 * self.shape["maxMemoryUsed"] / (self.shape["memorySize"] or 1))

    @property
    def is_tight(self) -> bool:
        return self.memory_share >= 90


@console_page("GET")
def function_invocations(console: Console, name: str) -> HttpResponseBase:
    """The invocations that have ended, newest first: how long each took, what it used, and how it ended."""
    return _page(console, name, _INVOCATIONS)


@console_page("GET")
def function_log(console: Console, name: str) -> HttpResponseBase:
    """What the function printed, newest first."""
    return _page(console, name, _LINES)


def _page(console: Console, name: str, look: Look) -> HttpResponse:
    """Newest first, swapped in every two seconds while something is written, unless it is paused."""
    given = {field: console.request.GET.get(field, "").strip() for field in (*look.filters, "range")}
    wanted = {"functionName": name, "limit": _SHOWN, **_wanted(given, look.filters)}
    before = console.request.GET.get("before", "")
    end = end_of(files().of_function(console.account_id, console.region, name))
    if end is not None and not before and console.request.GET.get("seen") == str(end):
        return HttpResponse(status=204)  # nothing has been written since
    found = console.call(look.operation, {**wanted, **({"nextToken": before} if before else {})}, "gatehouse")
    invocations = [Invocation(one) for one in found["items"]] if look is _INVOCATIONS else []
    return console.page(
        look.template,
        section="functions",
        name=name,
        given=given,
        found=found,
        invocations=invocations,
        totals=_totals(invocations),
        is_written=end is not None,
        ranges=[(value, label) for value, (label, _) in RANGES.items()],
        statuses=INVOCATION_STATUSES,
        **_links(given, found, str(end or ""), before, paused=console.request.GET.get("paused") == "1" or bool(before)),
        trail=function_trail(name, look.label),
        cli=terminal(look.operation, wanted),
    )


def _wanted(given: dict[str, str], filters: dict[str, str]) -> Shape:
    length = RANGES.get(given["range"], RANGES[""])[1]
    since = {"startTime": timezone.now() - length} if length else {}
    return {**{member: given[field] for field, member in filters.items() if given[field]}, **since}


def _links(given: dict[str, str], found: Shape, newest: str, before: str, *, paused: bool) -> dict[str, Any]:
    kept = {field: value for field, value in given.items() if value}
    older = found.get("nextToken")
    return {
        "paused": paused,
        "is_filtered": bool(kept),
        "here": "?" + urlencode({**kept, "seen": newest}),
        "first_url": "?" + urlencode({**kept, "paused": "1"}) if before else "",
        "next_url": "?" + urlencode({**kept, "before": older}) if older else "",
        "other": "?" + urlencode(kept if paused else {**kept, "paused": "1"}),
    }


def _totals(invocations: list[Invocation]) -> Shape | None:
    """What stands above the list, of the invocations in it."""
    if not invocations:
        return None
    shapes = [one.shape for one in invocations]
    return {
        "count": len(shapes),
        "failed": sum(one["status"] != "success" for one in shapes),
        "median": round(median(one["duration"] for one in shapes), 1),
        "slowest": round(max(one["duration"] for one in shapes), 1),
        "starts": sum("initDuration" in one for one in shapes),
        "memory": round(max(one["maxMemoryUsed"] for one in shapes)),
        "memory_size": round(shapes[0]["memorySize"]),
    }
