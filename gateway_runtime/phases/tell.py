"""Tell what befell a request that was refused or watched: its execution log and its story."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apps.core.stories import LogLine
from gateway_runtime.exchange import Exchange
from gateway_runtime.observation.execution_events import execution_events
from gateway_runtime.observation.sampling import Sample
from gateway_runtime.observation.story import story_of

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import StageSite, Step

# Of a stage under one worker: refusals come in floods, and the first of them tell enough.
_REFUSALS_PER_SECOND = 10


def tell(site: StageSite) -> Step | None:
    """A story is kept of what is logged, traced or in the sample, and of refusals."""
    services = site.services
    stories, write_log = services.stories, services.execution_logs.write
    export = services.spans.export
    api_id, stage_name = site.stage.api_id, site.stage.stage_name
    log_name = f"{stage_name}/Canary" if site.is_canary else stage_name
    refusals = Sample(_REFUSALS_PER_SECOND if stories.per_second > 0 else 0)

    def step(exchange: Exchange) -> None:
        method = exchange.method
        events = execution_events(exchange, method) if method is not None else ()
        if events:
            write_log(api_id, log_name, _text(events))
        kept_for = _reason(exchange, refusals, logged=bool(events))
        if kept_for:
            story = story_of(exchange, site, kept_for, events)
            stories.keep(story)
            if exchange.trace_sampled:
                export(story)

    return step


def _reason(exchange: Exchange, refusals: Sample, *, logged: bool) -> str:
    if exchange.error is not None and (
        logged or exchange.trace_sampled or exchange.sampled or refusals.take(exchange.started)
    ):
        return "refusal"
    if logged:
        return "log"
    if exchange.trace_sampled:
        return "trace"
    return "sample" if exchange.sampled else ""


def _text(events: tuple[LogLine, ...]) -> str:
    return "".join([f"{_moment(event.at)} {event.text}\n" for event in events])


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
