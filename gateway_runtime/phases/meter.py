"""Count what was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway_runtime.exchange import Exchange

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import StageSite, Step


def meter(site: StageSite) -> Step | None:
    """One more answer of a method, or of the stage where none matched."""
    count = site.services.meter.traffic

    def step(exchange: Exchange) -> None:
        stage, method = exchange.stage, exchange.method
        if stage is None:
            return
        asked = exchange.request.method
        label = stage.unmatched_label(asked) if method is None else method.label(asked)
        entitlement = exchange.entitlement
        key_id = "" if entitlement is None else entitlement.key.id
        visit = exchange.cache
        cache = 0 if visit is None else 1 if visit.hit else 2
        count(label, key_id, exchange.status, exchange.latency, exchange.integration_latency, cache)

    return step
