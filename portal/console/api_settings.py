"""Settings of an API as a whole, its export, and its end."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from apps.rest_apis.models import RestApi
from portal.console.api_frame import api_frame
from portal.console.commands import Command
from portal.console.endpoint_forms import EndpointForm, endpoint_values
from portal.console.fields import LinesField, list_patches, member_patch, switch
from portal.console.gate import Console, console_page
from portal.console.openapi_parts import WHOLE

EXPORTS = {"oas30": "OpenAPI 3.0", "swagger": "Swagger 2.0"}
FORMATS = {"json": "application/json", "yaml": "application/yaml"}


class ApiSettingsForm(EndpointForm):
    """What UpdateRestApi can change here."""

    name = forms.CharField(max_length=1024)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    api_key_source = forms.ChoiceField(
        label="API key source",
        choices=[("HEADER", "The x-api-key header"), ("AUTHORIZER", "An authorizer")],
        help_text="Where the key of a call is looked for.",
    )
    binary_media_types = LinesField(
        label="Binary media types", placeholder="image/png", help_text="One per line; */* makes every body binary."
    )
    minimum_compression_size = forms.IntegerField(
        label="Content encoding: minimum body size",
        min_value=0,
        max_value=10_485_760,
        required=False,
        help_text="Answers of so many bytes are compressed for callers who take it. Empty: none.",
    )
    disable_execute_api_endpoint = forms.BooleanField(
        label="Disable the default endpoint",
        required=False,
        widget=switch(),
        help_text="Invoke URLs answer 403 at once; only custom domains would still work.",
    )

    field_order = ("name", "description", "endpoint_type", "vpc_endpoints", "ip_address_type")


@console_page("GET", "POST")
def api_settings(console: Console, api_id: str) -> HttpResponseBase:
    """The settings page."""
    frame = api_frame(console, api_id, "api_settings")
    form = ApiSettingsForm(console.posted, initial={**_initial(frame.api), **endpoint_values(frame.api)})
    if form.is_valid():
        patches = _patches(frame.api, form.cleaned_data) + form.endpoint_patches(frame.api)
        request = {"restApiId": api_id, "patchOperations": patches}
        if not patches or console.submit(form, "UpdateRestApi", request) is not None:
            messages.success(console.request, "Saved.")
            return redirect("console:api_settings", api_id)
    export = {
        "restApiId": api_id,
        "stageName": frame.main_stage.name if frame.main_stage else "prod",
        "exportType": "oas30",
    }
    return frame.page(
        "console/api_settings.html",
        openapi=WHOLE,
        form=form,
        exports=EXPORTS,
        formats=FORMATS,
        cli=[
            Command("UpdateRestApi", {"restApiId": api_id, "patchOperations": [{"op": "replace", "path": "/name", "value": frame.api.name}]}),
            Command("GetExport", export),
        ],
        status=422 if form.errors else 200,
    )  # fmt: skip


@console_page("GET")
def export(console: Console, api_id: str) -> HttpResponseBase:
    """What a stage serves, as a file."""
    given = console.request.GET
    kind = given.get("kind", "oas30")
    answer = console.call(
        "GetExport",
        {
            "restApiId": api_id,
            "stageName": given.get("stage", ""),
            "exportType": kind,
            "accepts": FORMATS.get(given.get("format", "json"), "application/json"),
            "parameters": {"extensions": "integrations"} if given.get("integrations") else {},
        },
    )
    headers = {"Content-Disposition": answer["contentDisposition"]}
    return HttpResponse(answer["body"], content_type=answer["contentType"], headers=headers)


@console_page("POST")
def delete_api(console: Console, api_id: str) -> HttpResponseBase:
    """Delete an API with its stages, after its name has been typed."""
    api = console.caller.rest_api(api_id)
    if console.request.POST.get("confirmation", "").strip() != api.name.strip():
        messages.error(console.request, f"Type {api.name} to delete the API. Nothing was deleted.")
        return redirect("console:api_settings", api_id)
    done = f"{api.name} is gone, with all its stages."
    if console.attempt(done, "DeleteRestApi", {"restApiId": api_id}) is None:
        return redirect("console:api_settings", api_id)
    return redirect("console:home")


def _initial(api: RestApi) -> dict[str, Any]:
    return {
        "name": api.name,
        "description": api.description,
        "api_key_source": api.api_key_source,
        "binary_media_types": api.binary_media_types,
        "minimum_compression_size": api.minimum_compression_size,
        "disable_execute_api_endpoint": api.disable_execute_api_endpoint,
    }


def _patches(api: RestApi, data: dict[str, Any]) -> list[dict[str, str]]:
    return [
        *member_patch("/name", api.name, data["name"]),
        *member_patch("/description", api.description or "", data["description"]),
        *member_patch("/apiKeySource", api.api_key_source, data["api_key_source"]),
        *member_patch("/minimumCompressionSize", api.minimum_compression_size, data["minimum_compression_size"]),
        *member_patch(
            "/disableExecuteApiEndpoint", api.disable_execute_api_endpoint, data["disable_execute_api_endpoint"]
        ),
        *list_patches("/binaryMediaTypes", api.binary_media_types, data["binary_media_types"]),
    ]
