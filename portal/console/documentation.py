"""The documentation of a REST API: what is said of each place of it, in Markdown and in properties as AWS keeps them."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.errors import BadRequestException
from apps.control_plane.v1.documentation_locations import Location, location, location_of
from apps.rest_apis.models import DocumentationPart
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.commands import Command
from portal.console.documentation_places import API, KINDS, Parts, below, count, place, query, tree
from portal.console.fields import CodeField, read_json, unix_lines
from portal.console.gate import Console, console_page
from portal.developer.prose import render_markdown

_MEMBERS = ("type", "path", "method", "statusCode", "name")


class PartForm(forms.Form):
    """What is said of a place. Everything but the description is kept as AWS does: an object of JSON."""

    body = forms.CharField(
        label="Description",
        required=False,
        strip=False,
        help_text="Markdown.",
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    others = CodeField(
        label="Other properties",
        rows=6,
        language="json",
        required=False,
        help_text='An object of JSON, such as {"summary": "Lists pets", "tags": ["pets"]}. Exports carry them.',
    )

    def __init__(self, data: Any = None, *, properties: str = "{}") -> None:
        self._before = properties
        known = json.loads(properties)
        # A description that is no text has its place among the other properties.
        described = known.pop("description") if isinstance(known.get("description"), str) else ""
        others = json.dumps(known, indent=2, ensure_ascii=False) if known else ""
        super().__init__(data, initial={"body": described, "others": others})

    def clean_body(self) -> str:
        return unix_lines(self.cleaned_data["body"])

    def clean_others(self) -> dict[str, Any]:
        written = self.cleaned_data["others"]
        others = read_json(written if written.strip() else "{}")
        if not isinstance(others, dict):
            raise forms.ValidationError('Properties are an object of JSON: {"name": "value"}.')
        return others

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("body") and "description" in data.get("others", {}):
            self.add_error("others", "The description stands above already: leave it out here.")
        return data

    @property
    def properties(self) -> str:
        """The properties as AWS keeps them; as they were written when nothing of them changed."""
        data = self.cleaned_data
        now = {**({"description": data["body"]} if data["body"] else {}), **data["others"]}
        return self._before if now == json.loads(self._before) else json.dumps(now, indent=2, ensure_ascii=False)


class LocationForm(forms.Form):
    """A place of one's own choice: of every method, every status, or of what is not there yet."""

    type = forms.ChoiceField(label="What", choices=list(KINDS.items()), initial="QUERY_PARAMETER")
    path = forms.CharField(
        required=False,
        max_length=8192,
        help_text="Parameters and responses are said of everything below it too. Empty: /.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "/pets"}),
    )
    method = forms.CharField(
        required=False,
        max_length=16,
        help_text="Empty: every method.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "GET"}),
    )
    statusCode = forms.CharField(  # noqa: N815 - AWS's name
        label="Status",
        required=False,
        max_length=8,
        help_text="Of responses. Empty: every status.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "200"}),
    )
    name = forms.CharField(
        required=False,
        max_length=1024,
        help_text="Of parameters, headers, models and authorizers.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "limit"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        try:
            data["location"] = location({name: data.get(name) for name in _MEMBERS})
        except BadRequestException as error:
            raise forms.ValidationError(error.message) from None
        return data


@console_page("GET", "POST")
def documentation(console: Console, api_id: str) -> HttpResponseBase:
    """The places of the API, and what is said of the one that the address names."""
    frame = api_frame(console, api_id, "documentation")
    parts: Parts = {location_of(row): row for row in frame.api.documentation_parts.order_by("pk")}
    chosen = _chosen(console)
    row = parts.get(chosen)
    form = PartForm(console.posted, properties=row.properties if row else "{}")
    if form.is_valid() and _save(console, form, api_id, chosen, row):
        return redirect(f"{frame.url('documentation')}?{query(chosen)}")
    return _page(frame, parts, chosen, form)


@console_page("GET", "POST")
def place_part(console: Console, api_id: str) -> HttpResponseBase:
    """Choose a place that the tree does not have, to say something of it."""
    frame = api_frame(console, api_id, "documentation")
    form = LocationForm(console.posted)
    if form.is_valid():
        return redirect(f"{frame.url('documentation')}?{query(form.cleaned_data['location'])}")
    return frame.page(
        "console/documentation_place.html",
        form=form,
        trail=[
            *frame.way,
            {"label": "Documentation", "url": frame.url("documentation")},
            {"label": "Create documentation part"},
        ],
        status=422 if form.errors else 200,
    )


@console_page("POST")
def delete_part(console: Console, api_id: str, part_id: str) -> HttpResponseBase:
    """Say nothing of a place any more."""
    names = {"restApiId": api_id, "documentationPartId": part_id}
    found = console.call("GetDocumentationPart", names)
    console.attempt("The part is gone. Versions that were published keep it.", "DeleteDocumentationPart", names)
    frame = api_frame(console, api_id, "documentation")
    return redirect(f"{frame.url('documentation')}?{query(location(found['location']))}")


def _save(console: Console, form: PartForm, api_id: str, chosen: Location, row: DocumentationPart | None) -> bool:
    if row is None:
        request: dict[str, Any] = {"restApiId": api_id, "location": chosen.shape(), "properties": form.properties}
        saved = console.submit(form, "CreateDocumentationPart", request)
    elif form.properties == row.properties:
        saved = {}
    else:
        patch = {"op": "replace", "path": "/properties", "value": form.properties}
        names = {"restApiId": api_id, "documentationPartId": row.part_id}
        saved = console.submit(form, "UpdateDocumentationPart", {**names, "patchOperations": [patch]})
    if saved is None:
        return False
    messages.success(console.request, "Saved. Publish a version for stages to show it.")
    return True


def _page(frame: ApiFrame, parts: Parts, chosen: Location, form: PartForm) -> HttpResponse:
    here = place(parts, chosen)
    places, documented = count(frame.api, parts)
    example = {"restApiId": frame.api.id, "location": chosen.shape(), "properties": '{"description": "…"}'}
    inherited = here.inherited
    return frame.page(
        "console/documentation.html",
        openapi=("x-amazon-apigateway-documentation",),
        nodes=tree(frame.api, parts, chosen, frame.url("documentation")),
        place=here,
        inherited_from=place(parts, location_of(inherited)) if inherited else None,
        inherited_text=render_markdown(_description(inherited)) if inherited else "",
        below=below(frame.api, parts, chosen),
        places=places,
        documented=documented,
        form=form,
        cli=[
            Command("GetDocumentationParts", {"restApiId": frame.api.id}),
            Command("CreateDocumentationPart", example),
        ],
        status=422 if form.errors else 200,
    )


def _description(row: DocumentationPart) -> str:
    known = json.loads(row.properties)
    described = known.get("description")
    return described if isinstance(described, str) else f"```\n{row.properties}\n```"


def _chosen(console: Console) -> Location:
    """The place that the address names; without a type the API itself."""
    given = {name: console.request.GET.get(name, "") for name in _MEMBERS}
    if not given["type"]:
        return API
    try:
        return location(given)
    except BadRequestException as error:
        raise Http404(error.message) from error
