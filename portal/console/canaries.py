"""A stage's canary: the deployment that takes a share of its requests, how it compares, its guard, promoting and ending it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.errors import NotFoundException
from apps.deployments.canaries import running_canary
from apps.deployments.models import Stage, StageCanary
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.canary_comparison import side_by_side
from portal.console.commands import Command
from portal.console.drafts import is_behind
from portal.console.fields import PairsField, Patch, offer, plain, switch
from portal.console.gate import Console, Shape, console_page
from portal.console.stages import console_stage, stage_trail

_AT = "/canarySettings"
_SERVICE = "gatehouse"
_NOW = "now"
"""The choice to deploy what the API is now to the canary."""


class CanaryForm(forms.Form):
    """Which deployment takes how much."""

    deployment = forms.ChoiceField(label="Deployment")
    percent = forms.FloatField(
        label="Requests directed to canary",
        min_value=0,
        max_value=100,
        help_text="Percent, 0.0 to 100.0. Each request draws anew.",
    )
    overrides = PairsField(
        label="Canary stage variables",
        placeholder="backend = green.example.com",
        help_text="One per line, on top of the stage's.",
    )
    use_stage_cache = forms.BooleanField(label="Stage cache", required=False, widget=switch())

    def __init__(self, *args: Any, deployments: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "deployment", deployments)


class GuardForm(forms.Form):
    """When a canary is rolled back or promoted without anybody looking. Empty: not for that."""

    minimum = forms.IntegerField(
        label="After requests",
        min_value=1,
        max_value=1_000_000,
        initial=100,
        help_text="The canary is judged once it has answered so many.",
    )
    error_margin = forms.FloatField(
        label="Roll back when errors exceed the stage's by",
        min_value=0,
        max_value=100,
        required=False,
        help_text="Percentage points of 5xx. Empty: never for errors.",
    )
    client_errors = forms.BooleanField(label="Count 4xx as errors, too", required=False, widget=switch())
    latency = forms.FloatField(
        label="Roll back when p95 exceeds the stage's by",
        min_value=0,
        max_value=10_000,
        required=False,
        help_text="Percent of it. Empty: never for latency.",
    )
    promote = forms.IntegerField(
        label="Promote after",
        min_value=1,
        max_value=43_200,
        required=False,
        help_text="Minutes since its release, if it keeps to the rest. Empty: people promote it.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not any(data.get(name) is not None for name in ("error_margin", "latency", "promote")):
            raise forms.ValidationError("Say when the canary is rolled back or promoted.")
        return data

    @property
    def members(self) -> Shape:
        data = self.cleaned_data
        found = {
            "minimumRequests": data["minimum"],
            "errorRateMargin": data["error_margin"],
            "latencyMargin": data["latency"],
            "countClientErrors": data["client_errors"] or None,
            "promoteAfterSeconds": None if data["promote"] is None else 60 * data["promote"],
        }
        return {name: value for name, value in found.items() if value is not None}


@console_page("GET", "POST")
def canary(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """The canary of a stage beside the stage, or the form that releases one."""
    frame = api_frame(console, api_id, "stages")
    row = console_stage(frame, stage_name)
    names = {"restApiId": api_id, "stageName": stage_name}
    form = CanaryForm(console.posted, initial=_initial(row), deployments=_deployments(frame))
    if form.is_valid() and console.submit(form, *_release(row, form.cleaned_data, names)) is not None:
        percent = f"{form.cleaned_data['percent']:g}"
        messages.success(console.request, f"{percent} % of the requests to {stage_name} go to its canary now.")
        return redirect("console:canary", api_id, stage_name)
    return _page(frame, row, form=form)


@console_page("POST")
def guard_canary(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """Set the rule by which a canary is rolled back and promoted; `remove` takes it away."""
    frame = api_frame(console, api_id, "stages")
    row = console_stage(frame, stage_name)
    names = {"restApiId": api_id, "stageName": stage_name}
    if "remove" in console.request.POST:
        console.attempt("People decide about the canary.", "DeleteCanaryGuard", names, _SERVICE)
        return redirect("console:canary", api_id, stage_name)
    form = GuardForm(console.posted, prefix="guard")
    if form.is_valid() and console.submit(form, "PutCanaryGuard", {**names, **form.members}, _SERVICE) is not None:
        messages.success(console.request, "The guard watches the canary.")
        return redirect("console:canary", api_id, stage_name)
    return _page(frame, row, guard_form=form)


@console_page("POST")
def promote_canary(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """Give the stage the canary's deployment and variables, and end the release."""
    return _finish(console, api_id, stage_name, "PromoteCanary", f"{stage_name} is what its canary was.")


