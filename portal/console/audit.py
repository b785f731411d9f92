"""The audit log: who changed what, when, from where, and how it ended; to read, and to take away as a file."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase

from apps.accounts.models import AuditEvent
from apps.control_plane.paging import page
from portal.console.gate import Console, console_page
from portal.highlighting import highlight_json

MOST_EXPORTED = 5_000
"""Events in one file, the newest of those that fit the filters."""

_PAGE = 50
_FILTERS = ("who", "operation", "resource", "outcome")
_COLUMNS = ("at", "operation", "resource", "principal", "via", "source_ip", "request_id", "error", "request", "before", "after")  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class AuditRow:
    """An event as the page shows it."""

    event: AuditEvent

    @property
    def who(self) -> str:
        return self.event.principal.rpartition(":")[2].removeprefix("user/").removeprefix("role/")

    @property
    def request(self) -> str:
        return _shown(self.event.request)

    @property
    def before(self) -> str:
        return _shown(self.event.before) if self.event.before else ""

    @property
    def after(self) -> str:
        return _shown(self.event.after) if self.event.after else ""


@console_page("GET")
def audit(console: Console) -> HttpResponseBase:
    """Events of this account in this region, newest first."""
    given = _given(console)
    position = console.request.GET.get("position", "")
    found, following = page(_events(console, given), {"limit": _PAGE, "position": position}, "-pk")
    kept = {name: value for name, value in given.items() if value}
    return console.page(
        "console/audit.html",
        section="audit",
        rows=[AuditRow(event) for event in found],
        given=given,
        is_filtered=bool(kept),
        next_url="?" + urlencode({**kept, "position": following}) if following else "",
        first_url="?" + urlencode(kept) if position else "",
        csv_query=urlencode({**kept, "format": "csv"}),
        json_query=urlencode({**kept, "format": "json"}),
    )


@console_page("GET")
def export_audit(console: Console) -> HttpResponseBase:
    """The events that fit the filters as one file: `format` is csv or json."""
    events = [_record(event) for event in _events(console, _given(console)).order_by("-pk")[:MOST_EXPORTED]]
    name = f"audit-{console.account_id}-{console.region}"
    if console.request.GET.get("format") == "json":
        return _file(json.dumps(events, ensure_ascii=False, indent=1), "application/json", f"{name}.json")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows([_cell(event[column]) for column in _COLUMNS] for event in events)
    return _file(text.getvalue(), "text/csv; charset=utf-8", f"{name}.csv")


def _given(console: Console) -> dict[str, str]:
    return {name: console.request.GET.get(name, "").strip() for name in _FILTERS}


def _events(console: Console, given: dict[str, str]) -> QuerySet[AuditEvent]:
    rows = AuditEvent.objects.filter(account_id=console.account_id, region=console.region)
    if given["who"]:
        rows = rows.filter(principal__icontains=given["who"])
    if given["operation"]:
        rows = rows.filter(operation__icontains=given["operation"])
    if given["resource"]:
        rows = rows.filter(resource__icontains=given["resource"])
    if given["outcome"] == "failed":
        return rows.exclude(error="")
    return rows.filter(error="") if given["outcome"] == "done" else rows


def _record(event: AuditEvent) -> dict[str, Any]:
    return {name: event.at.isoformat() if name == "at" else getattr(event, name) for name in _COLUMNS}


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if value is not None else ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _file(text: str, content_type: str, name: str) -> HttpResponse:
    return HttpResponse(
        text, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _shown(document: dict[str, Any]) -> str:
    return highlight_json(json.dumps(document, indent=2, ensure_ascii=False))
