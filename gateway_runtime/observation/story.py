"""A request that is over, as a story."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.core.stories import FAILED, PASSED, REFUSED, LogLine, Phase, Span, Story
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.context import clean
from gateway_runtime.observation.because import BECAUSE

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import CompiledMethod, StageSite

_LONGEST = 1024  # characters of what callers and back ends choose


def story_of(exchange: Exchange, site: StageSite, kept_for: str, log: tuple[LogLine, ...] = ()) -> Story:
    """Everything that is known of the request."""
    stage, method, error, entitlement = site.stage, exchange.method, exchange.error, exchange.entitlement
    return Story(
        request_id=exchange.request_id,
        account_id=stage.account_id,
        region=stage.region,
        api_id=stage.api_id,
        stage_name=stage.stage_name,
        at=exchange.received_at,
        method=exchange.request.method[:32] if exchange.socket is None else exchange.socket.kind,
        path=clean(exchange.path)[:_LONGEST],
        status=exchange.status,
        kept_for=kept_for,
        latency_ms=_milliseconds(exchange.latency),
        extended_id=exchange.extended_id,
        deployment_id=site.deployment.deployment_id,
        canary=site.is_canary,
        resource="" if method is None else method.resource_path,
        client_ip=exchange.request.client_ip,
        key_id="" if entitlement is None else entitlement.key.id,
        plan_id="" if entitlement is None else entitlement.plan.plan_id,
        principal=str(exchange.authorizer.get("principalId") or exchange.identity.get("userArn") or "")[:_LONGEST],
        endpoint="" if method is None or not exchange.integration_started else _endpoint(exchange, method),
        integration_status=exchange.integration_status,
        integration_latency_ms=_milliseconds(exchange.integration_latency) if exchange.integration_started else None,
        sent_bytes=exchange.sent_bytes,
        error="" if error is None else error.name,
        message="" if error is None else clean(error.message or "")[:_LONGEST],
        detail="" if error is None else _detail(exchange),
        span=_span(exchange),
        phases=(*_located(exchange, site), *_phases(exchange)),
        log=log,
    )


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _endpoint(exchange: Exchange, method: CompiledMethod) -> str:
    return (method.watch.seen.endpoint + clean(exchange.target))[:_LONGEST]


def _detail(exchange: Exchange) -> str:
    error = exchange.error
    assert error is not None
    return clean(error.detail or (error.validation() if error.validation is not None else ""))[:_LONGEST]


def _span(exchange: Exchange) -> Span | None:
    trace = exchange.trace_id
    if trace is None:
        return None
    fields = dict(part.strip().partition("=")[::2] for part in trace.split(";"))
    return Span(
        root=fields.get("Root", "")[:64],
        segment=exchange.segment_id,
        parent=exchange.parent_id,
        sampled=fields.get("Sampled") == "1",
    )


def _located(exchange: Exchange, site: StageSite) -> tuple[Phase, ...]:
    """How the gateway came to the method, or that it came to none."""
    method = exchange.method
    place = f"stage {site.stage.stage_name}{' (canary)' if site.is_canary else ''}, deployment {site.deployment.deployment_id}"
    took = exchange.timings[0].began - exchange.started if exchange.timings else None
    took_ms = None if took is None else _milliseconds(took)
    if method is None:
        kind = "method" if exchange.socket is None else "route"
        because = f"{place} has no {kind} for {exchange.request.method} {clean(exchange.path)[:256]}"
        return (Phase(name="match_method", took_ms=took_ms, verdict=REFUSED, because=because),)
    named = f"{method.http_method} {method.resource_path}"
    if method.site.protocol != "REST":
        named = f"the route {method.route_key or method.resource_path}"
    because = f"{named} at {place}"
    return (Phase(name="match_method", took_ms=took_ms, because=because),)


def _phases(exchange: Exchange) -> list[Phase]:
    """The phases that were walked: with their times where they were watched, else those up to the one that refused."""
    method, error = exchange.method, exchange.error
    if method is None:
        return []
    if exchange.watched:
        last = len(exchange.timings) - 1 if error is not None else -1
        return [
            Phase(
                name=timing.phase,
                began_ms=_milliseconds(timing.began - exchange.started),
                took_ms=_milliseconds(timing.ended - timing.began),
                verdict=_verdict(exchange) if at == last else PASSED,
                because=_because(exchange, timing.phase, timing.notes),
            )
            for at, timing in enumerate(exchange.timings)
        ]
    names = list(method.watch.names)
    stopped = method.steps.index(exchange.stopped_by) if exchange.stopped_by in method.steps else len(names) - 1
    if names[stopped] == "read_cache" and exchange.integration_started:
        names[stopped] = "integrate"  # one step with the cache
    return [
        Phase(
            name=name,
            verdict=_verdict(exchange) if at == stopped else PASSED,
            because=_because(exchange, name, []),
        )
        for at, name in enumerate(names[: stopped + 1])
    ]


def _verdict(exchange: Exchange) -> str:
    return FAILED if exchange.error is not None and exchange.error.status >= 500 else REFUSED


def _because(exchange: Exchange, phase: str, notes: list[str]) -> str:
    method, told = exchange.method, BECAUSE.get(phase)
    assert method is not None
    said = [told(exchange, method.site)] if told is not None else []
    return clean("; ".join([*said, *notes]))[:_LONGEST]
