"""What a stage serves, as files: its definition, and clients of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.errors import AccessDeniedException, AwsError, NotFoundException
from portal.console.api_frame import api_frame
from portal.console.api_settings import FORMATS
from portal.console.gate import Console, console_page
from portal.console.stages import console_stage, stage_trail


class SdkForm(forms.Form):
    """What a kind of SDK has to be told; a field for each of its settings."""

    def __init__(self, *args: Any, kind: dict[str, Any], **options: Any) -> None:
        super().__init__(*args, **options)
        for setting in kind.get("configurationProperties", []):
            self.fields[setting["name"]] = forms.CharField(
                label=setting.get("friendlyName") or setting["name"],
                help_text=setting.get("description", ""),
                required=bool(setting.get("required")),
                initial=setting.get("defaultValue", ""),
                widget=forms.TextInput(attrs={"spellcheck": "false"}),
            )


@console_page("GET")
def export_stage(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """The definition of what the stage serves, with AWS's extensions."""
    given = console.request.GET
    answer = console.call(
        "GetExport",
        {
            "restApiId": api_id,
            "stageName": stage_name,
            "exportType": given.get("kind", "oas30"),
            "accepts": FORMATS.get(given.get("format", "yaml"), FORMATS["yaml"]),
            "parameters": {"extensions": "apigateway"},
        },
    )
    return _file(answer)


@console_page("GET", "POST")
def download_sdk(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """A client of the stage for a language; a kind that has to be told something asks first."""
    frame = api_frame(console, api_id, "stages")
    row = console_stage(frame, stage_name)
    kind = console.call("GetSdkType", {"id": console.request.GET.get("kind", "javascript")})
    form = SdkForm(console.posted, kind=kind)
    if form.is_valid() or (not form.fields and console.posted is None):
        settings = {name: value for name, value in (form.cleaned_data if form.is_bound else {}).items() if value}
        request = {"restApiId": api_id, "stageName": stage_name, "sdkType": kind["id"], "parameters": settings}
        try:
            return _file(console.call("GetSdk", request))
        except (AccessDeniedException, NotFoundException):
            raise
        except AwsError as error:
            if not form.is_bound:
                messages.error(console.request, error.message)
                return redirect("console:stage", api_id, stage_name)
            form.add_error(None, error.message)
    return frame.page(
        "console/stage_sdk.html",
        stage=row,
        kind=kind,
        form=form,
        trail=stage_trail(frame, stage_name, f"{kind['friendlyName']} SDK"),
        status=422 if form.errors else 200,
    )


def _file(answer: dict[str, Any]) -> HttpResponse:
    headers = {"Content-Disposition": answer["contentDisposition"]}
    return HttpResponse(answer["body"], content_type=answer["contentType"], headers=headers)
