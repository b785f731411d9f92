"""Test calls of an HTTP API: the portal calls a stage as any caller would, and shows what came of it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote

from django import forms
from django.http import Http404, HttpResponseBase

from apps.control_plane.errors import AccessDeniedException
from portal.console.commands import curl
from portal.console.fields import CodeField, HeadersField, offer
from portal.console.gate import Console, console_page
from portal.console.v2_frame import V2Frame, invoke_url, own_url, v2_frame
from portal.console.v2_route_forms import VERBS
from portal.developer.tryit import Answer, ask
from portal.highlighting import highlight_body, highlight_shell

_TONES = {2: "success", 3: "info", 4: "warning", 5: "danger"}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNPRINTABLE = re.compile(r"[^\t\x20-\x7e\xa0-\xff]")
# What may stand in a path and its query as it is, `%` included: people paste what is encoded already.
_KEPT = "%/:=&?~+!$,;'@()*[]"


class HttpTestForm(forms.Form):
    """A call."""

    stage = forms.ChoiceField()
    method = forms.ChoiceField(choices=[(verb, verb) for verb in VERBS if verb != "ANY"])
    path = forms.CharField(
        max_length=4096,
        help_text="With a query string, if any.",
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "autocapitalize": "none", "placeholder": "/pets?limit=10"}
        ),
    )
    headers = HeadersField(label="Headers", placeholder="Accept: application/json", help_text="One per line.")
    body = CodeField(label="Body", rows=6, required=False)

    def __init__(self, *args: Any, frame: V2Frame, **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "stage", [(stage.name, stage.name) for stage in frame.stages if stage.deployment])

    def clean_path(self) -> str:
        path = str(self.cleaned_data["path"]).strip()
        if not path.startswith("/"):
            raise forms.ValidationError("A path begins with a slash.")
        if any(unquote(segment) in (".", "..") for segment in path.partition("?")[0].split("/")):
            raise forms.ValidationError("No part of a path can be . or .. because that would lead to another path.")
        return quote(path.partition("#")[0], safe=_KEPT)

    def clean_headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in self.cleaned_data["headers"]:
            if not _HEADER_NAME.fullmatch(name) or _UNPRINTABLE.search(value):
                raise forms.ValidationError(f"“{name}” is no header that can be sent.")
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found


@console_page("GET", "POST")
def test(console: Console, api_id: str) -> HttpResponseBase:
    """Call a stage. A viewer, who may not, is told so."""
    frame = v2_frame(console, api_id, "v2_test")
    if frame.api.websocket:
        raise Http404("WebSocket APIs have a client instead")
    if console.request.method == "POST" and not console.may_write:
        raise AccessDeniedException("A viewer cannot make test calls.")
    asked = console.request.GET
    initial = {"stage": asked.get("stage"), "method": asked.get("method", "GET"), "path": asked.get("path", "/")}
    form = HttpTestForm(console.posted, frame=frame, initial=initial)
    answer: Answer | None = None
    call = ""
    if form.is_valid():
        data = form.cleaned_data
        answer = ask(data["method"], own_url(frame.api, data["stage"]) + data["path"], data["headers"], data["body"])
        url = invoke_url(frame.api, data["stage"]) + data["path"]
        call = highlight_shell(curl(data["method"], url, data["headers"], data["body"]))
    return frame.page(
        "console/v2/test.html",
        steps=("Test",),
        form=form,
        answer=answer,
        call=call,
        tone=_TONES.get(answer.status // 100, "neutral") if answer else "",
        body=highlight_body(answer.body) if answer else "",
        request_id=answer.header("apigw-requestid") if answer else "",
        can_test=bool(form.fields["stage"].choices),  # type: ignore[attr-defined]
    )
