"""Publishing HTTP and WebSocket APIs; see `publisher`, which has the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apps.core import documents
from apps.core.v2_documents import v2_deployment_section, v2_stage_section
from apps.deployments.models import ConfigurationSection
from apps.deployments.sections import Sections, put_sections, revision_lock
from apps.v2_apis.freeze import stage_document
from apps.v2_apis.models import Api, Stage


def publish_v2_stages(api: Api, stages: Iterable[Stage]) -> None:
    """Publish stages that have a deployment, and retract deployments of their API that none uses any more."""
    with revision_lock():
        sections: dict[str, bytes | None] = dict(_unused_deployments(api.id))
        for stage in stages:
            sections |= _stage_sections(stage)
        put_sections(api.account_id, sections)


def retract_v2_stages(api_id: str, stage_names: Iterable[str]) -> None:
    """Take stages down, with deployments that no other stage uses. Call it after deleting their rows."""
    with revision_lock():
        gone: dict[str, bytes | None] = dict(_unused_deployments(api_id))
        gone |= {v2_stage_section(api_id, name): None for name in stage_names}
        put_sections(None, gone)


def v2_sections() -> Iterator[tuple[str, Sections]]:
    """Every section of HTTP and WebSocket APIs with its account."""
    deployed = Stage.objects.filter(deployment__isnull=False).select_related("api", "deployment")
    for stage in deployed.order_by("id").iterator():
        yield stage.api.account_id, _stage_sections(stage)


def _stage_sections(stage: Stage) -> dict[str, bytes | None]:
    deployment = stage.deployment
    assert deployment is not None
    return {
        v2_deployment_section(stage.api_id, deployment.deployment_id): deployment.document.encode(),
        v2_stage_section(stage.api_id, stage.name): documents.encode(stage_document(stage)),
    }


def _unused_deployments(api_id: str) -> dict[str, None]:
    """Published deployments of an API that no stage points to."""
    published = ConfigurationSection.objects.filter(
        name__startswith=v2_deployment_section(api_id, ""), document__isnull=False
    ).values_list("name", flat=True)
    used = Stage.objects.filter(api_id=api_id, deployment__isnull=False)
    kept = {v2_deployment_section(api_id, each) for each in used.values_list("deployment__deployment_id", flat=True)}
    return dict.fromkeys(set(published) - kept)
