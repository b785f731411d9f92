"""Spans of traced requests, exported by OTLP over HTTP in a thread of their own.

A request is a server span; its authorization and its call of the back end are spans below it. Trace ids are X-Ray's in
OpenTelemetry's form: the same 32 digits.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from apps.core.stories import FAILED, PASSED, Phase, Story
from gateway_runtime.integrations.forwarding import random_texts
from gateway_runtime.metrics import METRICS

logger = logging.getLogger("gateway_runtime.spans")

_MOST = 2_000  # stories that wait
_AT_ONCE = 200
_SECONDS = 0.5
_PATIENCE = 5.0

_exported = METRICS.counter("gatehouse_spans_total", "Spans exported")
_dropped = METRICS.counter("gatehouse_spans_dropped_total", "Traced requests whose spans found no place or no taker")
_new_span = random_texts(8, bytes.hex)
_CHILDREN = {
    "verify_signature": ("authorizer", SpanKind.INTERNAL),
    "authorize": ("authorizer", SpanKind.INTERNAL),
    "integrate": ("integration", SpanKind.CLIENT),
}


class OtlpSpans:
    """Owned by one worker; `url` is the collector's address for traces."""

    def __init__(self, url: str) -> None:
        self._exporter = OTLPSpanExporter(endpoint=url, timeout=_PATIENCE)
        self._waiting: queue.Queue[Story] = queue.Queue(_MOST)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spans", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def export(self, story: Story) -> None:
        try:
            self._waiting.put_nowait(story)
        except queue.Full:
            METRICS.values[_dropped] += 1

    def close(self) -> None:
        """Export what waits, once, and stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._exporter.shutdown()

    def _run(self) -> None:
        while not self._stop.wait(_SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        while batch := self._taken():
            spans = [span for story in batch for span in spans_of(story)]
            try:
                done = self._exporter.export(spans) is SpanExportResult.SUCCESS
            except Exception:
                logger.exception("spans are not exported")
                done = False
            if not done:
                METRICS.values[_dropped] += len(batch)
                return
            METRICS.values[_exported] += len(spans)

    def _taken(self) -> list[Story]:
        batch: list[Story] = []
        while len(batch) < _AT_ONCE:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch


def spans_of(story: Story) -> Iterator[ReadableSpan]:
    """The spans of a request that has a place in a trace."""
    assert story.span is not None
    trace_id = int(story.span.root.replace("-", "")[1:], 16)
    server = _context(trace_id, story.span.segment)
    parent = _context(trace_id, story.span.parent, is_remote=True) if story.span.parent else None
    yield ReadableSpan(
        name=f"{story.method} {story.resource or story.path}",
        context=server,
        parent=parent,
        resource=_resource(story),
        kind=SpanKind.SERVER,
        attributes=_attributes(story),
        status=Status(StatusCode.ERROR, story.error) if story.status >= 500 else Status(StatusCode.UNSET),
        start_time=_nanoseconds(story, 0.0),
        end_time=_nanoseconds(story, story.latency_ms),
    )
    for phase in story.phases:
        if phase.name in _CHILDREN and phase.took_ms is not None:
            yield _child(story, phase, phase.took_ms, trace_id, server)


def _child(story: Story, phase: Phase, took: float, trace_id: int, parent: SpanContext) -> ReadableSpan:
    name, kind = _CHILDREN[phase.name]
    attributes: dict[str, str | int] = {"gatehouse.verdict": phase.verdict}
    if name == "integration" and story.endpoint:
        attributes["url.full"] = story.endpoint.partition("?")[0]
        if story.integration_status:
            attributes["http.response.status_code"] = story.integration_status
    return ReadableSpan(
        name=name,
        context=_context(trace_id, _new_span()),
        parent=parent,
        resource=_resource(story),
        kind=kind,
        attributes=attributes,
        status=Status(StatusCode.ERROR, story.error) if phase.verdict == FAILED else Status(StatusCode.UNSET),
        start_time=_nanoseconds(story, phase.began_ms),
        end_time=_nanoseconds(story, phase.began_ms + took),
    )


def _context(trace_id: int, span: str, *, is_remote: bool = False) -> SpanContext:
    return SpanContext(trace_id, int(span, 16), is_remote=is_remote, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _nanoseconds(story: Story, milliseconds: float) -> int:
    return int(story.at * 1_000_000) * 1_000 + round(milliseconds * 1_000_000)


def _resource(story: Story) -> Resource:
    return Resource(
        {
            "service.name": f"{story.api_id}/{story.stage_name}",
            "service.namespace": "gatehouse",
            "cloud.account.id": story.account_id,
            "cloud.region": story.region,
        }
    )


def _attributes(story: Story) -> dict[str, str | int]:
    """By OpenTelemetry's conventions for HTTP. No query string: it may hold secrets."""
    attributes: dict[str, str | int] = {
        "http.request.method": story.method,
        "http.response.status_code": story.status,
        "http.route": story.resource,
        "url.path": story.path,
        "client.address": story.client_ip,
        "aws.request_id": story.request_id,
        "gatehouse.deployment": story.deployment_id,
        "gatehouse.refused_by": next((phase.name for phase in story.phases if phase.verdict != PASSED), ""),
        "error.type": story.error,
    }
    return {name: value for name, value in attributes.items() if value != ""}
