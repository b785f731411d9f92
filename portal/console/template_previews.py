"""What mapping templates make of a sample, shown beside their editor while one types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponseBase
from django.urls import reverse

from apps.control_plane.template_preview import preview
from apps.control_plane.test_invoke import NotARequest, TestRequest
from apps.core.documents import StageDocument
from apps.rest_apis.models import Method, Resource
from portal.console.fields import CodeField, HeadersField, PairsField
from portal.console.gate import Console, console_page
from portal.console.methods import found_method
from portal.highlighting import highlight_body

_SAMPLE = '{\n  "name": "Rex",\n  "price": 12.5,\n  "tags": ["small", "loud"]\n}'
_MOST_TEMPLATES = 10
_PREFIX = "sample"


class SampleForm(forms.Form):
    """The sample that templates are shown with."""

    body = CodeField(label="Body", rows=7, required=False, initial=_SAMPLE, language="json")
    target = forms.CharField(
        label="Path and query string", required=False, widget=forms.TextInput(attrs={"spellcheck": "false"})
    )
    headers = HeadersField(label="Headers", rows=2, placeholder="Accept: application/json")
    variables = PairsField(label="Stage variables", rows=2, placeholder="backend = blue.example.com")


@dataclass(frozen=True)
class Shown:
    """What came of the template for a content type: a text or a problem."""

    content_type: str
    text: str
    problem: str


def preview_panel(method: Method, resource: Resource, what: str) -> dict[str, Any]:
    """What console/parts/template_preview.html takes; `what` says whose body the sample is."""
    names = [resource.rest_api_id, resource.resource_id, method.http_method]
    initial = {"target": resource.path.replace("{", "").replace("+}", "").replace("}", "")}
    return {
        "form": SampleForm(prefix=_PREFIX, initial=initial),
        "url": reverse("console:preview_templates", args=names),
        "what": what,
    }


@console_page("POST")
def preview_templates(console: Console, api_id: str, resource_id: str, verb: str) -> HttpResponseBase:
    """The part of the page that shows what came of each template of the form."""
    _, resource, _ = found_method(console, api_id, resource_id, verb)
    given = console.request.POST
    form = SampleForm(given, prefix=_PREFIX)
    shown: list[Shown] = []
    if form.is_valid():
        kinds, texts = given.getlist("templates-type"), given.getlist("templates-value")
        entries = [(kind, text) for kind, text in zip(kinds, texts, strict=False) if text.strip()]
        shown = [_shown(console, resource, verb, form.cleaned_data, *entry) for entry in entries[:_MOST_TEMPLATES]]
    return console.page("console/parts/template_preview_answer.html", form=form, shown=shown)


def _shown(console: Console, resource: Resource, verb: str, data: dict[str, Any], kind: str, text: str) -> Shown:
    stage = StageDocument(
        account_id=console.account_id,
        region=console.region,
        api_id=resource.rest_api_id,
        stage_name="preview",
        deployment_id="preview",
        variables=data["variables"],
    )
    request = TestRequest("GET" if verb == "ANY" else verb, data["target"] or "/", data["headers"], data["body"])
    try:
        made = preview(text.replace("\r\n", "\n"), stage, resource.path, request, data["body"])
    except NotARequest as error:
        return Shown(kind, "", f"The sample is no request: {error}")
    return Shown(kind or "application/json", highlight_body(made.text), made.problem)
