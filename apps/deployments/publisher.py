"""Publishing: sections change in the transaction of the operation that changed them, under one revision for each transaction.

Whatever else publishes waits for the lock on the revision, and documents are made from rows read under it: so revisions grow in the
order of commits, and of two transactions that touch one section the later sees what the earlier wrote. After commit the change is
announced (`announcements.py`); an announcement that fails costs no operation, a periodic task makes it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apps.accounts.models import Account, AccountSettings
from apps.core import documents
from apps.deployments.announcements import catch_up
from apps.deployments.credentials import credentials_document
from apps.deployments.domain_documents import domain_document
from apps.deployments.function_publisher import function_sections
from apps.deployments.links import links_document, places_of_links
from apps.deployments.models import ConfigurationSection, Deployment, Stage
from apps.deployments.plan_documents import account_document, keys_documents, plan_document
from apps.deployments.sections import Sections, put_sections, revision_lock
from apps.deployments.stage_documents import stage_document
from apps.deployments.v2_publisher import v2_sections
from apps.domain_names.models import DomainName
from apps.usage_plans.models import ApiKey, UsagePlan

__all__ = [
    "catch_up",
    "publish_account",
    "publish_credentials",
    "publish_domain_name",
    "publish_keys",
    "publish_links",
    "publish_plan",
    "publish_stage",
    "republish_everything",
    "retract_domain_name",
    "retract_plan",
    "retract_stage",
    "revision_lock",
]

_SHARDS_AT_ONCE = 16


def publish_stage(stage: Stage) -> None:
    """Publish a stage and the deployment it points to, and retract deployments of its API that no stage uses any more.

    Raises `UnsupportedForDeployment` when the stage's settings cannot be served; the caller's transaction should then end.
    """
    api_id = stage.rest_api_id
    with revision_lock():
        sections: dict[str, bytes | None] = dict(_unused_deployments(api_id))
        sections |= _stage_sections(stage)
        put_sections(stage.rest_api.account_id, sections)


def retract_stage(rest_api_id: str, stage_name: str) -> None:
    """Take a stage down, with its deployment when no other stage uses that. Call it after deleting the row."""
    with revision_lock():
        gone: dict[str, bytes | None] = dict(_unused_deployments(rest_api_id))
        gone[documents.stage_section(rest_api_id, stage_name)] = None
        put_sections(None, gone)


def publish_plan(plan: UsagePlan) -> None:
    """Publish a usage plan as its rows are now; one that is deleted meanwhile is left to who deletes it."""
    with revision_lock():
        now = UsagePlan.objects.filter(pk=plan.pk).first()
        if now is None:
            return
        plan = now
        name = documents.plan_section(plan.account_id, plan.region, plan.plan_id)
        put_sections(plan.account_id, {name: documents.encode(plan_document(plan))})


def retract_plan(account_id: str, region: str, plan_id: str) -> None:
    """Take a usage plan away."""
    with revision_lock():
        put_sections(account_id, {documents.plan_section(account_id, region, plan_id): None})


def publish_keys(account_id: str, region: str, key_ids: Iterable[str]) -> None:
    """Publish the shards in which these keys live (or lived: a deleted key leaves its shard)."""
    shards = {documents.key_shard(key_id) for key_id in key_ids}
    if not shards:
        return
    with revision_lock():
        put_sections(account_id, _keys_sections(account_id, region, shards))


def publish_account(settings: AccountSettings) -> None:
    """Publish an account's limits in a region."""
    with revision_lock():
        name = documents.account_section(settings.account_id, settings.region)
        put_sections(settings.account_id, {name: documents.encode(account_document(settings))})


def publish_domain_name(domain_name: DomainName) -> None:
    """Publish a custom domain name with its mappings; private ones are reached from VPC endpoints alone, and stay here."""
    if domain_name.private:
        return
    with revision_lock():
        put_sections(domain_name.account_id, _domain_sections(domain_name))


def retract_domain_name(region: str, name: str) -> None:
    """Take a public custom domain name away."""
    with revision_lock():
        put_sections(None, {documents.domain_section(region, name): None})


def publish_credentials(account_id: str) -> None:
    """Publish who of an account can sign, and what they may."""
    with revision_lock():
        put_sections(account_id, _credentials_section(account_id))


