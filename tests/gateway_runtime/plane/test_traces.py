"""Traces: a stage that traces gives requests a place in a trace, samples them, and exports their spans."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from apps.core.stories import FAILED, Phase, Span, Story
from gateway_runtime.stores.spans import OtlpSpans
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import get, http, http_proxy, mock, rest_api, stage
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
PARENT = "53995c3f42cd8ad8"


def traced(backend: Backend) -> object:
    return rest_api(get("/pets", http_proxy(backend.url)), stage("prod", tracing_enabled=True))


def fields(header: str | None) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in (header or "").split(";"))


async def test_a_new_trace_begins_with_a_segment_of_the_stage(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(traced(backend))  # type: ignore[arg-type]

    answer = await gateway.get("/prod/pets")

    sent = fields(backend.last.header("x-amzn-trace-id"))
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", sent["Root"])
    assert re.fullmatch(r"[0-9a-f]{16}", sent["Parent"])
    assert sent["Sampled"] == "1"
    assert fields(answer.header("x-amzn-trace-id")) == sent
    [story] = gateway.stories.kept
    assert story.kept_for == "trace"
    assert story.span == Span(root=sent["Root"], segment=sent["Parent"], parent="", sampled=True)
    assert gateway.spans.exported == [story]


async def test_a_caller_s_trace_goes_on_below_its_segment(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(traced(backend))  # type: ignore[arg-type]

    await gateway.get("/prod/pets", x_amzn_trace_id=f"Root={ROOT};Parent={PARENT};Sampled=1")

    sent = fields(backend.last.header("x-amzn-trace-id"))
    assert sent["Root"] == ROOT
    assert sent["Parent"] != PARENT
    assert gateway.stories.kept[0].span == Span(root=ROOT, segment=sent["Parent"], parent=PARENT, sampled=True)


@pytest.mark.parametrize("integration", ["proxy", "mapped"])
async def test_a_caller_who_decided_against_sampling_is_obeyed(
    gateway: GatewayHarness, backend: Backend, integration: str
) -> None:
    made = http_proxy(backend.url) if integration == "proxy" else http(backend.url, "GET")
    gateway.serve(rest_api(get("/pets", made), stage("prod", tracing_enabled=True)))

    await gateway.get("/prod/pets", x_amzn_trace_id=f"Root={ROOT};Sampled=0")

    sent = fields(backend.last.header("x-amzn-trace-id"))
    assert (sent["Root"], sent["Sampled"]) == (ROOT, "0")
    assert gateway.spans.exported == gateway.stories.kept == []


async def test_one_request_a_second_is_traced_and_a_share_of_the_others(
    gateway: GatewayHarness, backend: Backend, clock: FakeClock
) -> None:
    gateway.serve(traced(backend))  # type: ignore[arg-type]

    for chance in (0.9, 0.9, 0.04, 0.9):
        gateway.chance = chance
        await gateway.get("/prod/pets")
    in_one_second = len(gateway.spans.exported)
    clock.pass_seconds(1)
    await gateway.get("/prod/pets")

    assert (in_one_second, len(gateway.spans.exported)) == (2, 3)


@pytest.mark.parametrize("sent", ["Root=evil;Sampled=1", "nonsense", "Root=" + "1" * 400, f"Root={ROOT}\x00"])
async def test_a_header_that_is_no_trace_begins_a_new_one(gateway: GatewayHarness, backend: Backend, sent: str) -> None:
    gateway.serve(traced(backend))  # type: ignore[arg-type]

    answer = await gateway.get("/prod/pets", x_amzn_trace_id=sent)

    if answer.status == 200:
        root = fields(backend.last.header("x-amzn-trace-id"))["Root"]
        assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", root)
        assert root != ROOT
    else:
        assert answer.status == 400


def trace_passively(gateway: GatewayHarness) -> None:
    """As where an exporter of spans is set up."""
    gateway.services = replace(gateway.services, passive_tracing=True)


async def test_without_passive_tracing_a_stage_that_does_not_trace_hands_the_header_on(
    gateway: GatewayHarness, backend: Backend
) -> None:
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), stage("prod")))
    header = f"Root={ROOT};Parent={PARENT};Sampled=1"

    await gateway.get("/prod/pets", x_amzn_trace_id=header)

    assert backend.last.header("x-amzn-trace-id") == header
    assert gateway.stories.kept == []


async def test_a_stage_that_does_not_trace_has_its_place_in_traces_that_are_sampled(
    gateway: GatewayHarness, backend: Backend
) -> None:
    trace_passively(gateway)
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), stage("prod")))

    for _ in range(2):  # also when the head is known
        await gateway.get("/prod/pets", x_amzn_trace_id=f"Root={ROOT};Parent={PARENT};Sampled=1")

    sent = fields(backend.last.header("x-amzn-trace-id"))
    assert (sent["Root"], sent["Sampled"]) == (ROOT, "1")
    assert sent["Parent"] != PARENT
    story = gateway.spans.exported[-1]
    assert story.span == Span(root=ROOT, segment=sent["Parent"], parent=PARENT, sampled=True)
    assert len(gateway.spans.exported) == 2
    assert all(phase.took_ms is not None for phase in story.phases)


@pytest.mark.parametrize(
    "header", [f"Root={ROOT};Parent={PARENT};Sampled=0", f"Root={ROOT};Parent={PARENT}", "Root=evil;Sampled=1"]
)
async def test_a_trace_that_nobody_has_sampled_passes_such_a_stage_as_it_came(
    gateway: GatewayHarness, backend: Backend, header: str
) -> None:
    trace_passively(gateway)
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), stage("prod")))

    await gateway.get("/prod/pets", x_amzn_trace_id=header)
    await gateway.get("/prod/pets")

    assert backend.requests[0].header("x-amzn-trace-id") == header
    assert gateway.spans.exported == gateway.stories.kept == []


async def test_successes_are_sampled_for_stories_where_traces_are_passive(
    gateway: GatewayHarness, clock: FakeClock
) -> None:
    gateway.stories.per_second = 1
    trace_passively(gateway)
    gateway.serve(rest_api(get("/pets", mock()), stage("prod")))

    for _ in range(25):  # of a burst the first twenty
        await gateway.get("/prod/pets")
    clock.pass_seconds(1)
    await gateway.get("/prod/pets")

    assert [story.kept_for for story in gateway.stories.kept] == ["sample"] * 21


async def test_a_refusal_has_spans_too(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", mock()).with_key(), stage("prod", tracing_enabled=True)))

    await gateway.get("/prod/pets")

    assert [story.error for story in gateway.spans.exported] == ["INVALID_API_KEY"]


# The export -------------------------------------------------------------------------------------------


class Collector:
    """An OTLP collector that remembers what it was sent, and refuses when told to."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.status = 200
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                import gzip

                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.requests.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(collector.status)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1/traces"


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


