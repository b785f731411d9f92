"""A stage for a deployment that is there already."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect

from apps.deployments.models import Deployment
from portal.console.api_frame import STAGE_NAME, api_frame
from portal.console.commands import Command
from portal.console.fields import offer
from portal.console.gate import Console, console_page


class NewStageForm(forms.Form):
    """A name, and what it runs."""

    name = forms.SlugField(
        label="Stage name",
        max_length=128,
        help_text="Becomes the first part of the invoke URL.",
        error_messages={"invalid": STAGE_NAME},
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )
    description = forms.CharField(label="Stage description", max_length=1024, required=False)
    deployment = forms.ChoiceField(
        label="Deployment", help_text="What the stage runs. To bring what the API is now to a stage, deploy the API."
    )

    def __init__(self, *args: Any, deployments: list[Deployment], **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "deployment", [(one.deployment_id, _label(one)) for one in deployments])


def _label(row: Deployment) -> str:
    return f"{row.created:%Y-%m-%d %H:%M} · {row.deployment_id} {(row.description or '')[:60]}".strip()


@console_page("GET", "POST")
def create_stage(console: Console, api_id: str) -> HttpResponseBase:
    """The form; its settings are on the page of the stage."""
    frame = api_frame(console, api_id, "stages")
    rows = Deployment.objects.filter(rest_api=frame.api).defer("document", "openapi").order_by("-pk")[:100]
    form = NewStageForm(console.posted, deployments=list(rows))
    if form.is_valid():
        data = form.cleaned_data
        request = {"restApiId": api_id, "stageName": data["name"], "deploymentId": data["deployment"]}
        if data["description"]:
            request["description"] = data["description"]
        if console.submit(form, "CreateStage", request) is not None:
            messages.success(console.request, f"{data['name']} answers. Its settings are below.")
            return redirect("console:stage", api_id, data["name"])
    example = {"restApiId": api_id, "stageName": "test", "deploymentId": "DEPLOYMENT_ID"}
    return frame.page(
        "console/stage_create.html",
        form=form,
        has_deployments=bool(rows),
        trail=[*frame.way, {"label": "Stages", "url": frame.url("stages")}, {"label": "Create stage"}],
        cli=[Command("CreateStage", example)],
        status=422 if form.errors else 200,
    )