def publish_links(account_id: str, region: str) -> None:
    """Publish the VPC links of an account in a region, and what stands for the load balancers behind them."""
    with revision_lock():
        put_sections(account_id, _links_section(account_id, region))


def republish_everything() -> None:
    """Make every section again from the rows, and retract sections that no row backs: for repair after a restore by hand."""
    with revision_lock():
        backed: set[str] = set()
        for account_id, sections in _everything():
            put_sections(account_id, sections)
            backed.update(name for name, body in sections.items() if body is not None)
        published = ConfigurationSection.objects.filter(document__isnull=False).values_list("name", flat=True)
        put_sections(None, dict.fromkeys(set(published) - backed))


def _everything() -> Iterator[tuple[str, Sections]]:
    for stage in Stage.objects.select_related("rest_api", "deployment").order_by("id").iterator():
        yield stage.rest_api.account_id, _stage_sections(stage)
    yield from v2_sections()
    yield from function_sections()
    for plan in UsagePlan.objects.order_by("id").iterator():
        body = documents.encode(plan_document(plan))
        yield plan.account_id, {documents.plan_section(plan.account_id, plan.region, plan.plan_id): body}
    shards = [f"{number:02x}" for number in range(256)]
    for account_id, region in ApiKey.objects.values_list("account_id", "region").distinct().order_by():
        for start in range(0, len(shards), _SHARDS_AT_ONCE):
            yield account_id, _keys_sections(account_id, region, shards[start : start + _SHARDS_AT_ONCE])
    for domain_name in DomainName.objects.filter(domain_name_id="").order_by("id"):
        yield domain_name.account_id, _domain_sections(domain_name)
    for account in Account.objects.order_by("pk"):
        yield account.pk, _credentials_section(account.pk)
    for account_id, region in places_of_links():
        yield account_id, _links_section(account_id, region)
    for settings in AccountSettings.objects.order_by("id").iterator():
        name = documents.account_section(settings.account_id, settings.region)
        yield settings.account_id, {name: documents.encode(account_document(settings))}


def _links_section(account_id: str, region: str) -> dict[str, bytes | None]:
    document = links_document(account_id, region)
    filled = document.links or document.balancers
    return {documents.links_section(account_id, region): documents.encode(document) if filled else None}


def _credentials_section(account_id: str) -> dict[str, bytes | None]:
    document = credentials_document(account_id)
    return {documents.credentials_section(account_id): documents.encode(document) if document.keys else None}


def _stage_sections(stage: Stage) -> dict[str, bytes | None]:
    """A stage with the deployments that it serves: its own, and its canary's."""
    deployments = [stage.deployment]
    if stage.serving_canary_id is not None:
        deployments.append(Deployment.objects.get(rest_api=stage.rest_api_id, deployment_id=stage.serving_canary_id))
    sections: dict[str, bytes | None] = {
        documents.deployment_section(stage.rest_api_id, row.deployment_id): row.document.encode() for row in deployments
    }
    sections[documents.stage_section(stage.rest_api_id, stage.name)] = documents.encode(stage_document(stage))
    return sections


def _domain_sections(domain_name: DomainName) -> dict[str, bytes | None]:
    name = documents.domain_section(domain_name.region, domain_name.name)
    return {name: documents.encode(domain_document(domain_name))}


def _keys_sections(account_id: str, region: str, shards: Iterable[str]) -> dict[str, bytes | None]:
    return {
        documents.keys_section(account_id, region, shard): documents.encode(document) if document.keys else None
        for shard, document in keys_documents(account_id, region, shards).items()
    }


def _unused_deployments(api_id: str) -> dict[str, None]:
    """Published deployments of an API that no stage and no canary points to."""
    published = ConfigurationSection.objects.filter(
        name__startswith=documents.deployment_section(api_id, ""), document__isnull=False
    ).values_list("name", flat=True)
    stages = Stage.objects.filter(rest_api_id=api_id).select_related("deployment").defer("deployment__document")
    used = {stage.deployment.deployment_id for stage in stages} | {stage.serving_canary_id for stage in stages}
    kept = {documents.deployment_section(api_id, deployment_id) for deployment_id in used if deployment_id}
    return dict.fromkeys(set(published) - kept)
