"""A stage's cache: whether answers are kept, for how long, and who may have them fresh."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.v1.method_settings import DEFAULT_METHOD_SETTING
from apps.control_plane.v1.stage_settings import CACHE_CLUSTER_SIZES
from apps.deployments.models import Stage
from portal.console.api_frame import api_frame
from portal.console.commands import Command
from portal.console.fields import Patch, member_patch, switch
from portal.console.gate import Console, console_page
from portal.console.stages import ALL_METHODS, console_stage, stage_trail

_STRATEGIES = (
    ("FAIL_WITH_403", "Refuse the request with 403"),
    ("SUCCEED_WITH_RESPONSE_HEADER", "Give the kept answer, with a Warning header"),
    ("SUCCEED_WITHOUT_RESPONSE_HEADER", "Give the kept answer"),
)
_SETTINGS = {
    "caching": ("cachingEnabled", "enabled"),
    "ttl": ("cacheTtlInSeconds", "ttlInSeconds"),
    "encrypted": ("cacheDataEncrypted", "dataEncrypted"),
    "authorized": ("requireAuthorizationForCacheControl", "requireAuthorizationForCacheControl"),
    "strategy": ("unauthorizedCacheControlHeaderStrategy", "unauthorizedCacheControlHeaderStrategy"),
}
"""The fields about all methods: AWS's member, and the last part of the path that patches it."""


class CacheForm(forms.Form):
    """The cache of a stage, and what holds of all its GET methods."""

    cluster = forms.BooleanField(label="Provision API cache", required=False, widget=switch())
    size = forms.ChoiceField(
        label="Cache capacity",
        choices=[(size, f"{size} GB") for size in CACHE_CLUSTER_SIZES],
        help_text="The most that the stage keeps, within what the operator allows each stage. Another size empties the cache.",
    )
    caching = forms.BooleanField(
        label="Default method-level caching",
        required=False,
        widget=switch(),
        help_text="Keep the answers of all GET methods. A method's own settings come first. Requests that differ in no cache key parameter get one answer.",
    )
    ttl = forms.IntegerField(
        label="Cache time-to-live (TTL)", min_value=0, max_value=3600, help_text="Seconds; 0 keeps nothing."
    )
    encrypted = forms.BooleanField(label="Encrypt cache data", required=False, widget=switch())
    authorized = forms.BooleanField(
        label="Per-key cache invalidation requires authorization",
        required=False,
        widget=switch(),
        help_text="Cache-Control: max-age=0 then needs a policy that allows execute-api:InvalidateCache.",
    )
    strategy = forms.ChoiceField(label="Unauthorized request handling", choices=_STRATEGIES)


@console_page("GET", "POST")
def stage_cache(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """The settings of the cache, and a button that flushes it."""
    frame = api_frame(console, api_id, "stages")
    row = console_stage(frame, stage_name)
    names = {"restApiId": api_id, "stageName": stage_name}
    form = CacheForm(console.posted, initial=_initial(row))
    if form.is_valid():
        patches = _patches(row, form.cleaned_data)
        if not patches or console.submit(form, "UpdateStage", {**names, "patchOperations": patches}) is not None:
            messages.success(console.request, f"The cache of {stage_name} is as you set it now.")
            return redirect("console:stage", api_id, stage_name)
    example = [{"op": "replace", "path": "/cacheClusterEnabled", "value": "true"}]
    return frame.page(
        "console/stage_cache.html",
        stage=row,
        form=form,
        trail=stage_trail(frame, stage_name, "Cache"),
        cli=[Command("UpdateStage", {**names, "patchOperations": example}), Command("FlushStageCache", names)],
        status=422 if form.errors else 200,
    )


@console_page("POST")
def flush_cache(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """Forget every answer that the stage keeps."""
    done = f"{stage_name} has forgotten all answers."
    console.attempt(done, "FlushStageCache", {"restApiId": api_id, "stageName": stage_name})
    return redirect("console:stage_cache", api_id, stage_name)


def _initial(row: Stage) -> dict[str, Any]:
    known = {**DEFAULT_METHOD_SETTING, **row.method_settings.get(ALL_METHODS, {})}
    return {
        "cluster": row.cache_cluster_enabled,
        "size": row.cache_cluster_size or CACHE_CLUSTER_SIZES[0],
        **{field: known[member] for field, (member, _) in _SETTINGS.items()},
    }


def _patches(row: Stage, data: dict[str, Any]) -> list[Patch]:
    before = _initial(row)
    patches = [*member_patch("/cacheClusterEnabled", before["cluster"], data["cluster"])]
    if data["cluster"]:
        patches += member_patch("/cacheClusterSize", row.cache_cluster_size, data["size"])
    for field, (_, path) in _SETTINGS.items():
        patches += member_patch(f"/*/*/caching/{path}", before[field], data[field])
    return patches
