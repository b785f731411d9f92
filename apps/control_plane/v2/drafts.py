"""The draft of an HTTP or WebSocket API, and its deployment: on request, or by itself where a stage asks for that."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F

from apps.control_plane.errors import BadRequestException
from apps.core import documents, ids
from apps.deployments.v2_publisher import publish_v2_stages
from apps.v2_apis.freeze import NotDeployable, freeze
from apps.v2_apis.models import Api, Deployment, Stage

_AUTOMATIC = "Automatic deployment triggered by changes to the Api configuration"


def draft_changed(api: Api) -> None:
    """Count one more change of the draft, and deploy it to the stages that have automatic deployment."""
    Api.objects.filter(pk=api.pk).update(draft_revision=F("draft_revision") + 1)
    deploy_automatically(api, list(api.stages.filter(auto_deploy=True)))


def deploy_automatically(api: Api, stages: Iterable[Stage]) -> None:
    """Deploy the draft to stages, within the transaction of what changed it.

    What cannot be deployed leaves the stages where they are, with the reason. Earlier automatic deployments that no stage uses are
    forgotten: nobody can go back to them, and an API that is built step by step would leave hundreds.
    """
    stages = list(stages)
    if not stages:
        return
    api.refresh_from_db()
    row = Deployment(api=api, deployment_id=ids.deployment_id(), description=_AUTOMATIC, auto_deployed=True)
    try:
        row.document = documents.encode(freeze(api, row.deployment_id)).decode()
        message = f"Successfully deployed stage with deployment ID '{row.deployment_id}'"
    except NotDeployable as error:
        row.deployment_status = "FAILED"
        message = f"Deployment attempt failed: {error}"
        row.deployment_status_message = message
    row.save()
    for stage in stages:
        stage.api = api
        stage.last_deployment_status_message = message
        if row.document:
            stage.deployment = row
        stage.save()
    Deployment.objects.filter(api=api, auto_deployed=True, stages=None).exclude(pk=row.pk).delete()
    if row.document:
        publish_v2_stages(api, stages)


def deploy(api: Api, description: str | None) -> Deployment:
    """A deployment of the draft; raises BadRequestException in AWS's words when it is not complete."""
    row = Deployment(api=api, deployment_id=ids.deployment_id(), description=description)
    try:
        row.document = documents.encode(freeze(api, row.deployment_id)).decode()
    except NotDeployable as error:
        raise BadRequestException(str(error)) from error
    row.save()
    return row
