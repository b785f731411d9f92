"""Test calls: trying a method of the draft on a made-up request, without a deployment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django import forms
from django.http import HttpResponse, HttpResponseBase

from apps.control_plane.errors import AccessDeniedException
from apps.rest_apis.models import Method, Resource
from portal.console.api_frame import ApiFrame
from portal.console.commands import Command
from portal.console.fields import CodeField, HeadersField, PairsField
from portal.console.gate import Console, Shape, console_page
from portal.console.method_forms import VERBS
from portal.console.methods import found_method
from portal.console.openapi_parts import of_path
from portal.console.resources import resource_url, resources_of, tree
from portal.highlighting import highlight_body

_MOST_SHOWN = 65_536
_TONES = {2: "success", 3: "info", 4: "warning", 5: "danger"}
_VARIABLE = re.compile(r"\{([^{}+]+)(\+?)\}")
# What may stand in a query string as it is, `%` included: people paste what is encoded already.
_KEPT_IN_QUERY = "%/:=&?~+!$,;'@()*[]"


class TestCallForm(forms.Form):
    """A made-up request: a field for each variable of the path, and what every request may have."""

    query = forms.CharField(
        label="Query string",
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "limit=10&tag=small"}),
    )
    headers = HeadersField(label="Headers", placeholder="Accept: application/json", help_text="One per line.")
    variables = PairsField(label="Stage variables", rows=3, placeholder="backend = blue.example.com")
    body = CodeField(label="Body", rows=6, required=False)

    def __init__(self, *args: Any, resource: Resource, method: Method, **options: Any) -> None:
        super().__init__(*args, **options)
        self.path, self.verb = resource.path, method.http_method
        names = [found[1] for found in _VARIABLE.finditer(resource.path)]
        for name in names:
            widget = forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"})
            self.fields[f"path-{name}"] = forms.CharField(label=f"{{{name}}}", widget=widget)
        if self.verb == "ANY":
            self.fields["http_method"] = forms.ChoiceField(
                label="Method", choices=[(verb, verb) for verb in VERBS[:-1]]
            )
        self.order_fields(["http_method", *(f"path-{name}" for name in names)])
        self.fields["query"].help_text = _declared(method, "querystring")
        self.fields["headers"].help_text = _declared(method, "header") or "One per line."

    @property
    def of_address(self) -> list[forms.BoundField]:
        """The fields of the method, the path and the query string."""
        return [self[name] for name in self.fields if name not in ("headers", "variables", "body")]

    def request(self) -> Shape:
        """The members of TestInvokeMethod that say what is sent."""
        data = self.cleaned_data
        several: dict[str, list[str]] = {}
        for name, value in data["headers"]:
            several.setdefault(name, []).append(value)
        members: Shape = {"httpMethod": data.get("http_method", self.verb), "pathWithQueryString": self._target()}
        if several:
            members["multiValueHeaders"] = several
        if data["variables"]:
            members["stageVariables"] = data["variables"]
        if data["body"]:
            members["body"] = data["body"]
        return members

    def _target(self) -> str:
        def value(found: re.Match[str]) -> str:
            return quote(self.cleaned_data[f"path-{found[1]}"], safe="/" if found[2] else "")

        path = _VARIABLE.sub(value, self.path)
        query = quote(self.cleaned_data["query"].removeprefix("?"), safe=_KEPT_IN_QUERY)
        return f"{path}?{query}" if query else path


@dataclass(frozen=True)
class TestAnswer:
    """What came of a test call. `latency` is milliseconds; `cut` says that body or log were too long to show whole.
    `request_id` names its story.
    """

    status: str
    tone: str
    latency: int
    headers: list[tuple[str, str]]
    body: str
    log: str
    cut: bool
    request_id: str


@console_page("GET", "POST")
def test_method(console: Console, api_id: str, resource_id: str, verb: str) -> HttpResponseBase:
    """Try a method of the draft. A viewer, who may not, is told so."""
    frame, resource, method = found_method(console, api_id, resource_id, verb)
    if console.request.method == "POST" and not console.may_write:
        raise AccessDeniedException("A viewer cannot make test calls.")
    variables = frame.main_stage.variables if frame.main_stage else {}
    form = TestCallForm(console.posted, initial={"variables": variables}, resource=resource, method=method)
    names = {"restApiId": api_id, "resourceId": resource_id}
    asked: Shape = {"httpMethod": "GET" if verb == "ANY" else verb, "pathWithQueryString": resource.path}
    answer: TestAnswer | None = None
    if form.is_valid():
        asked = form.request()
        told = console.submit(form, "TestInvokeMethod", {**names, **asked})
        answer = _answer(told) if told is not None else None
    cli = [Command("TestInvokeMethod", {**names, **asked})]
    return _page(frame, resource, method, form, answer, cli)


def _page(
    frame: ApiFrame,
    resource: Resource,
    method: Method,
    form: TestCallForm,
    answer: TestAnswer | None,
    cli: list[Command],
) -> HttpResponse:
    resources = list(resources_of(frame.api))
    verb = method.http_method
    response = frame.page(
        "console/api.html",
        openapi=of_path(resource.path, method.http_method),
        nodes=tree(frame.api, resources, resource, method),
        resource=resource,
        test_form=form,
        answer=answer,
        verb=verb,
        has_integration=hasattr(method, "integration"),
        trail=[
            *frame.way,
            {"label": f"{verb} {resource.path}", "url": resource_url(frame.api.id, resource.resource_id, verb)},
            {"label": "Test"},
        ],
        cli=cli,
        status=422 if form.errors else 200,
    )
    if form.errors:
        # Where only parts of the page are replaced, one is led to what is wrong.
        response["HX-Reswap"] = "outerHTML show:#test-form:top"
    return response


def _answer(told: Shape) -> TestAnswer:
    status, body, log = int(told["status"]), str(told.get("body") or ""), str(told.get("log") or "")
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    headers = [(name, value) for name, values in (told.get("multiValueHeaders") or {}).items() for value in values]
    return TestAnswer(
        status=f"{status} {phrase}".strip(),
        tone=_TONES.get(status // 100, "neutral"),
        latency=int(told.get("latency") or 0),
        headers=headers,
        body=highlight_body(body, _MOST_SHOWN),
        log=log[:_MOST_SHOWN],
        cut=max(len(body), len(log)) > _MOST_SHOWN,
        request_id=log.partition("\n")[0].rpartition(" ")[2],
    )


def _declared(method: Method, place: str) -> str:
    """The parameters that the method names, as a hint."""
    names = [
        f"{name.rpartition('.')[2]} ({'required' if required else 'optional'})"
        for name, required in sorted(method.request_parameters.items())
        if name.split(".")[2].endswith(place)
    ]
    return f"The method names {', '.join(names)}." if names else ""
