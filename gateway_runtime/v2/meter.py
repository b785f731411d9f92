"""Count what routes answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway_runtime.exchange import Exchange

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import StageSite, Step


def meter_route(site: StageSite) -> Step | None:
    """One more answer of a route, or of the stage where none matched, with the bytes that went both ways.

    An event on a WebSocket is counted under its kind, and as an error only where the gateway itself refused it: what a back end
    answers is an error of the integration.
    """
    count = site.services.meter.traffic

    def step(exchange: Exchange) -> None:
        stage, method, event = exchange.stage, exchange.method, exchange.socket
        if stage is None:
            return
        if event is None:
            asked, status, sent = exchange.request.method, exchange.status, exchange.sent_bytes
        else:
            asked, sent = event.kind, len(event.reply)
            status = 200 if exchange.error is None else exchange.status
        label = stage.unmatched_label(asked) if method is None else method.label(asked)
        entitlement = exchange.entitlement
        body = exchange.body
        received = len(body.whole) if body.whole is not None else body.received
        count(
            label,
            "" if entitlement is None else entitlement.key.id,
            status,
            exchange.latency,
            exchange.integration_latency,
            data=received + sent,
            integration_failed=exchange.integration_status >= 400,
        )

    return step