def a_traced_story(**members: object) -> Story:
    told: dict[str, object] = {
        "request_id": "one",
        "account_id": "123456789012",
        "region": "us-east-1",
        "api_id": "a1b2c3d4e5",
        "stage_name": "prod",
        "at": 1_700_000_000.0,
        "method": "GET",
        "path": "/prod/pets/7",
        "resource": "/pets/{id}",
        "status": 504,
        "kept_for": "trace",
        "error": "INTEGRATION_TIMEOUT",
        "latency_ms": 30.0,
        "endpoint": "http://backend/pets/7?token=secret",
        "span": Span(root=ROOT, segment="00000000000000aa", parent=PARENT, sampled=True),
        "phases": (
            Phase(name="authorize", began_ms=1.0, took_ms=4.0),
            Phase(name="integrate", began_ms=6.0, took_ms=20.0, verdict=FAILED),
        ),
    }
    return Story(**{**told, **members})  # type: ignore[arg-type]


def test_spans_reach_the_collector_below_the_caller_s(collector: Collector) -> None:
    spans = OtlpSpans(collector.url)
    spans.start()

    spans.export(a_traced_story())
    spans.close()

    [request] = collector.requests
    sent = {span.name: span for span in request.resource_spans[0].scope_spans[0].spans}
    server, integration = sent["GET /pets/{id}"], sent["integration"]
    assert set(sent) == {"GET /pets/{id}", "authorizer", "integration"}
    assert server.trace_id.hex() == "5759e988bd862e3fe1be46a994272793"
    assert (server.span_id.hex(), server.parent_span_id.hex()) == ("00000000000000aa", PARENT)
    assert integration.parent_span_id == server.span_id
    assert server.end_time_unix_nano - server.start_time_unix_nano == 30_000_000
    assert integration.end_time_unix_nano - integration.start_time_unix_nano == 20_000_000
    assert "secret" not in str(request)


def test_a_collector_that_is_away_keeps_nobody_waiting() -> None:
    spans = OtlpSpans("http://127.0.0.1:9/v1/traces")
    for _ in range(3_000):
        spans.export(a_traced_story())

    spans.close()
