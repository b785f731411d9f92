"""The files of access and execution logs: which there are, and one of them searched and watched."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.control_plane.gatehouse.logs import access_log_format, files
from apps.core.execution_log import log_group
from apps.core.log_events import fields_of, writes_time
from apps.metering.log_files import KINDS
from apps.rest_apis.models import RestApi
from portal.console.choosing import ApiFilterForm
from portal.console.gate import Console, Shape, console_page
from portal.console.logs import STATUSES, TONES, api_names, stage_names
from portal.console.paging import page_of_items
from portal.highlighting import highlight_shell

_SHOWN = 100
_END_OF_TIME = 10**11  # seconds
_LABELS = {"access": "Access log", "execution": "Execution log"}
RANGES = {
    "": ("Any time", None),
    "15m": ("Last 15 minutes", timedelta(minutes=15)),
    "1h": ("Last hour", timedelta(hours=1)),
    "1d": ("Last day", timedelta(days=1)),
    "7d": ("Last 7 days", timedelta(days=7)),
}
_PLACE = ("kind", "api", "stage")
# A field of the form, and the member of ListLogEvents that it fills.
_FILTERS = {"text": "text", "status": "status", "path": "path", "key": "apiKey", "request_id": "requestId"}
_MORE = ("path", "key", "request_id", "from", "to")
# What lines must have for a filter to find any, as fields of a format.
_NEEDS = {"status": "status", "path": "path", "key": "key", "request_id": "request_id"}


@dataclass(frozen=True)
class Group:
    """One log of the list."""

    group: Shape
    api_name: str

    @property
    def url(self) -> str:
        place = {"kind": self.group["kind"], "api": self.group["apiId"], "stage": self.group["stageName"]}
        return f"{reverse('console:log_lines')}?{urlencode(place)}"

    @property
    def label(self) -> str:
        return _LABELS[self.group["kind"]]

    @property
    def place(self) -> str:
        """Where it stands in the list: what was written last comes first."""
        names = (self.group["kind"], self.group["apiId"], self.group["stageName"])
        return f"{_END_OF_TIME - self.group['lastWritten'].timestamp():018.6f} {' '.join(names)}"

    def is_called(self, text: str) -> bool:
        """Whether its API or its stage is called so, or has the id."""
        called = (self.api_name.lower(), self.group["stageName"].lower(), self.group["apiId"])
        return any(text.lower() in name for name in called)


@dataclass(frozen=True)
class Line:
    """One line of a log, with what its format tells."""

    event: Shape

    @property
    def tone(self) -> str:
        status = self.event.get("status", "")
        return TONES.get(int(status[0]), "neutral") if status[:1].isdigit() else "neutral"


@console_page("GET")
def log_files(console: Console) -> HttpResponseBase:
    """Every log that has been written, what was written last first."""
    names, text = api_names(console), console.request.GET.get("q", "").strip()
    written = console.call("ListLogGroups", {}, "gatehouse")["items"]
    groups = [Group(group, names[group["apiId"]]) for group in written]
    return console.page(
        "console/log_groups.html",
        section="logs",
        text=text,
        is_written=bool(groups),
        pages=page_of_items(console, ((one.place, one) for one in groups if one.is_called(text))),
        cli=terminal("ListLogGroups", {}),
    )


@console_page("GET")
def log_lines(console: Console) -> HttpResponseBase:
    """One log: newest first, swapped in every two seconds while something is written, unless it is paused."""
    given = {name: console.request.GET.get(name, "").strip() for name in (*_PLACE, *_FILTERS, "range", "from", "to")}
    api_filter = ApiFilterForm(console.request.GET, console=console)
    given["api"] = api_filter.api_id
    if api_filter.has_error("api", "several"):
        return redirect(f"{reverse('console:log_files')}?{urlencode({'q': given['api']})}")
    if given["kind"] not in KINDS or not given["api"] or not given["stage"]:
        return redirect("console:log_files")
    format_text = access_log_format(console.caller, given["api"], given["stage"])
    newest = files().newest(given["kind"], given["api"], given["stage"])
    if newest is not None and console.request.GET.get("seen") == str(newest):
        return HttpResponse(status=204)  # nothing has been written since
    wanted = _request(given)
    before = console.request.GET.get("before", "")
    found = console.call("ListLogEvents", {**wanted, **({"nextToken": before} if before else {})}, "gatehouse")
    paused = console.request.GET.get("paused", "") == "1" or bool(before)
    return console.page(
        "console/log_lines.html",
        section="logs",
        lines=[Line(event) for event in found["items"]],
        found=found,
        searched=found["searchedBytes"],
        is_written=newest is not None,
        **_links(given, found, str(newest or ""), before=before, paused=paused),
        api_filter=api_filter,
        **_choices(console, given),
        **_advice(given, format_text),
        cli=terminal("ListLogEvents", wanted),
    )


def _request(given: dict[str, str]) -> Shape:
    wanted: Shape = {"kind": given["kind"], "apiId": given["api"], "stageName": given["stage"], "limit": _SHOWN}
    wanted |= {member: given[name] for name, member in _FILTERS.items() if given[name]}
    length = RANGES.get(given["range"], RANGES[""])[1]
    start = _moment(given["from"]) or (timezone.now() - length if length else None)
    end = _moment(given["to"])
    return wanted | {name: at for name, at in (("startTime", start), ("endTime", end)) if at is not None}


def _moment(text: str) -> datetime | None:
    """What a field of date and time holds, in UTC."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def _links(given: dict[str, str], found: Shape, newest: str, *, before: str, paused: bool) -> dict[str, Any]:
    kept = {name: value for name, value in given.items() if value}
    older = found.get("nextToken")
    return {
        "given": given,
        "paused": paused,
        "is_first": not before,
        "is_filtered": bool(set(kept) - set(_PLACE)),
        "more_open": any(given[name] for name in _MORE),
        "here": "?" + urlencode({**kept, "seen": newest}),
        "first_url": "?" + urlencode({**kept, "paused": "1"}) if before else "",
        "next_url": "?" + urlencode({**kept, "before": older}) if older else "",
        "clear_url": "?" + urlencode({name: given[name] for name in _PLACE}),
        "other": "?" + urlencode(kept if paused else {**kept, "paused": "1"}),
    }


