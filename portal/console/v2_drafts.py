"""An HTTP or WebSocket API as it is now against what its stages run."""

from __future__ import annotations

from msgspec import structs

from apps.core import documents
from apps.core.v2_documents import V2DeploymentDocument
from apps.v2_apis.freeze import NotDeployable, freeze
from apps.v2_apis.models import Api, Stage
from portal.console.changes import Difference
from portal.console.v2_differences import v2_changes_between

DEFAULT_STAGE = "$default"
DEPLOYED = "DEPLOYED"
"""The status of a deployment that can be run."""
_MAIN = (DEFAULT_STAGE, "prod", "production", "live")

V2Draft = V2DeploymentDocument | str
"""An API frozen without a deployment's id; or why it cannot be deployed."""


def v2_draft(api: Api) -> V2Draft:
    """The API as it is now."""
    try:
        return freeze(api, "")
    except NotDeployable as error:
        return str(error)


def v2_is_behind(stage: Stage, draft: V2Draft) -> bool:
    """Whether the stage runs something else than the draft."""
    if stage.deployment is None:
        return False
    if isinstance(draft, str):
        return True
    now = structs.replace(draft, deployment_id=stage.deployment.deployment_id)
    return documents.encode(now).decode() != stage.deployment.document


def v2_main_stage(stages: list[Stage]) -> Stage | None:
    """The stage to compare with when nobody says which: one that is deployed to by hand, production, the one that was last."""
    deployed = [stage for stage in stages if stage.deployment is not None]
    return max(deployed, key=_weight, default=None)


def _weight(stage: Stage) -> tuple[bool, bool, int]:
    return not stage.auto_deploy, stage.name in _MAIN, stage.deployment_id or 0


def v2_difference(draft: V2Draft, stage: Stage | None) -> Difference:
    """What deploying the draft to a stage would change; without a stage, or on one that runs nothing yet, everything is new."""
    if isinstance(draft, str):
        return Difference(problem=draft)
    deployment = stage.deployment if stage is not None else None
    deployed = v2_document(deployment.document) if deployment is not None else None
    return Difference(v2_changes_between(deployed, draft))


def v2_document(text: str) -> V2DeploymentDocument:
    """What a deployment froze."""
    found = documents.decode(text)
    assert isinstance(found, V2DeploymentDocument)
    return found
