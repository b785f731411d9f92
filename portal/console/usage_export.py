"""What the keys of a usage plan have used, day by day, as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.errors import BadRequestException
from portal.console.gate import Console, console_page

_DAYS = 30
_PAGE = 500
_TYPES = {"csv": "text/csv", "json": "application/json"}


class UsageExportForm(forms.Form):
    """Which days, and in which format."""

    start = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label="To", widget=forms.DateInput(attrs={"type": "date"}))
    format = forms.ChoiceField(label="Format", choices=[("csv", "CSV"), ("json", "JSON")])


def usage_export_form(today: date) -> UsageExportForm:
    """The form for the last thirty days."""
    return UsageExportForm(initial={"start": today - timedelta(days=_DAYS - 1), "end": today}, prefix="usage")


@console_page("GET")
def export_usage(console: Console, plan_id: str) -> HttpResponseBase:
    """The file; a form with errors goes back to the plan, which says what is wrong."""
    form = UsageExportForm(console.request.GET, prefix="usage")
    if not form.is_valid():
        messages.error(console.request, "Choose the first and the last day, and CSV or JSON.")
        return redirect("console:usage_plan", plan_id)
    data = form.cleaned_data
    days = {"startDate": data["start"].isoformat(), "endDate": data["end"].isoformat()}
    try:
        items = dict(_items(console, {"usagePlanId": plan_id, **days, "limit": _PAGE}))
    except BadRequestException as error:
        messages.error(console.request, error.message)
        return redirect("console:usage_plan", plan_id)
    text = json.dumps({**days, "items": items}, indent=2) if data["format"] == "json" else _table(items, data["start"])
    name = f"usage-{plan_id}-{days['startDate']}-{days['endDate']}.{data['format']}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=_TYPES[data["format"]], headers=headers)


def _items(console: Console, request: dict[str, Any]) -> Iterator[tuple[str, list[list[int]]]]:
    """Every key with its days, page after page."""
    answer = console.call("GetUsage", request)
    yield from answer.get("items", {}).items()
    while answer.get("position"):
        answer = console.call("GetUsage", {**request, "position": answer["position"]})
        yield from answer.get("items", {}).items()


def _table(items: dict[str, list[list[int]]], start: date) -> str:
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["apiKeyId", "date", "used", "remaining"])
    for key, days in items.items():
        table.writerows([key, start + timedelta(days=at), *numbers] for at, numbers in enumerate(days))
    return written.getvalue()