def _choices(console: Console, given: dict[str, str]) -> dict[str, Any]:
    names = api_names(console)
    group = log_group(given["api"], given["stage"])
    return {
        "kinds": _LABELS.items(),
        "stages": sorted({*stage_names(console), given["stage"]}),
        "statuses": STATUSES,
        "ranges": [(name, label) for name, (label, _) in RANGES.items()],
        "label": _LABELS[given["kind"]],
        "api_name": names[given["api"]],
        "group": group if given["kind"] == "execution" else f"log/access/{given['api']}/{given['stage']}.log",
        "trail": [
            {"label": "Logs", "url": reverse("console:logs")},
            {"label": "Log files", "url": reverse("console:log_files")},
            {"label": f"{names[given['api']]} · {given['stage']}"[:60]},
        ],
    }


def _advice(given: dict[str, str], format_text: str) -> dict[str, Any]:
    """Where the log is switched on, and which of the filters its lines say nothing about."""
    stage_name = given["stage"].removesuffix("/Canary")
    is_rest = RestApi.objects.filter(id=given["api"]).exists()
    url = reverse("console:stage" if is_rest else "console:v2_stage", args=[given["api"], stage_name])
    missing: list[str] = []
    if given["kind"] == "access" and format_text:
        known = fields_of(format_text)
        missing = [name.replace("_", " ") for name, field in _NEEDS.items() if given[name] and field not in known]
        if not writes_time(format_text) and (given["range"] or given["from"] or given["to"]):
            missing.append("time")
    told = f"Lines of this log do not tell {' and '.join(missing)}: the stage's format has no variable for it."
    return {"stage_url": url, "missing": told if missing else "", "writes_access_log": bool(format_text)}


def terminal(operation: str, request: Shape) -> list[dict[str, Any]]:
    """The same from a terminal on the installation's machine: operations of our own are no commands of the AWS CLI."""
    text = json.dumps(request, default=lambda at: at.isoformat(timespec="seconds"))
    words = f"python manage.py operation {operation}" + (f" {shlex.quote(text)}" if request else "")
    return [{"label": "Terminal", "code": highlight_shell(words)}]
