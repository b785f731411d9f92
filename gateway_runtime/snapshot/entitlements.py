"""Which plan an API key draws on at a stage, with the limits that come of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from apps.core import limit_keys, quota_periods
from apps.core.documents import KeyDocument, KeysDocument, PlanDocument, PlanStage, StageDocument, Throttle
from apps.core.key_origins import KeyOrigins
from gateway_runtime.ports import Bucket, Buckets, QuotaPeriod
from gateway_runtime.snapshot.stage import CompiledMethod

_ALL_METHODS = "/*/*"  # the key of a plan's throttle that each method of a stage has for itself


class Entitlement:
    """A key under one plan at one stage. Buckets and the running quota period are remembered as they are first used."""

    __slots__ = ("_buckets", "_period", "key", "origins", "plan", "stage")

    def __init__(self, key: KeyDocument, plan: PlanDocument, stage: PlanStage) -> None:
        self.key = key
        limited = bool(key.source_networks or key.websites)
        self.origins = (
            KeyOrigins(key.source_networks, key.websites) if limited else None
        )  # None: it may come from everywhere
        self.plan = plan
        self.stage = stage
        self._buckets: dict[CompiledMethod, tuple[Bucket, ...]] = {}
        self._period: QuotaPeriod | None = None

    def buckets(self, method: CompiledMethod, store: Buckets) -> tuple[Bucket, ...]:
        """The buckets a call must pass, in AWS's order: plan and method, plan, then those that all callers share."""
        known = self._buckets.get(method)
        if known is None:
            plan, key = self.plan, self.key
            scope = (plan.account_id, plan.region, plan.plan_id, key.id, self.stage.api_id, self.stage.stage_name)
            own: list[Bucket] = []
            throttles = self.stage.method_throttles
            by_method = throttles.get(method.path_and_method) or throttles.get(_ALL_METHODS)
            if by_method is not None:
                own.append(_bucket(store, "plan-method", ("plan-method", *scope, method.path_and_method), by_method))
            if plan.throttle is not None:
                own.append(_bucket(store, "plan", ("plan", *scope[:4]), plan.throttle))
            known = self._buckets[method] = (*own, *method.stage_buckets)
        return known

    def quota_period(self, now: float) -> QuotaPeriod | None:
        """The counter that a request at `now` (epoch seconds) draws on; None without a quota."""
        quota = self.plan.quota
        if quota is None:
            return None
        period = self._period
        if period is None or not period.starts_at <= now < period.ends_at:
            period = self._period = self._period_at(now)
        return period

    def _period_at(self, now: float) -> QuotaPeriod:
        plan, quota = self.plan, self.plan.quota
        assert quota is not None
        today = datetime.fromtimestamp(now, UTC).date()
        start = quota_periods.period_start(quota.period, today, quota.offset)
        end = quota_periods.next_period_start(quota.period, today, quota.offset)
        extension = self.key.quota_extensions.get(plan.plan_id)
        more = extension.requests if extension is not None and extension.period_start == start.isoformat() else 0
        return QuotaPeriod(
            key=limit_keys.quota_counter(plan.account_id, plan.region, plan.plan_id, self.key.id, start),
            limit=quota.limit + more,
            period=quota.period,
            starts_at=_midnight(start.isoformat()),
            ends_at=_midnight(end.isoformat()),
        )


class Entitlements:
    """All keys and plans of a snapshot."""

    def __init__(self, keys: Iterable[KeysDocument], plans: Iterable[PlanDocument]) -> None:
        self._keys: dict[tuple[str, str], dict[str, KeyDocument]] = {}
        for shard in keys:
            region = self._keys.setdefault((shard.account_id, shard.region), {})
            region.update((key.digest, key) for key in shard.keys)
        self._plans: dict[tuple[str, str], dict[str, tuple[PlanDocument, PlanStage]]] = {}
        for plan in plans:
            for stage in plan.stages:
                self._plans.setdefault((stage.api_id, stage.stage_name), {})[plan.plan_id] = (plan, stage)
        self._known: dict[tuple[str, str, str], Entitlement | None] = {}

    def fresh(self) -> Entitlements:
        """The same keys and plans without what was remembered: it belongs to the stages of one snapshot."""
        copy = Entitlements((), ())
        copy._keys, copy._plans = self._keys, self._plans
        return copy

    def find(self, stage: StageDocument, digest: str, now: float) -> Entitlement | None:
        """What a key value (by its digest) may draw on at a stage; None when it may not call it at all."""
        place = (stage.api_id, stage.stage_name, digest)
        try:
            found = self._known[place]
        except KeyError:
            key = self._keys.get((stage.account_id, stage.region), {}).get(digest)
            if key is None:
                return None  # not remembered: callers choose these
            found = self._known[place] = self._resolve(stage, key)
        if found is None or (found.key.expires_at is not None and now >= found.key.expires_at):
            return None
        return found

    def _resolve(self, stage: StageDocument, key: KeyDocument) -> Entitlement | None:
        covering = self._plans.get((stage.api_id, stage.stage_name), {})
        if key.enabled:
            for plan_id in key.plan_ids:
                if plan_id in covering and covering[plan_id][0].account_id == stage.account_id:
                    return Entitlement(key, *covering[plan_id])
        return None


def _bucket(store: Buckets, name: str, scope: tuple[str, ...], throttle: Throttle) -> Bucket:
    return store.bucket(name, scope, throttle.rate, throttle.burst)


def _midnight(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
