"""Running a Lambda function on an event."""

from __future__ import annotations

import base64
import json

from django.http import HttpResponseBase

from apps.control_plane.errors import AccessDeniedException
from portal.console.function_forms import EventForm
from portal.console.function_page import LAMBDA, Outcome, function_page, qualifiers_of
from portal.console.gate import Console, Shape, console_page
from portal.highlighting import highlight_json

_WITHOUT_ANSWER = {202: "It was taken, and runs on its own.", 204: "It could run."}


@console_page("POST")
def invoke_function(console: Console, name: str) -> HttpResponseBase:
    """Run the function on an event, and show what it returned and printed."""
    if not console.may_write:
        raise AccessDeniedException("A viewer cannot invoke functions.")
    form = EventForm(console.request.POST, prefix="event", qualifiers=qualifiers_of(console, name))
    outcome: Outcome | None = None
    if form.is_valid():
        data = form.cleaned_data
        request = {"FunctionName": name, "Payload": data["event"].encode(), "LogType": "Tail"}
        request |= {
            member: data[field]
            for field, member in (("qualifier", "Qualifier"), ("kind", "InvocationType"))
            if data[field]
        }
        told = console.submit(form, "Invoke", request, LAMBDA)
        outcome = _outcome(told) if told is not None else None
    return function_page(console, name, event_form=form, outcome=outcome)


def _outcome(told: Shape) -> Outcome:
    text = bytes(told.get("Payload") or b"").decode("utf-8", "replace") or _WITHOUT_ANSWER.get(told["StatusCode"], "")
    try:
        payload: str = highlight_json(json.dumps(json.loads(text), indent=2, ensure_ascii=False))
    except (ValueError, RecursionError):
        payload = text
    log = base64.b64decode(told.get("LogResult") or "").decode("utf-8", "replace")
    return Outcome(bool(told.get("FunctionError")), payload, log)
