"""What of an HTTP or WebSocket API is not deployed yet, and any two of its deployments side by side."""

from __future__ import annotations

from django.http import Http404, HttpResponseBase

from apps.core.v2_documents import V2DeploymentDocument
from portal.console.changes import Difference
from portal.console.comparisons import two_of
from portal.console.gate import Console, console_page
from portal.console.v2_differences import v2_changes_between
from portal.console.v2_drafts import DEPLOYED, v2_document
from portal.console.v2_frame import V2Frame, v2_frame

_OFFERED = 100


@console_page("GET")
def changes(console: Console, api_id: str) -> HttpResponseBase:
    """The API as it is now against one stage; `?stage=` chooses which."""
    frame = v2_frame(console, api_id, "v2_changes")
    wanted = console.request.GET.get("stage", "")
    stage = next((one for one in frame.stages if one.name == wanted), frame.main_stage)
    form = frame.deploy_form()
    if stage is not None:
        form.initial["stage"] = stage.name
    return frame.page(
        "console/v2/changes.html",
        steps=("Changes",),
        stage=stage,
        difference=frame.difference(stage),
        can_deploy=console.may_write and bool(frame.by_hand),
        deploy_form=form,
        cli=[frame.command("CreateDeployment", StageName=stage.name if stage else "prod")],
    )


@console_page("GET")
def compare(console: Console, api_id: str) -> HttpResponseBase:
    """What callers would notice on the way from one deployment to another. Without a choice: the two newest."""
    frame = v2_frame(console, api_id, "v2_deployments")
    rows = list(
        frame.api.deployments.filter(deployment_status=DEPLOYED)
        .defer("document")
        .order_by("-pk")
        .prefetch_related("stages")[:_OFFERED]
    )
    before, after = two_of([row.deployment_id for row in rows], console.request.GET)
    changes = v2_changes_between(_document(frame, before), _document(frame, after)) if rows else []
    return frame.page(
        "console/v2/compare.html",
        steps=(("Deployments", frame.url("v2_deployments")), "Compare"),
        deployments=rows,
        before=before,
        after=after,
        difference=Difference(changes),
        cli=[frame.command("GetDeployment", DeploymentId=one) for one in dict.fromkeys((before, after)) if one],
    )


def _document(frame: V2Frame, deployment_id: str) -> V2DeploymentDocument:
    row = frame.api.deployments.filter(deployment_id=deployment_id, deployment_status=DEPLOYED).first()
    if row is None:
        raise Http404("no such deployment")
    return v2_document(row.document)
