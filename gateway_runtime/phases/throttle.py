"""Throttling by token buckets: the caller's plan first, then the method at its stage, then the account."""

from __future__ import annotations

import math
from collections.abc import Awaitable
from functools import lru_cache
from typing import TYPE_CHECKING

from apps.core.documents import ACCOUNT_THROTTLE
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.ports import Bucket, Buckets, Throttled

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, Step


def stage_buckets(site: MethodSite) -> tuple[Bucket, ...]:
    """The buckets that all callers of a method share: the method's and the account's.

    A stage's setting for all methods is the same limit for each of them, not one that they share. A negative rate or burst is
    no limit.
    """
    stage, store = site.stage, site.services.buckets
    found: list[Bucket] = []
    setting = site.setting()
    rate, burst = setting.throttling_rate_limit, setting.throttling_burst_limit
    if rate is not None and rate >= 0 and (burst is None or burst >= 0):
        scope = (stage.account_id, stage.region, stage.api_id, stage.stage_name, site.path_and_method)
        found.append(store.bucket("method", ("method", *scope), rate, math.ceil(rate) if burst is None else burst))
    limit = ACCOUNT_THROTTLE if site.account is None else site.account.throttle
    found.append(store.bucket("account", ("account", stage.account_id, stage.region), limit.rate, limit.burst))
    return tuple(found)


def throttle(site: MethodSite) -> Step | None:
    """Take a token from each bucket that concerns the call, or refuse it with 429."""
    store = site.services.buckets
    shared = stage_buckets(site)
    take = store.take

    def step(exchange: Exchange) -> Awaitable[None] | None:
        entitlement, method = exchange.entitlement, exchange.method
        if entitlement is not None and method is not None:
            refused = take(entitlement.buckets(method, store))
        else:
            refused = take(shared)
        if refused is None:
            return None
        return _refusal(refused)

    return step


def take_from(store: Buckets, buckets: tuple[Bucket, ...]) -> Step:
    """A step that takes a token from each of these buckets, whoever calls."""
    take = store.take

    def step(exchange: Exchange) -> Awaitable[None] | None:
        refused = take(buckets)
        if refused is None:
            return None
        return _refusal(refused)

    return step


def _refusal(told: Bucket | Awaitable[Throttled]) -> Awaitable[None]:
    """Refuse the call at once, or wait for whoever knows."""
    if isinstance(told, Awaitable):
        return _wait(told)
    raise throttled(told)


async def _wait(asked: Awaitable[Throttled]) -> None:
    refused = await asked
    if refused is not None:
        raise throttled(refused)


def throttled(bucket: Bucket) -> GatewayError:
    """429 with the policy that refused and the seconds until a token comes."""
    return GatewayError("THROTTLED", headers=_headers(bucket.name, bucket.rate, bucket.burst))


@lru_cache(maxsize=1024)
def _headers(name: str, rate: float, burst: int) -> tuple[tuple[bytes, bytes], ...]:
    if rate <= 0:
        return ()  # no token ever comes
    window, wait = max(1, math.ceil(burst / rate)), max(1, math.ceil(1 / rate))
    return (
        (b"ratelimit-policy", f'"{name}";q={burst};w={window}'.encode()),
        (b"ratelimit", f'"{name}";r=0;t={wait}'.encode()),
        (b"retry-after", str(wait).encode()),
    )
