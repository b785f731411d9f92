"""Versions of an API's documentation: published, shown by stages, described, deleted; and documentation taken over from a definition."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect

from portal.console.api_frame import api_frame
from portal.console.commands import Command
from portal.console.fields import CodeField, offer
from portal.console.gate import Console, console_page
from portal.console.paging import page_of_items

_NO_STAGE = ("", "None yet")


class VersionForm(forms.Form):
    """What is published, and where it is shown."""

    version = forms.CharField(
        max_length=64,
        help_text="Up to 64 characters. The parts as they are now are kept under it and never change.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "1.0"}),
    )
    stage = forms.ChoiceField(label="Show on stage", required=False)
    description = forms.CharField(max_length=1024, required=False)

    def __init__(self, *args: Any, stages: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "stage", [_NO_STAGE, *((name, name) for name in stages)])


class ImportForm(forms.Form):
    """A definition whose documentation is taken over, and nothing else of it."""

    definition = CodeField(label="OpenAPI definition", rows=16)
    mode = forms.ChoiceField(
        choices=[("merge", "Merge: parts at other places stay"), ("overwrite", "Overwrite: nothing else stays")]
    )
    strict = forms.BooleanField(label="Refuse it when there are warnings", required=False)


@console_page("GET", "POST")
def documentation_versions(console: Console, api_id: str) -> HttpResponseBase:
    """The versions, and publishing one."""
    frame = api_frame(console, api_id, "documentation")
    form = VersionForm(console.posted, stages=[stage.name for stage in frame.stages])
    if form.is_valid():
        data = form.cleaned_data
        request = {"restApiId": api_id, "documentationVersion": data["version"]}
        request |= {
            member: data[name]
            for name, member in (("stage", "stageName"), ("description", "description"))
            if data[name]
        }
        if console.submit(form, "CreateDocumentationVersion", request) is not None:
            messages.success(console.request, f"Version {data['version']} is published.")
            return redirect("console:documentation_versions", api_id)
    rows = console.call("GetDocumentationVersions", {"restApiId": api_id, "limit": 500}).get("items", [])
    newest_first = ((f"{len(rows) - number:05}", row) for number, row in enumerate(rows))
    pages = page_of_items(console, newest_first)
    shown: dict[str, list[str]] = {}
    for stage in frame.stages:
        shown.setdefault(stage.documentation_version or "", []).append(stage.name)
    return frame.page(
        "console/documentation_versions.html",
        form=form,
        versions=[{**row, "stages": shown.get(row["version"], [])} for row in pages.rows],
        pages=pages,
        trail=[
            *frame.way,
            {"label": "Documentation", "url": frame.url("documentation")},
            {"label": "Documentation versions"},
        ],
        cli=[
            Command("GetDocumentationVersions", {"restApiId": api_id}),
            Command("CreateDocumentationVersion", {"restApiId": api_id, "documentationVersion": "1.0"}),
        ],
        status=422 if form.errors else 200,
    )


@console_page("POST")
def show_version(console: Console, api_id: str) -> HttpResponseBase:
    """Let a stage show a version; an empty one: none."""
    given = console.request.POST
    patch = {"op": "replace", "path": "/documentationVersion", "value": given.get("version", "")}
    request = {"restApiId": api_id, "stageName": given.get("stage", ""), "patchOperations": [patch]}
    done = f"{request['stageName']} shows version {patch['value']}." if patch["value"] else "The stage shows none."
    console.attempt(done, "UpdateStage", request)
    return redirect("console:documentation_versions", api_id)


@console_page("POST")
def describe_version(console: Console, api_id: str) -> HttpResponseBase:
    """Describe a version anew; the parts that it keeps never change."""
    given = console.request.POST
    patch = {"op": "replace", "path": "/description", "value": given.get("description", "").strip()}
    names = {"restApiId": api_id, "documentationVersion": given.get("version", "")}
    console.attempt("The description is saved.", "UpdateDocumentationVersion", {**names, "patchOperations": [patch]})
    return redirect("console:documentation_versions", api_id)


@console_page("POST")
def delete_version(console: Console, api_id: str) -> HttpResponseBase:
    """Delete a version that no stage shows."""
    version = console.request.POST.get("version", "")
    names = {"restApiId": api_id, "documentationVersion": version}
    console.attempt(f"Version {version} is gone.", "DeleteDocumentationVersion", names)
    return redirect("console:documentation_versions", api_id)


@console_page("GET", "POST")
def import_documentation(console: Console, api_id: str) -> HttpResponseBase:
    """Take over what a definition says to people."""
    frame = api_frame(console, api_id, "documentation")
    form = ImportForm(console.posted)
    if form.is_valid():
        data = form.cleaned_data
        request = {
            "restApiId": api_id,
            "mode": data["mode"],
            "failOnWarnings": data["strict"],
            "body": data["definition"].encode(),
        }
        answer = console.submit(form, "ImportDocumentationParts", request)
        if answer is not None:
            number = len(answer["ids"])
            messages.success(console.request, f"{number} part{'' if number == 1 else 's'} taken over.")
            for warning in answer.get("warnings", []):
                messages.warning(console.request, warning)
            return redirect("console:documentation", api_id)
    example = {"restApiId": api_id, "mode": "merge"}
    return frame.page(
        "console/documentation_import.html",
        form=form,
        trail=[*frame.way, {"label": "Documentation", "url": frame.url("documentation")}, {"label": "Import"}],
        cli=[Command("ImportDocumentationParts", example, file="openapi.yaml")],
        status=422 if form.errors else 200,
    )
