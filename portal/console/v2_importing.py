"""From an OpenAPI definition to an HTTP API: paste, look at what it makes and what is said of it, create or replace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.errors import AwsError
from apps.control_plane.openapi.document import load
from apps.control_plane.openapi.http_apis.reading import read
from apps.control_plane.openapi.http_apis.spec import RouteSpec
from apps.control_plane.openapi.importer import PreviewNote, aws_variables, preview_notes
from apps.v2_apis.models import Api
from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.fields import switch
from portal.console.gate import Console, Shape, console_page
from portal.console.importing import DefinitionForm
from portal.console.listing import Line, line_of, listing
from portal.console.v2_frame import DEFAULT_STAGE, SERVICE


class HttpDefinitionForm(DefinitionForm):
    """With what becomes of it."""

    base_path = forms.ChoiceField(
        label="Base path of the server",
        required=False,
        choices=[
            ("ignore", "Leave it out"),
            ("prepend", "Put it before every path"),
            ("split", "Leave out its first part, put the rest before every path"),
        ],
    )
    stage = forms.BooleanField(
        label="Make a $default stage that deploys by itself", required=False, initial=True, widget=switch()
    )


@dataclass(frozen=True)
class HttpPreview:
    """What a definition would make, and what is said of it."""

    title: str
    routes: list[dict[str, str]]
    notes: list[PreviewNote]

    @property
    def errors(self) -> list[PreviewNote]:
        return [note for note in self.notes if note.severity in ("error", "unsupported")]

    @property
    def hints(self) -> list[PreviewNote]:
        return [note for note in self.notes if note.severity == "info"]

    @property
    def warnings(self) -> list[PreviewNote]:
        return [note for note in self.notes if note.severity == "warning"]


@console_page("GET", "POST")
def import_http_api(console: Console) -> HttpResponseBase:
    """Nothing is written before the button of the preview; `?api=` replaces what an API consists of."""
    wanted = console.request.POST.get("api") or console.request.GET.get("api", "")
    api = console.caller.api(wanted) if wanted else None
    form = HttpDefinitionForm(console.posted, console.request.FILES or None)
    found: HttpPreview | None = None
    if form.is_valid():
        found = preview(console, form.cleaned_data)
        if "create" in console.request.POST and not found.errors:
            made = console.carry_out(form, lambda: _write(console, form.cleaned_data, api))
            if made is not None:
                messages.success(console.request, f"{made['Name']} is imported.")
                return redirect("console:v2_api", made["ApiId"])
    return _page(console, form, api, found)


def preview(console: Console, data: dict[str, Any]) -> HttpPreview:
    """Read a definition without writing anything."""
    try:
        document = load(data["definition"].encode(), aws_variables(console.account_id, console.region))
        spec, findings = read(document, data.get("base_path") or "ignore")
    except AwsError as error:
        return HttpPreview("", [], [PreviewNote("error", error.message)])
    routes = [_route(route, spec.integrations) for route in spec.routes]
    return HttpPreview(str(spec.api.get("Name", "")), routes, preview_notes(findings.found, document))


def _route(route: RouteSpec, integrations: dict[str, Any]) -> dict[str, str]:
    method, _, path = route.key.partition(" ")
    _, request = integrations.get(route.integration or "", (None, {}))
    return {
        "method": method if path else "ANY",
        "path": path or route.key,
        "target": str(request.get("IntegrationSubtype") or request.get("IntegrationUri") or ""),
        "authorizer": route.authorizer or str(route.request.get("AuthorizationType", "")).replace("NONE", ""),
    }


def _write(console: Console, data: dict[str, Any], api: Api | None) -> Shape:
    request: Shape = {"Body": data["definition"], "Basepath": data.get("base_path") or "ignore"}
    with transaction.atomic():
        if api is not None:
            return console.call("ReimportApi", {"ApiId": api.id, **request}, SERVICE)
        made = console.call("ImportApi", request, SERVICE)
        if data["stage"]:
            stage = {"ApiId": made["ApiId"], "StageName": DEFAULT_STAGE, "AutoDeploy": True}
            console.call("CreateStage", stage, SERVICE)
    return made


def _page(console: Console, form: HttpDefinitionForm, api: Api | None, found: HttpPreview | None) -> HttpResponseBase:
    text = form.cleaned_data["definition"] if found else ""
    shown = [*found.errors, *found.warnings] if found else []
    lines: list[Line] = listing(text, shown)
    command = Command("ReimportApi", {"ApiId": api.id}, "openapi.yaml", SERVICE) if api else Command(
        "ImportApi", {}, "openapi.yaml", SERVICE
    )  # fmt: skip
    return console.page(
        "console/v2/import.html",
        section="import",
        form=form,
        api=api,
        found=found,
        definition=text,
        listing=lines,
        notes_without_line=[note for note in shown if line_of(note) is None],
        cli=command_samples(console, [command]),
        status=422 if form.errors or (found and found.errors) else 200,
    )
