"""Count what routes answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway_runtime.exchange import Exchange

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import StageSite, Step


def meter_route(site: StageSite) -> Step | None:
    """One more answer of a route, or of the stage where none matched, with the bytes that went both ways.

    An event on a WebSocket is counted under its kind, and as an error only where the gateway itself refused it or could not call
    the back end: what a back end answers is an error of the integration.
    """
    count = site.services.meter.traffic

    def step(exchange: Exchange) -> None:
        stage, method, event = exchange.stage, exchange.method, exchange.socket
        if stage is None:
            return
        failed = max(exchange.integration_status, exchange.function_status) >= 400
        if event is None:
            asked, status, sent = exchange.request.method, exchange.status, exchange.sent_bytes
        else:
            asked, sent = event.kind, len(event.reply)
            status = 200 if exchange.error is None or failed else exchange.status
        label = stage.unmatched_label(asked) if method is None else method.label(asked)
        entitlement = exchange.entitlement
        count(
            label,
            "" if entitlement is None else entitlement.key.id,
            status,
            exchange.latency,
            exchange.integration_latency,
            data=exchange.body.size + sent,
            integration_failed=failed,
        )

    return step


def meter_post(site: StageSite) -> Step | None:
    """One more message that `@connections` has sent to a client. Other requests there are no messages."""
    count = site.services.meter.traffic

    def step(exchange: Exchange) -> None:
        method = exchange.method
        if method is not None and exchange.request.method == "POST" and exchange.status == 200:
            sent = len(exchange.body.whole or b"")
            count(method.label("MESSAGE"), "", exchange.status, exchange.latency, 0.0, data=sent)

    return step
