"""A stage's canary: the deployment that takes a share of its requests, promoting it and ending it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect

from apps.deployments.models import Stage
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.commands import Command
from portal.console.fields import PairsField, Patch, plain, switch
from portal.console.gate import Console, console_page
from portal.console.stages import console_stage, stage_trail

_AT = "/canarySettings"
_PROMOTION: list[Patch] = [
    {"op": "copy", "path": "/deploymentId", "from": f"{_AT}/deploymentId"},
    {"op": "copy", "path": "/variables", "from": f"{_AT}/stageVariableOverrides"},
    {"op": "remove", "path": _AT},
]


class CanaryForm(forms.Form):
    """Which deployment takes how much."""

    deployment = forms.ChoiceField(label="Deployment")
    percent = forms.FloatField(
        label="Share of the requests",
        min_value=0,
        max_value=100,
        help_text="Percent, 0.0 to 100.0. Each request draws anew.",
    )
    overrides = PairsField(
        label="Stage variables of the canary",
        placeholder="backend = green.example.com",
        help_text="One per line, on top of the stage's.",
    )
    use_stage_cache = forms.BooleanField(label="Share the stage's cache", required=False, widget=switch())

    def __init__(self, *args: Any, deployments: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        choice = self.fields["deployment"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = deployments


@console_page("GET", "POST")
def canary(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """The canary of a stage, or the form that releases one."""
    frame = api_frame(console, api_id, "stages")
    row = console_stage(frame, stage_name)
    names = {"restApiId": api_id, "stageName": stage_name}
    form = CanaryForm(console.posted, initial=_initial(row), deployments=_deployments(frame))
    if form.is_valid():
        request = {**names, "patchOperations": _patches(row, form.cleaned_data)}
        if console.submit(form, "UpdateStage", request) is not None:
            percent = f"{form.cleaned_data['percent']:g}"
            messages.success(console.request, f"{percent} % of the requests to {stage_name} go to its canary now.")
            return redirect("console:canary", api_id, stage_name)
    return frame.page(
        "console/canary.html",
        stage=row,
        form=form,
        trail=stage_trail(frame, stage_name, "Canary"),
        cli=[
            Command("UpdateStage", {**names, "patchOperations": [
                {"op": "replace", "path": f"{_AT}/percentTraffic", "value": "10.0"}]}),
            Command("UpdateStage", {**names, "patchOperations": _PROMOTION}),
        ],
        status=422 if form.errors else 200,
    )  # fmt: skip


@console_page("POST")
def promote_canary(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """Give the stage the canary's deployment and variables, and end the release."""
    request = {"restApiId": api_id, "stageName": stage_name, "patchOperations": _PROMOTION}
    console.attempt(f"{stage_name} is what its canary was.", "UpdateStage", request)
    return redirect("console:stage", api_id, stage_name)


@console_page("POST")
def end_canary(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """Give the canary's requests back to the stage's own deployment."""
    patches = [{"op": "remove", "path": _AT}]
    request = {"restApiId": api_id, "stageName": stage_name, "patchOperations": patches}
    console.attempt(f"{stage_name} has no canary any more.", "UpdateStage", request)
    return redirect("console:stage", api_id, stage_name)


def _deployments(frame: ApiFrame) -> list[tuple[str, str]]:
    rows = frame.api.deployments.order_by("-pk").values_list("deployment_id", "description")[:100]
    return [(deployment_id, f"{deployment_id} {description or ''}".strip()) for deployment_id, description in rows]


def _initial(row: Stage) -> dict[str, Any]:
    settings = row.canary_settings or {}
    return {
        "deployment": settings.get("deploymentId", ""),
        "percent": plain(float(settings.get("percentTraffic", 10.0))),
        "overrides": settings.get("stageVariableOverrides", {}),
        "use_stage_cache": bool(settings.get("useStageCache")),
    }


def _patches(row: Stage, data: dict[str, Any]) -> list[Patch]:
    """What brings the stage's canary to the form; its variables are patched one by one."""
    before = (row.canary_settings or {}).get("stageVariableOverrides", {})
    gone = [name for name in before if name not in data["overrides"]]
    return [
        {"op": "replace", "path": f"{_AT}/deploymentId", "value": data["deployment"]},
        {"op": "replace", "path": f"{_AT}/percentTraffic", "value": str(data["percent"])},
        {"op": "replace", "path": f"{_AT}/useStageCache", "value": str(data["use_stage_cache"]).lower()},
        *({"op": "remove", "path": f"{_AT}/stageVariableOverrides/{name}"} for name in gone),
        *(
            {"op": "replace", "path": f"{_AT}/stageVariableOverrides/{name}", "value": value}
            for name, value in data["overrides"].items()
        ),
    ]
