"""What a stage does otherwise for single methods: throttle, logs, metrics and cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.patching import escape, unescape
from apps.control_plane.v1.method_settings import DEFAULT_METHOD_SETTING
from apps.deployments.models import Stage
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.commands import Command
from portal.console.fields import Patch, ThrottleForm, member_patch, plain, switch
from portal.console.first_call import methods_of
from portal.console.gate import Console, console_page
from portal.console.stage_forms import LOG_LEVELS
from portal.console.stages import ALL_METHODS, console_stage, stage_trail

_MEMBERS = {
    "rate": ("throttlingRateLimit", "throttling/rateLimit"),
    "burst": ("throttlingBurstLimit", "throttling/burstLimit"),
    "log_level": ("loggingLevel", "logging/loglevel"),
    "data_trace": ("dataTraceEnabled", "logging/dataTrace"),
    "metrics": ("metricsEnabled", "metrics/enabled"),
    "caching": ("cachingEnabled", "caching/enabled"),
    "ttl": ("cacheTtlInSeconds", "caching/ttlInSeconds"),
    "encrypted": ("cacheDataEncrypted", "caching/dataEncrypted"),
}
"""The fields: AWS's member, and the last part of the path that patches it."""


class MethodSettingsForm(ThrottleForm):
    """The settings of one method. All of them count in place of the stage's."""

    rate = forms.FloatField(
        label="Rate", min_value=0, required=False, help_text="Requests per second. Empty: no limit."
    )
    burst = forms.IntegerField(label="Burst", min_value=0, required=False, help_text="Requests at once.")
    log_level = forms.ChoiceField(label="CloudWatch logs", choices=LOG_LEVELS, required=False)
    data_trace = forms.BooleanField(label="Data tracing", required=False, widget=switch())
    metrics = forms.BooleanField(label="Detailed metrics", required=False, widget=switch())
    caching = forms.BooleanField(
        label="Method-level caching", required=False, widget=switch(), help_text="When the stage has a cache."
    )
    ttl = forms.IntegerField(label="Cache time-to-live (TTL)", min_value=0, max_value=3600, help_text="Seconds.")
    encrypted = forms.BooleanField(label="Encrypt cache data", required=False, widget=switch())

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["log_level"] = data.get("log_level") or "OFF"
        return data


@dataclass(frozen=True)
class Listed:
    """A method with its settings on a stage; `own` says that they are its own."""

    key: str
    verb: str
    path: str
    own: bool
    throttle: str
    log: str
    cache: str
    metrics: bool


@console_page("GET")
def stage_methods(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """All methods, with what the stage does for them."""
    frame = api_frame(console, api_id, "stages")
    row = console_stage(frame, stage_name)
    return frame.page(
        "console/stage_methods.html",
        stage=row,
        methods=[_listed(row, key) for key in _keys(frame, row)],
        trail=stage_trail(frame, stage_name, "Methods"),
        cli=[Command("GetStage", {"restApiId": api_id, "stageName": stage_name})],
    )


@console_page("GET", "POST")
def stage_method(console: Console, api_id: str, stage_name: str, key: str) -> HttpResponseBase:
    """The settings of one method; `key` is a path without its first slash, and a verb."""
    frame = api_frame(console, api_id, "stages")
    row = console_stage(frame, stage_name)
    key = _setting_key(key)
    if key not in _keys(frame, row):
        raise Http404("no such method")
    names = {"restApiId": api_id, "stageName": stage_name}
    form = MethodSettingsForm(console.posted, initial=_initial(row, key))
    if form.is_valid():
        patches = _patches(row, key, form.cleaned_data)
        if not patches or console.submit(form, "UpdateStage", {**names, "patchOperations": patches}) is not None:
            messages.success(console.request, "The method's settings act now.")
            return redirect("console:stage_methods", api_id, stage_name)
    example = [{"op": "replace", "path": f"/{key}/throttling/rateLimit", "value": "20"}]
    listed = _listed(row, key)
    return frame.page(
        "console/stage_method.html",
        stage=row,
        listed=listed,
        form=form,
        trail=stage_trail(frame, stage_name, f"{listed.verb} {listed.path}"),
        cli=[Command("UpdateStage", {**names, "patchOperations": example})],
        status=422 if form.errors else 200,
    )


@console_page("POST")
def reset_stage_method(console: Console, api_id: str, stage_name: str, key: str) -> HttpResponseBase:
    """Let the stage's own settings count for a method again."""
    patches = [{"op": "remove", "path": f"/{_setting_key(key)}"}]
    request = {"restApiId": api_id, "stageName": stage_name, "patchOperations": patches}
    console.attempt("The stage's own settings count for it again.", "UpdateStage", request)
    return redirect("console:stage_methods", api_id, stage_name)


def _setting_key(address: str) -> str:
    """`pets/{petId}/GET` of a page's address → `~1pets~1{petId}/GET`, as stages keep it."""
    path, _, verb = address.rpartition("/")
    return f"{escape('/' + path)}/{verb}"


def _keys(frame: ApiFrame, row: Stage) -> list[str]:
    """Every method of the draft, and what has settings on the stage besides."""
    known = [f"{escape(method.resource.path)}/{method.http_method}" for method in methods_of(frame)]
    kept = [key for key in row.method_settings if key not in known and key != ALL_METHODS]
    return [*known, *kept]


def _settings(row: Stage, key: str) -> dict[str, Any]:
    """What counts for a method: its own settings, else the stage's."""
    return {**DEFAULT_METHOD_SETTING, **(row.method_settings.get(key) or row.method_settings.get(ALL_METHODS) or {})}


def _listed(row: Stage, key: str) -> Listed:
    settings = _settings(row, key)
    path, _, verb = key.rpartition("/")
    path = unescape(path)
    rate, burst = settings["throttlingRateLimit"], settings["throttlingBurstLimit"]
    level = settings.get("loggingLevel", "OFF")
    return Listed(
        key=f"{path.removeprefix('/')}/{verb}",
        verb=verb,
        path=path,
        own=key in row.method_settings,
        throttle="the account’s" if rate < 0 else f"{plain(rate):,}/s, burst {burst:,}",
        log={"OFF": "off", "ERROR": "errors", "INFO": "every request"}[level],
        cache=f"{settings['cacheTtlInSeconds']} s"
        if row.cache_cluster_enabled and settings["cachingEnabled"]
        else "off",
        metrics=settings["metricsEnabled"],
    )


def _initial(row: Stage, key: str) -> dict[str, Any]:
    settings = _settings(row, key)
    initial = {field: settings.get(member) for field, (member, _) in _MEMBERS.items()}
    for name in ("rate", "burst"):
        initial[name] = None if settings[_MEMBERS[name][0]] < 0 else plain(settings[_MEMBERS[name][0]])
    return {**initial, "log_level": settings.get("loggingLevel", "OFF")}


def _patches(row: Stage, key: str, data: dict[str, Any]) -> list[Patch]:
    """A method that has no settings yet is given all of them, so that what the stage does for others counts for it no more."""
    before = _initial(row, key) if key in row.method_settings else {}
    patches: list[Patch] = []
    for field, (_, path) in _MEMBERS.items():
        after = -1 if data[field] is None else data[field]
        was = -1 if field in before and before[field] is None else before.get(field)
        if field in before:
            patches += member_patch(f"/{key}/{path}", was, after)
        else:
            patches += member_patch(f"/{key}/{path}", object(), after)
    return patches
