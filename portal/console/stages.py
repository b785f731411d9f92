"""Stages: where they answer and the settings that act on them at once."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.deployments.models import Stage
from portal.console import addresses
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.commands import Command
from portal.console.drafts import is_behind
from portal.console.fields import PairsField, code_area, map_patches, member_patch, plain, switch
from portal.console.first_call import first_call
from portal.console.gate import Console, console_page

ALL_METHODS = "*/*"
_OBSERVED = {
    "log_level": "/*/*/logging/loglevel",
    "data_trace": "/*/*/logging/dataTrace",
    "tracing": "/tracingEnabled",
}
ACCESS_LOG_EXAMPLE = json.dumps(
    {
        "requestId": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "requestTime": "$context.requestTime",
        "httpMethod": "$context.httpMethod",
        "resourcePath": "$context.resourcePath",
        "status": "$context.status",
        "responseLength": "$context.responseLength",
    }
)


class StageForm(forms.Form):
    """What can be changed on a stage without deploying."""

    description = forms.CharField(max_length=1024, required=False)
    rate = forms.FloatField(
        label="Rate",
        min_value=0,
        required=False,
        help_text="Requests per second of every method. Empty: the account's.",
    )
    burst = forms.IntegerField(label="Burst", min_value=0, required=False, help_text="Requests at once.")
    variables = PairsField(
        label="Stage variables",
        placeholder="backend = blue.example.com",
        help_text="One per line. Integrations read them as ${stageVariables.backend}.",
    )
    log_access = forms.BooleanField(label="Write an access log", required=False, widget=switch())
    log_format = forms.CharField(
        label="Format of a line",
        required=False,
        max_length=3072,
        widget=code_area(4),
        help_text="$context variables, on one line. It must hold $context.requestId or $context.extendedRequestId.",
    )

    log_level = forms.ChoiceField(
        label="Execution log",
        choices=[("OFF", "Off"), ("ERROR", "Errors"), ("INFO", "Every request")],
        required=False,
        help_text="What happened to requests, step by step. It slows each of them a little.",
    )
    data_trace = forms.BooleanField(
        label="With headers and bodies",
        required=False,
        widget=switch(),
        help_text="Data tracing logs what callers and back ends send. For development.",
    )
    tracing = forms.BooleanField(
        label="Trace requests",
        required=False,
        widget=switch(),
        help_text="Requests get a place in an X-Ray trace; one a second and a share of the others are recorded.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        log_format = " ".join((data.get("log_format") or "").split())
        if data.get("log_access"):
            log_format = log_format or ACCESS_LOG_EXAMPLE
            if "$context.requestId" not in log_format and "$context.extendedRequestId" not in log_format:
                self.add_error("log_format", "The format must hold $context.requestId or $context.extendedRequestId.")
        data["log_level"] = data.get("log_level") or "OFF"
        data["log_format"] = log_format if data.get("log_access") else ""
        if (data.get("rate") is None) != (data.get("burst") is None) and not self.errors:
            self.add_error("rate", "Rate and burst go together: fill in both, or neither.")
        return data


@console_page("GET")
def stages(console: Console, api_id: str) -> HttpResponseBase:
    """The stages of an API."""
    frame = api_frame(console, api_id, "stages")
    rows = [
        {"stage": stage, "url": addresses.path_style(api_id, stage.name), "behind": is_behind(stage, frame.api)}
        for stage in frame.stages
    ]
    return frame.page("console/stages.html", rows=rows, cli=[Command("GetStages", {"restApiId": api_id})])


@console_page("GET", "POST")
def stage(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """One stage: its invoke URLs and its settings."""
    frame = api_frame(console, api_id, "stages")
    row = console_stage(frame, stage_name)
    initial = _initial(row)
    form = StageForm(console.posted, initial=initial)
    if form.is_valid():
        patches = _patches(row, form.cleaned_data)
        request = {"restApiId": api_id, "stageName": stage_name, "patchOperations": patches}
        if not patches or console.submit(form, "UpdateStage", request) is not None:
            messages.success(console.request, f"The settings of {stage_name} act now.")
            return redirect("console:stage", api_id, stage_name)
    names = {"restApiId": api_id, "stageName": stage_name}
    url = addresses.path_style(api_id, stage_name)
    example = [{"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "100"}]
    return frame.page(
        "console/stage.html",
        stage=row,
        form=form,
        url=url,
        host_url=addresses.host_style(api_id, console.region, stage_name),
        call=first_call(frame, stage_name),
        throttle=row.method_settings.get(ALL_METHODS, {}),
        access_log_example=ACCESS_LOG_EXAMPLE,
        behind=is_behind(row, frame.api),
        trail=stage_trail(frame, stage_name),
        cli=[Command("GetStage", names), Command("UpdateStage", {**names, "patchOperations": example})],
        status=422 if form.errors else 200,
    )


@console_page("POST")
def delete_stage(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """Take a stage down, after its name has been typed."""
    if console.request.POST.get("confirmation", "").strip() != stage_name:
        messages.error(console.request, f"Type {stage_name} to delete the stage. Nothing was deleted.")
        return redirect("console:stage", api_id, stage_name)
    request = {"restApiId": api_id, "stageName": stage_name}
    if console.attempt(f"{stage_name} is gone. Its invoke URL answers no more.", "DeleteStage", request) is None:
        return redirect("console:stage", api_id, stage_name)
    return redirect("console:stages", api_id)


def stage_trail(frame: ApiFrame, stage_name: str, last: str = "") -> list[dict[str, str]]:
    """The way to a stage, or to a page below it."""
    trail = [
        *frame.trail[:-1],
        {"label": frame.api.name, "url": frame.url("api")},
        {"label": "Stages", "url": frame.url("stages")},
        {"label": stage_name},
    ]
    if last:
        trail[-1]["url"] = reverse("console:stage", args=[frame.api.id, stage_name])
        trail.append({"label": last})
    return trail


def console_stage(frame: ApiFrame, stage_name: str) -> Stage:
    """The API's stage of this name; raises NotFoundException."""
    found = next((one for one in frame.stages if one.name == stage_name), None)
    if found is None:
        frame.console.call("GetStage", {"restApiId": frame.api.id, "stageName": stage_name})
        raise AssertionError("a stage that the list does not have exists")
    return found


