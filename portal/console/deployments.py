"""Bringing the draft to a stage: what would change, the deployment itself, the history, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.paging import page
from apps.deployments.models import Deployment, Stage, StageHistory
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.commands import Command
from portal.console.gate import Console, console_page

_HISTORY = 30
_PAGE = 25


@dataclass(frozen=True)
class Move:
    """A moment at which a stage began to point at a deployment."""

    history: StageHistory
    is_current: bool
    by: str


@dataclass(frozen=True)
class StageMoves:
    stage: Stage
    moves: list[Move]


@console_page("GET")
def changes(console: Console, api_id: str) -> HttpResponseBase:
    """The draft against one stage; `?stage=` chooses which."""
    frame = api_frame(console, api_id, "changes")
    wanted = console.request.GET.get("stage", "")
    stage = next((one for one in frame.stages if one.name == wanted), frame.main_stage)
    form = frame.deploy_form()
    if stage:
        form.initial["stage"] = stage.name
    return _changes_page(frame, stage, form)


@console_page("POST")
def deploy(console: Console, api_id: str) -> HttpResponseBase:
    """CreateDeployment to an existing stage or a new one."""
    frame = api_frame(console, api_id, "changes")
    form = frame.deploy_form(console.request.POST)
    if form.is_valid():
        request = {"restApiId": api_id, "stageName": form.target}
        if form.cleaned_data["description"]:
            request["description"] = form.cleaned_data["description"]
        created = console.submit(form, "CreateDeployment", request)
        if created is not None:
            messages.success(console.request, f"Deployment {created['id']} is live on {form.target}.")
            return redirect("console:stage", api_id, form.target)
    return _changes_page(frame, frame.main_stage, form, status=422)


@console_page("GET")
def deployments(console: Console, api_id: str) -> HttpResponseBase:
    """Every deployment of the API, and for each stage which of them it pointed at and when."""
    frame = api_frame(console, api_id, "deployments")
    rows, following = page(
        Deployment.objects.filter(rest_api=frame.api).defer("document", "openapi").prefetch_related("stages"),
        {"limit": _PAGE, "position": console.request.GET.get("position", "")},
        "-pk",
    )
    return frame.page(
        "console/deployments.html",
        deployments=rows,
        stage_moves=_moves(frame.stages),
        next_url=f"?position={following}" if following else "",
        first_url=frame.url("deployments") if console.request.GET.get("position") else "",
        cli=[Command("GetDeployments", {"restApiId": api_id})],
    )


@console_page("POST")
def describe_deployment(console: Console, api_id: str, deployment_id: str) -> HttpResponseBase:
    """Describe a deployment anew; what it froze never changes."""
    patch = {"op": "replace", "path": "/description", "value": console.request.POST.get("description", "").strip()}
    names = {"restApiId": api_id, "deploymentId": deployment_id}
    console.attempt("The description is saved.", "UpdateDeployment", {**names, "patchOperations": [patch]})
    return redirect("console:deployments", api_id)


@console_page("POST")
def delete_deployment(console: Console, api_id: str, deployment_id: str) -> HttpResponseBase:
    """Forget a deployment that no stage runs; stages that ran it once cannot be rolled back to it."""
    names = {"restApiId": api_id, "deploymentId": deployment_id}
    console.attempt(f"Deployment {deployment_id} is gone.", "DeleteDeployment", names)
    return redirect("console:deployments", api_id)


@console_page("POST")
def rollback(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """Point a stage at an earlier deployment. The draft stays as it is."""
    deployment_id = console.request.POST.get("deployment", "")
    console.attempt(
        f"{stage_name} runs deployment {deployment_id} again.",
        "RollbackStage",
        {"restApiId": api_id, "stageName": stage_name, "deploymentId": deployment_id},
        "gatehouse",
    )
    return redirect("console:deployments", api_id)


def _changes_page(frame: ApiFrame, stage: Stage | None, form: object, status: int = 200) -> HttpResponseBase:
    request = {"restApiId": frame.api.id, "stageName": stage.name if stage else "prod"}
    return frame.page(
        "console/changes.html",
        stage=stage,
        difference=frame.difference(stage),
        deploy_form=form,  # type: ignore[arg-type]
        cli=[Command("CreateDeployment", request)],
        status=status,
    )


def _moves(stages: list[Stage]) -> list[StageMoves]:
    """The latest moves of each stage, newest first, in one query for all of them."""
    rows = (
        StageHistory.objects.filter(stage__in=stages)
        .select_related("deployment")
        .defer("deployment__document", "deployment__openapi")
        .order_by("-pk")[: _HISTORY * max(len(stages), 1)]
    )
    by_stage: dict[int, list[Move]] = {stage.pk: [] for stage in stages}
    current = {stage.pk: stage.deployment_id for stage in stages}
    for row in rows:
        found = by_stage[row.stage_id]
        if len(found) < _HISTORY:
            found.append(Move(row, row.deployment_id == current[row.stage_id], row.principal.rpartition("/")[2]))
    return [StageMoves(stage, by_stage[stage.pk]) for stage in stages]
