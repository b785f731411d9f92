"""Who may call how much, as documents: usage plans, API keys and the limits of accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC

from django.db.models import Prefetch

from apps.accounts.models import AccountSettings
from apps.core import documents
from apps.usage_plans.models import ApiKey, QuotaExtension, UsagePlan, UsagePlanKey, UsagePlanStage


def plan_document(plan: UsagePlan) -> documents.PlanDocument:
    """A usage plan with the stages it covers."""
    stages = plan.api_stages.order_by("rest_api_id", "stage_name")
    return documents.PlanDocument(
        account_id=plan.account_id,
        region=plan.region,
        plan_id=plan.plan_id,
        name=plan.name,
        throttle=_throttle(plan.throttle_rate_limit, plan.throttle_burst_limit),
        quota=_quota(plan),
        stages=tuple(_plan_stage(stage) for stage in stages),
    )


def _throttle(rate: float | None, burst: int | None) -> documents.Throttle | None:
    """A plan's throttle. With one of the two left out AWS reads it as 0, which lets nothing through."""
    if rate is None and burst is None:
        return None
    return documents.Throttle(rate=float(rate or 0), burst=int(burst or 0))


def _quota(plan: UsagePlan) -> documents.Quota | None:
    if plan.quota_limit is None or plan.quota_period is None:
        return None
    return documents.Quota(limit=plan.quota_limit, period=plan.quota_period, offset=plan.quota_offset)


def _plan_stage(stage: UsagePlanStage) -> documents.PlanStage:
    throttles = {
        _plan_method(key): documents.Throttle(
            rate=float(limits.get("rateLimit") or 0), burst=int(limits.get("burstLimit") or 0)
        )
        for key, limits in (stage.throttle or {}).items()
    }
    return documents.PlanStage(api_id=stage.rest_api_id, stage_name=stage.stage_name, method_throttles=throttles)


def _plan_method(key: str) -> str:
    """`/pets/GET`, however many slashes it is written with: AWS's own keys of the root are `//GET` and `/GET`."""
    return "/" + "/".join(filter(None, key.split("/")))


def keys_documents(account_id: str, region: str, shards: Iterable[str]) -> dict[str, documents.KeysDocument]:
    """The API keys of some shards, by shard; a shard without keys is an empty document."""
    wanted = set(shards)
    found: dict[str, list[documents.KeyDocument]] = {shard: [] for shard in sorted(wanted)}
    of_region = ApiKey.objects.filter(account_id=account_id, region=region)
    ids = [
        row
        for row, key_id in of_region.values_list("id", "key_id").order_by("key_id")
        if documents.key_shard(key_id) in wanted
    ]
    for row in _keys(ids):
        found[documents.key_shard(row.key_id)].append(_key(row))
    return {
        shard: documents.KeysDocument(account_id=account_id, region=region, shard=shard, keys=tuple(keys))
        for shard, keys in found.items()
    }


def _keys(ids: list[int]) -> Iterable[ApiKey]:
    """The rows of these keys, without the sealed value: opening it is slow and no document needs it."""
    memberships = (
        UsagePlanKey.objects.select_related("plan")
        .order_by("id")
        .prefetch_related(Prefetch("extensions", QuotaExtension.objects.order_by("period_start")))
    )
    rows = ApiKey.objects.filter(id__in=ids).defer("value").order_by("key_id")
    return rows.prefetch_related(Prefetch("plans", memberships))


def _key(key: ApiKey) -> documents.KeyDocument:
    memberships = list(key.plans.all())
    extensions = {}
    for membership in memberships:
        for extension in membership.extensions.all():
            # Rows come in the order of their periods: the last one of a plan is the one that can still matter.
            extensions[membership.plan.plan_id] = documents.QuotaExtension(
                period_start=extension.period_start.isoformat(), requests=extension.requests
            )
    return documents.KeyDocument(
        id=key.key_id,
        name=key.name,
        digest=key.value_digest,
        enabled=key.enabled,
        plan_ids=tuple(membership.plan.plan_id for membership in memberships),
        customer_id=key.customer_id,
        expires_at=key.expires_at.astimezone(UTC).timestamp() if key.expires_at else None,
        source_networks=tuple(key.source_networks),
        websites=tuple(key.websites),
        quota_extensions=extensions,
    )


def account_document(settings: AccountSettings) -> documents.AccountDocument:
    """The limits that all APIs of an account share in a region."""
    return documents.AccountDocument(
        account_id=settings.account_id,
        region=settings.region,
        throttle=documents.Throttle(rate=settings.throttle_rate_limit, burst=settings.throttle_burst_limit),
    )