@console_page("POST")
def end_canary(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """Give the canary's requests back to the stage's own deployment."""
    return _finish(console, api_id, stage_name, "EndCanary", f"{stage_name} has no canary any more.")


def _finish(console: Console, api_id: str, stage_name: str, operation: str, done: str) -> HttpResponseBase:
    console_stage(api_frame(console, api_id, "stages"), stage_name)
    request = {"restApiId": api_id, "stageName": stage_name}
    if meant := console.request.POST.get("deployment"):
        request["deploymentId"] = meant
    try:
        console.attempt(done, operation, request, _SERVICE)
    except NotFoundException as error:
        # Somebody, or the guard, was faster.
        messages.error(console.request, error.message)
    return redirect("console:stage", api_id, stage_name)


def _page(
    frame: ApiFrame, row: Stage, *, form: CanaryForm | None = None, guard_form: GuardForm | None = None
) -> HttpResponseBase:
    names = {"restApiId": frame.api.id, "stageName": row.name}
    known = running_canary(row)
    failed = any(one is not None and one.errors for one in (form, guard_form))
    return frame.page(
        "console/canary.html",
        stage=row,
        known=known,
        form=form or CanaryForm(initial=_initial(row), deployments=_deployments(frame)),
        guard_form=guard_form or GuardForm(prefix="guard", initial=_guard_of(known)),
        finished=row.canaries.exclude(ended=None).order_by("-pk")[:5],
        trail=stage_trail(frame, row.name, "Canary"),
        **(side_by_side(row, known) if known else {}),
        cli=[
            Command("UpdateStage", {**names, "patchOperations": [
                {"op": "replace", "path": f"{_AT}/percentTraffic", "value": "10.0"}]}),
            Command("PutCanaryGuard", {**names, "minimumRequests": 100, "errorRateMargin": 1.0}, service=_SERVICE),
            Command("GetCanary", names, service=_SERVICE),
            Command("PromoteCanary", names, service=_SERVICE),
        ],
        status=422 if failed else 200,
    )  # fmt: skip


def _guard_of(known: StageCanary | None) -> dict[str, Any] | None:
    guard = known.guard if known else None
    if not guard:
        return None
    seconds = guard.get("promoteAfterSeconds")
    return {
        "minimum": guard["minimumRequests"],
        "error_margin": guard.get("errorRateMargin"),
        "latency": guard.get("latencyMargin"),
        "client_errors": bool(guard.get("countClientErrors")),
        "promote": None if seconds is None else seconds // 60,
    }


def _deployments(frame: ApiFrame) -> list[tuple[str, str]]:
    rows = frame.api.deployments.order_by("-pk").values_list("deployment_id", "description")[:100]
    now = (_NOW, "What the API is now, as a new deployment")
    return [
        now,
        *[(deployment_id, f"{deployment_id} {description or ''}".strip()) for deployment_id, description in rows],
    ]


def _initial(row: Stage) -> dict[str, Any]:
    settings = row.canary_settings or {}
    return {
        "deployment": settings.get("deploymentId", _NOW if is_behind(row, row.rest_api) else ""),
        "percent": plain(float(settings.get("percentTraffic", 10.0))),
        "overrides": settings.get("stageVariableOverrides", {}),
        "use_stage_cache": bool(settings.get("useStageCache")),
    }


def _release(row: Stage, data: dict[str, Any], names: Shape) -> tuple[str, Shape]:
    """The operation that gives the stage this canary, with its request."""
    if data["deployment"] != _NOW:
        return "UpdateStage", {**names, "patchOperations": _patches(row, data)}
    settings = {
        "percentTraffic": data["percent"],
        "stageVariableOverrides": data["overrides"],
        "useStageCache": data["use_stage_cache"],
    }
    return "CreateDeployment", {**names, "canarySettings": settings}


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
