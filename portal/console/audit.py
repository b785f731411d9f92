"""The audit log: who changed what, when, from where, and how it ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponseBase

from apps.accounts.models import AuditEvent
from apps.control_plane.paging import page
from portal.console.gate import Console, console_page
from portal.highlighting import highlight_json

_PAGE = 50
_FILTERS = ("who", "operation", "resource", "outcome")


@dataclass(frozen=True)
class AuditRow:
    """An event as the page shows it."""

    event: AuditEvent

    @property
    def who(self) -> str:
        return self.event.principal.rpartition(":")[2].removeprefix("user/").removeprefix("role/")

    @property
    def request(self) -> str:
        return highlight_json(json.dumps(self.event.request, indent=2, ensure_ascii=False))


@console_page("GET")
def audit(console: Console) -> HttpResponseBase:
    """Events of this account in this region, newest first."""
    given = {name: console.request.GET.get(name, "").strip() for name in _FILTERS}
    rows = AuditEvent.objects.filter(account_id=console.account_id, region=console.region)
    if given["who"]:
        rows = rows.filter(principal__icontains=given["who"])
    if given["operation"]:
        rows = rows.filter(operation__icontains=given["operation"])
    if given["resource"]:
        rows = rows.filter(resource__icontains=given["resource"])
    if given["outcome"] == "failed":
        rows = rows.exclude(error="")
    elif given["outcome"] == "done":
        rows = rows.filter(error="")
    position = console.request.GET.get("position", "")
    found, following = page(rows, {"limit": _PAGE, "position": position}, "-pk")
    kept = {name: value for name, value in given.items() if value}
    return console.page(
        "console/audit.html",
        section="audit",
        rows=[AuditRow(event) for event in found],
        given=given,
        is_filtered=bool(kept),
        next_url="?" + urlencode({**kept, "position": following}) if following else "",
        first_url="?" + urlencode(kept) if position else "",
    )
