"""HTTP and WebSocket APIs as a whole: making one, its settings, its export and its end."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.control_plane.v2.expressions import API_KEY_SELECTION
from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.fields import switch
from portal.console.function_grants import grant_invocation
from portal.console.gate import Console, Shape, console_page
from portal.console.openapi_parts import WHOLE
from portal.console.v2_frame import SERVICE, V2Frame, given, v2_frame

KINDS = {"http": "HTTP", "websocket": "WEBSOCKET"}
_EXPRESSION = "$request.body.action"
_KEY_SOURCES = (
    (API_KEY_SELECTION, "The x-api-key header"),
    ("$context.authorizer.usageIdentifierKey", "An authorizer"),
)


def expression_field(**options: Any) -> forms.CharField:
    """An expression that chooses by a message."""
    return forms.CharField(
        max_length=1024, widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}), **options
    )


class HttpApiForm(forms.Form):
    """A new HTTP API; with a target it works at once."""

    name = forms.CharField(max_length=128)
    target = forms.CharField(
        label="Where calls go",
        required=False,
        max_length=2048,
        help_text="A URL, or the ARN of a function: with it the API has a route for everything and a stage, and works at once. "
        "Empty: an API without routes.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "inputmode": "url", "placeholder": "https://example.com"}),
    )
    route_key = forms.CharField(
        label="Route",
        required=False,
        max_length=1024,
        help_text="Which calls. Empty: all of them ($default).",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "ANY /pets/{proxy+}"}),
    )
    description = forms.CharField(max_length=1024, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("route_key") and not data.get("target"):
            self.add_error("target", "A route needs somewhere to lead.")
        return data

    def members(self) -> Shape:
        data = self.cleaned_data
        return given(
            {
                "Name": data["name"],
                "ProtocolType": "HTTP",
                "Description": data["description"],
                "Target": data["target"],
                "RouteKey": data["route_key"],
            }
        )


class WebSocketApiForm(forms.Form):
    """A new WebSocket API, optionally with a first stage that deploys by itself."""

    name = forms.CharField(max_length=128)
    expression = expression_field(
        label="Route selection expression",
        initial=_EXPRESSION,
        help_text='What of a message names its route: with $request.body.action, {"action": "join"} goes to the route join.',
    )
    stage = forms.SlugField(
        label="First stage",
        max_length=128,
        required=False,
        initial="production",
        help_text="It deploys every change by itself. Empty: no stage yet.",
        error_messages={"invalid": "A stage name has letters, digits, hyphens and underscores only."},
    )
    description = forms.CharField(max_length=1024, required=False)

    def members(self) -> Shape:
        data = self.cleaned_data
        return given(
            {
                "Name": data["name"],
                "ProtocolType": "WEBSOCKET",
                "Description": data["description"],
                "RouteSelectionExpression": data["expression"],
            }
        )


class HttpSettingsForm(forms.Form):
    """What UpdateApi can change of any API."""

    name = forms.CharField(max_length=128)
    description = forms.CharField(max_length=1024, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    version = forms.CharField(max_length=64, required=False, help_text="For people; it changes nothing.")
    addresses = forms.ChoiceField(
        label="IP address type",
        required=False,
        choices=[("ipv4", "IPv4"), ("dualstack", "Dualstack")],
        help_text="Kept and told, as AWS does; the gateway listens where its operator has it listen.",
    )
    closed = forms.BooleanField(
        label="Disable the default endpoint",
        required=False,
        widget=switch(),
        help_text="Invoke URLs answer no more; only custom domain names do. Acts when the API is deployed.",
    )

    def members(self) -> Shape:
        data = self.cleaned_data
        return {
            "Name": data["name"],
            "Description": data["description"],
            "Version": data["version"],
            **({"IpAddressType": data["addresses"]} if data["addresses"] else {}),
            "DisableExecuteApiEndpoint": data["closed"],
        }


class WebSocketSettingsForm(HttpSettingsForm):
    """With what only WebSocket APIs have."""

    expression = expression_field(
        label="Route selection expression",
        help_text="What of a message names its route. Acts when the API is deployed.",
    )
    key_source = forms.ChoiceField(label="API key source", choices=_KEY_SOURCES)
    unchecked = forms.BooleanField(
        label="Disable schema validation",
        required=False,
        widget=switch(),
        help_text="Models of routes are then ignored.",
    )

    field_order = ["name", "description", "version", "addresses", "expression", "key_source", "unchecked", "closed"]

    def members(self) -> Shape:
        data = self.cleaned_data
        return {
            **super().members(),
            "RouteSelectionExpression": data["expression"],
            "ApiKeySelectionExpression": data["key_source"],
            "DisableSchemaValidation": data["unchecked"],
        }


@console_page("GET", "POST")
def create(console: Console, kind: str) -> HttpResponseBase:
    """A new API of a kind: `http` or `websocket`."""
    if kind not in KINDS:
        raise Http404("no such kind of API")
    form: HttpApiForm | WebSocketApiForm
    form = HttpApiForm(console.posted) if kind == "http" else WebSocketApiForm(console.posted)
    if form.is_valid():
        created = console.carry_out(form, lambda: _create(console, form))
        if created is not None:
            messages.success(console.request, f"{created['Name']} exists.")
            return redirect("console:v2_api", created["ApiId"])
    example = {"Name": "pets", "ProtocolType": "HTTP", "Target": "https://example.com"}
    if kind == "websocket":
        example = {"Name": "chat", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": _EXPRESSION}
    return console.page(
        "console/v2/create.html",
        section="apis",
        form=form,
        kind=kind,
        trail=[{"label": "APIs", "url": reverse("console:home")}, {"label": "Create API"}],
        cli=command_samples(console, [Command("CreateApi", example, service=SERVICE)]),
        status=422 if form.errors else 200,
    )


def _create(console: Console, form: HttpApiForm | WebSocketApiForm) -> Shape:
    with transaction.atomic():
        members = form.members()
        created = console.call("CreateApi", members, SERVICE)
        grant_invocation(console, created["ApiId"], members.get("Target"))
        stage = form.cleaned_data.get("stage")
        if stage:
            request = {"ApiId": created["ApiId"], "StageName": stage, "AutoDeploy": True}
            console.call("CreateStage", request, SERVICE)
    return created


@console_page("GET", "POST")
def settings(console: Console, api_id: str) -> HttpResponseBase:
    """Settings, export and end of an API."""
    frame = v2_frame(console, api_id, "v2_settings")
    make = WebSocketSettingsForm if frame.api.websocket else HttpSettingsForm
    form = make(console.posted, initial=_initial(frame))
    if form.is_valid() and frame.saves(form, "UpdateApi", "Saved.", **form.members()):
        return frame.to("v2_settings")
    cli = [frame.command("UpdateApi", Name=frame.api.name)]
    if not frame.api.websocket:
        cli.append(frame.command("ExportApi", Specification="OAS30", OutputType="YAML"))
    return frame.page("console/v2/settings.html", steps=("Settings",), form=form, cli=cli, openapi=WHOLE)


def _initial(frame: V2Frame) -> dict[str, Any]:
    api = frame.api
    return {
        "name": api.name,
        "description": api.description,
        "version": api.version,
        "addresses": api.ip_address_type,
        "closed": api.disable_execute_api_endpoint,
        "expression": api.route_selection_expression,
        "key_source": api.api_key_selection_expression,
        "unchecked": bool(api.disable_schema_validation),
    }


@console_page("GET")
def export(console: Console, api_id: str) -> HttpResponseBase:
    """An HTTP API as a file: as it is being edited, or as a stage serves it."""
    frame = v2_frame(console, api_id, "v2_settings")
    asked = console.request.GET
    kind = "JSON" if asked.get("format") == "json" else "YAML"
    request = given({"Specification": "OAS30", "OutputType": kind, "StageName": asked.get("stage", "")})
    body = frame.call("ExportApi", **request, IncludeExtensions=bool(asked.get("extensions")))["body"]
    name = f"{api_id}{'-' + asked['stage'].strip('$') if asked.get('stage') else ''}.{kind.lower()}"
    return HttpResponse(
        body,
        content_type=f"application/{kind.lower()}",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@console_page("POST")
def delete(console: Console, api_id: str) -> HttpResponseBase:
    """Delete an API with its stages, after its name has been typed."""
    frame = v2_frame(console, api_id, "v2_settings")
    name = frame.api.name
    if console.request.POST.get("confirmation", "").strip() != name.strip():
        messages.error(console.request, f"Type {name} to delete the API. Nothing was deleted.")
        return frame.to("v2_settings")
    if not frame.attempt(f"{name} is gone, with all its stages.", "DeleteApi"):
        return frame.to("v2_settings")
    return redirect("console:home")
