"""The draft of an API against what its stages run."""

from __future__ import annotations

from apps.core import documents
from apps.deployments.freeze import NotDeployable, UnsupportedForDeployment, freeze
from apps.deployments.models import Deployment, Stage
from apps.rest_apis.models import RestApi
from portal.console.changes import Difference, changes_between

Draft = documents.DeploymentDocument | str
"""An API frozen as it is being edited; or why it cannot be deployed."""


def stages_of(api: RestApi) -> list[Stage]:
    """The API's stages with their deployments, without the documents, which are large."""
    rows = api.stages.select_related("deployment").defer("deployment__document", "deployment__openapi")
    return list(rows.order_by("name"))


def is_behind(stage: Stage, api: RestApi) -> bool:
    """Whether the draft has been edited since what the stage runs was frozen. Cheap, and true for an edit that was undone."""
    return stage.deployment.draft_revision != api.draft_revision


def main_stage(stages: list[Stage]) -> Stage | None:
    """The stage to compare with when nobody says which: production, else the one that was deployed to last."""
    named = [stage for stage in stages if stage.name in ("prod", "production", "live")]
    latest = sorted(stages, key=lambda stage: stage.deployment.created, reverse=True)
    return next(iter(named or latest), None)


def draft_of(api: RestApi) -> Draft:
    """The API as it is now."""
    try:
        return freeze(api, "draft")
    except (NotDeployable, UnsupportedForDeployment) as error:
        return str(error)


def difference(draft: Draft, stage: Stage | None) -> Difference:
    """What deploying the draft to a stage would change; without a stage everything is new."""
    if isinstance(draft, str):
        return Difference(problem=draft)
    deployed = _document(stage.deployment_id) if stage else None
    return Difference(changes_between(deployed, draft))


def _document(deployment_pk: int) -> documents.DeploymentDocument:
    body = Deployment.objects.values_list("document", flat=True).get(pk=deployment_pk)
    document = documents.decode(body)
    assert isinstance(document, documents.DeploymentDocument)
    return document
