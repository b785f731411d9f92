"""Stages: where they answer and the settings that act on them at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.client_certificates.models import ClientCertificate
from apps.control_plane.sdk.kinds import KINDS
from apps.deployments.models import Stage
from portal.console import addresses
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.commands import Command
from portal.console.fields import map_patches, member_patch, plain
from portal.console.first_call import first_call
from portal.console.gate import Console, console_page
from portal.console.stage_forms import ACCESS_LOG_PRESETS, StageForm
from portal.console.tags import save_tags

ALL_METHODS = "*/*"
EXPORTS = (
    ("oas30", "yaml", "OpenAPI 3.0, YAML"),
    ("oas30", "json", "OpenAPI 3.0, JSON"),
    ("swagger", "yaml", "Swagger 2.0, YAML"),
    ("swagger", "json", "Swagger 2.0, JSON"),
)
SDKS_OF_OTHERS = ("objectivec", "swift")
"""Kinds of SDK that AWS has and Gatehouse does not generate."""
_OBSERVED = {
    "log_level": "/*/*/logging/loglevel",
    "data_trace": "/*/*/logging/dataTrace",
    "metrics": "/*/*/metrics/enabled",
    "tracing": "/tracingEnabled",
}


@console_page("GET")
def stages(console: Console, api_id: str) -> HttpResponseBase:
    """The stages of an API."""
    frame = api_frame(console, api_id, "stages")
    rows = [
        {"stage": stage, "url": addresses.path_style(api_id, stage.name), "pending": frame.pending_on(stage)}
        for stage in frame.stages
    ]
    return frame.page("console/stages.html", rows=rows, cli=[Command("GetStages", {"restApiId": api_id})])


@console_page("GET", "POST")
def stage(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """One stage: its invoke URLs and its settings."""
    frame = api_frame(console, api_id, "stages")
    row = console_stage(frame, stage_name)
    tags = console.call("GetStage", {"restApiId": api_id, "stageName": stage_name}).get("tags", {})
    form = StageForm(console.posted, initial={**_initial(row), "tags": tags}, certificates=_certificates(console))
    saving = form.is_valid()
    if saving and console.carry_out(form, lambda: _save(console, row, tags, form.cleaned_data)) is not None:
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
        access_log_presets=ACCESS_LOG_PRESETS.items(),
        exports=EXPORTS,
        sdk_kinds=_sdk_kinds(),
        stage_pending=frame.pending_on(row),
        trail=stage_trail(frame, stage_name),
        cli=[Command("GetStage", names), Command("UpdateStage", {**names, "patchOperations": example})],
        status=422 if form.errors else 200,
    )


def _save(console: Console, row: Stage, tags: dict[str, str], data: dict[str, Any]) -> dict[str, Any]:
    """The settings and the tags, together or not at all."""
    arn = console.caller.arn(f"/restapis/{row.rest_api_id}/stages/{row.name}")
    with transaction.atomic():
        if patches := _patches(row, data):
            names = {"restApiId": row.rest_api_id, "stageName": row.name}
            console.call("UpdateStage", {**names, "patchOperations": patches})
        save_tags(console, arn, tags, data["tags"])
    return {}


def _certificates(console: Console) -> list[tuple[str, str]]:
    """Read as rows: a team for some APIs may choose one for a stage, though the account's list is not theirs."""
    rows = ClientCertificate.objects.filter(account_id=console.account_id, region=console.region).order_by("pk")
    return [(row.certificate_id, row.description or row.certificate_id) for row in rows.defer("private_key")]


def _sdk_kinds() -> list[dict[str, str]]:
    """The kinds of SDK that are generated here, as id and name."""
    return [{"id": kind.id, "name": kind.title} for kind in KINDS if kind.id not in SDKS_OF_OTHERS]


@console_page("POST")
def forget_authorizers(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """Forget what the authorizers of a stage have decided."""
    request = {"restApiId": api_id, "stageName": stage_name}
    console.attempt(f"{stage_name} asks its authorizers again.", "FlushStageAuthorizersCache", request)
    return redirect("console:stage", api_id, stage_name)


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
        "metrics": bool(throttle.get("metricsEnabled")),
        "tracing": row.tracing_enabled,
        "certificate": row.client_certificate_id or "",
    }


def _limit(value: float | None) -> float | None:
    """AWS writes an absent limit as -1."""
    return None if value is None or value < 0 else plain(value)


def _patches(row: Stage, data: dict[str, Any]) -> list[dict[str, str]]:
    before = _initial(row)
    patches = [
        *member_patch("/description", before["description"] or "", data["description"]),
        *map_patches("/variables", row.variables, data["variables"]),
        *member_patch("/clientCertificateId", before["certificate"], data["certificate"]),
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