def _initial(row: Stage) -> dict[str, Any]:
    throttle = row.method_settings.get(ALL_METHODS, {})
    log = row.access_log_settings or {}
    return {
        "description": row.description,
        "rate": _limit(throttle.get("throttlingRateLimit")),
        "burst": _limit(throttle.get("throttlingBurstLimit")),
        "variables": row.variables,
        "log_access": bool(log.get("format")),
        "log_format": log.get("format") or "",
        "log_level": throttle.get("loggingLevel") or "OFF",
        "data_trace": bool(throttle.get("dataTraceEnabled")),
        "tracing": row.tracing_enabled,
    }


def _limit(value: float | None) -> float | None:
    """AWS writes an absent limit as -1."""
    return None if value is None or value < 0 else plain(value)


def _patches(row: Stage, data: dict[str, Any]) -> list[dict[str, str]]:
    before = _initial(row)
    patches = [
        *member_patch("/description", before["description"] or "", data["description"]),
        *map_patches("/variables", row.variables, data["variables"]),
    ]
    if (data["rate"], data["burst"]) != (before["rate"], before["burst"]):
        rate, burst = (-1, -1) if data["rate"] is None else (data["rate"], data["burst"])
        patches += [
            {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": f"{rate:g}"},
            {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": str(burst)},
        ]
    patches += [
        {"op": "replace", "path": path, "value": _text(data[name])}
        for name, path in _OBSERVED.items()
        if data[name] != before[name]
    ]
    return patches + _log_patches(row, before["log_format"], data["log_format"])


def _text(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def _log_patches(row: Stage, before: str, after: str) -> list[dict[str, str]]:
    if before == after:
        return []
    if not after:
        return [{"op": "remove", "path": "/accessLogSettings"}]
    patches = [{"op": "replace", "path": "/accessLogSettings/format", "value": after}]
    if not (row.access_log_settings or {}).get("destinationArn"):
        api = row.rest_api
        group = f"arn:aws:logs:{api.region}:{api.account_id}:log-group:API-Gateway-Access-Logs_{api.id}/{row.name}"
        patches.append({"op": "replace", "path": "/accessLogSettings/destinationArn", "value": group})
    return patches
