"""Deployments of an HTTP or WebSocket API: making one, the history, and pointing a stage back."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponseBase

from apps.control_plane.paging import page
from apps.v2_apis.models import Deployment, Stage
from portal.console.gate import Console, console_page
from portal.console.v2_drafts import DEPLOYED
from portal.console.v2_frame import V2Frame, given, v2_frame
from portal.console.v2_stages import v2_stage

_PAGE = 25
_OFFERED = 100


@dataclass(frozen=True)
class WayBack:
    """A stage that runs something, and the deployment that was made before it."""

    stage: Stage
    previous: Deployment | None


@console_page("GET")
def deployments(console: Console, api_id: str) -> HttpResponseBase:
    """All deployments, latest first, and where each is live."""
    frame = v2_frame(console, api_id, "v2_deployments")
    position = console.request.GET.get("position", "")
    rows, following = page(
        frame.api.deployments.defer("document").prefetch_related("stages"),
        {"limit": _PAGE, "position": position},
        "-pk",
    )
    return frame.page(
        "console/v2/deployments.html",
        steps=("Deployments",),
        deployments=rows,
        returns=_ways_back(frame),
        next_url=f"?position={following}" if following else "",
        first_url=frame.url("v2_deployments") if position else "",
        cli=[frame.command("GetDeployments")],
    )


@console_page("POST")
def deploy(console: Console, api_id: str) -> HttpResponseBase:
    """Freeze the API and point a stage at it."""
    frame = v2_frame(console, api_id, "v2_deployments")
    form = frame.deploy_form(console.request.POST)
    if form.is_valid():
        stage = form.cleaned_data["stage"]
        request = given({"StageName": stage, "Description": form.cleaned_data["description"]})
        if frame.saves(form, "CreateDeployment", f"The API as it is now is live on {stage}.", **request):
            return frame.to("v2_stage", stage)
    return frame.page(
        "console/v2/deployments.html",
        steps=("Deployments",),
        deployments=frame.api.deployments.defer("document").prefetch_related("stages").order_by("-pk")[:_PAGE],
        returns=_ways_back(frame),
        deploy_form=form,
        cli=[frame.command("CreateDeployment", StageName="prod")],
        status=422,
    )


@console_page("POST")
def point(console: Console, api_id: str) -> HttpResponseBase:
    """Point a stage at another deployment. One that deployed by itself stops doing so: else it would move on at the next change."""
    frame = v2_frame(console, api_id, "v2_deployments")
    stage = v2_stage(frame, console.request.POST.get("stage", ""))
    deployment = console.request.POST.get("deployment", "")
    done = f"{stage.name} runs deployment {deployment}."
    if stage.auto_deploy:
        done += " It no longer deploys by itself: turn that on again in its settings."
    request = {"StageName": stage.name, "DeploymentId": deployment, "AutoDeploy": False}
    frame.attempt(done, "UpdateStage", **request)
    return frame.to("v2_deployments")


@console_page("POST")
def describe_deployment(console: Console, api_id: str, deployment_id: str) -> HttpResponseBase:
    """Describe a deployment anew; what it froze never changes."""
    frame = v2_frame(console, api_id, "v2_deployments")
    description = console.request.POST.get("description", "").strip()
    request = {"DeploymentId": deployment_id, "Description": description}
    frame.attempt("The description is saved.", "UpdateDeployment", **request)
    return frame.to("v2_deployments")


@console_page("POST")
def delete_deployment(console: Console, api_id: str, deployment_id: str) -> HttpResponseBase:
    """Forget a deployment that no stage runs."""
    frame = v2_frame(console, api_id, "v2_deployments")
    frame.attempt(f"Deployment {deployment_id} is gone.", "DeleteDeployment", DeploymentId=deployment_id)
    return frame.to("v2_deployments")


def _ways_back(frame: V2Frame) -> list[WayBack]:
    """For each stage that runs something, where one click takes it back to."""
    made = list(frame.api.deployments.filter(deployment_status=DEPLOYED).defer("document").order_by("-pk")[:_OFFERED])
    return [
        WayBack(stage, next((row for row in made if row.pk < stage.deployment.pk), None))
        for stage in frame.stages
        if stage.deployment is not None
    ]
