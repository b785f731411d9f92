"""A gateway in the test's own event loop: the real ASGI application, driven by ASGI messages."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from typing import Any

from apps.core.aws_access import AwsAccess
from apps.core.documents import AnyDocument
from apps.core.secrets import DocumentSeal
from apps.core.session_tokens import SessionTokens
from apps.core.sigv4_signing import AwsCredentials
from apps.core.stories import Story
from gateway_runtime.authorizers.key_sets import KeySets
from gateway_runtime.authorizers.results import AuthorizerResults
from gateway_runtime.authorizers.verified import VerifiedTokens
from gateway_runtime.edge.canonical import NAMES_KEY
from gateway_runtime.gateway import Gateway
from gateway_runtime.iam.assumed_roles import RoleSessions
from gateway_runtime.observation.sampling import TraceSampler
from gateway_runtime.ports import Buckets, Meter, Quotas, Services, TrafficLabel
from gateway_runtime.snapshot.build import build
from gateway_runtime.snapshot.snapshot import Current
from gateway_runtime.stores.memory import MemoryBuckets, MemoryQuotas
from gateway_runtime.stores.memory_answers import MemoryAnswers
from gateway_runtime.tls.peer import TLS_KEY, TlsPeer
from gateway_runtime.upstream.guard import GuardedConnector
from gateway_runtime.upstream.pool import UpstreamPool
from tests.gateway_runtime.plane.builders import API, SECRET, RestApi, section_of, sections
from tests.gateway_runtime.plane.functions import ScriptedFunctions
from tests.gateway_runtime.plane.through_the_edge import answered, through_the_edge

IN_LANE = os.environ.get("GATEHOUSE_TESTED_BY") == "lane"  # the same stories, past ASGI
AWS_KEY = AwsCredentials("AKIDGATEHOUSE", "a secret for AWS", "a token")


class FakeClock:
    """Both clocks stand still until the story lets time pass."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0  # 2023-11-14, a Tuesday, 22:13:20 UTC

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Answer:
    """What a caller saw."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    complete: bool

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known == name), None)

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class RecordingLogs:
    """Access logs that can be read back."""

    lines: list[str] = field(default_factory=list)
    by_stage: dict[str, list[str]] = field(default_factory=dict)

    def write(self, api_id: str, stage_name: str, line: str) -> None:
        self.lines.append(line)
        self.by_stage.setdefault(stage_name, []).append(line)


@dataclass
class RecordingStories:
    """Stories that can be read back. Only those of what is logged or traced, and of refusals, unless `per_second` is set."""

    kept: list[Story] = field(default_factory=list)
    per_second: float = 0.0

    def keep(self, story: Story) -> None:
        self.kept.append(story)


@dataclass
class RecordingSpans:
    """Stories whose spans were exported."""

    exported: list[Story] = field(default_factory=list)

    def export(self, story: Story) -> None:
        self.exported.append(story)


@dataclass
class RecordingMeter:
    """Counts that can be read back."""

    uses: list[tuple[str, str]] = field(default_factory=list)
    answers: list[tuple[TrafficLabel, str, int]] = field(default_factory=list)
    of_routes: list[tuple[int, bool]] = field(default_factory=list)  # bytes, and whether the integration failed
    cache: list[int] = field(default_factory=list)

    def use(self, account_id: str, region: str, plan_id: str, key_id: str) -> None:
        self.uses.append((plan_id, key_id))

    def traffic(
        self,
        label: TrafficLabel,
        key_id: str,
        status: int,
        latency: float,
        integration_latency: float,
        cache: int = 0,
        *,
        data: int = 0,
        integration_failed: bool = False,
    ) -> None:
        self.answers.append((label, key_id, status))
        self.cache.append(cache)
        self.of_routes.append((data, integration_failed))


class GatewayHarness:
    """`serve` puts APIs, plans and keys in force; `get` and its like call them."""

    def __init__(
        self, clock: FakeClock, buckets: Buckets | None = None, quotas: Quotas | None = None, meter: Meter | None = None
    ) -> None:
        self.clock = clock
        self.logs = RecordingLogs()
        self.execution_logs = RecordingLogs()
        self.stories = RecordingStories()
        self.spans = RecordingSpans()
        self.chance = 0.9  # what the sampling of traces draws
        self.meter = RecordingMeter()
        self.pool = UpstreamPool(GuardedConnector())
        self.functions = ScriptedFunctions()
        self.services = Services(
            clock=clock,
            buckets=buckets or MemoryBuckets(clock),
            quotas=quotas or MemoryQuotas(),
            upstream=self.pool,
            functions=self.functions,
            access_logs=self.logs,
            meter=meter or self.meter,
            api_key_secret=SECRET,
            session_tokens=SessionTokens(SECRET),
            document_seal=DocumentSeal(SECRET),
            authorizer_results=AuthorizerResults(clock),
            answers=MemoryAnswers(clock),
            answers_secret=SECRET,
            key_sets=KeySets(self.pool, clock),
            verified_tokens=VerifiedTokens(),
            role_sessions=RoleSessions(self.pool, clock),
            stories=self.stories,
            execution_logs=self.execution_logs,
            spans=self.spans,
            sampler=TraceSampler(1, 0.05, lambda: self.chance),
        )
        self.current = Current()
        self.application = Gateway(self.current, clock)
        self._served: dict[str, str] = {}
        self._bodies: dict[str, bytes] = {}

    async def __aenter__(self) -> GatewayHarness:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        self.services.key_sets.close()
        self.services.role_sessions.close()
        await self.pool.aclose()

    def reach_aws(self, end_point: str) -> None:
        """What is served from now on calls AWS services there, with the credentials `AWS_KEY`."""
        self.services = replace(self.services, aws=AwsAccess(AWS_KEY, endpoint_url=end_point))

    def serve(self, *parts: RestApi | AnyDocument) -> None:
        """Put these in force beside what is served already."""
        self.serve_sections(*sections(*parts))

    def serve_sections(self, named: dict[str, str], bodies: dict[str, bytes]) -> None:
        """Put documents in force as they are published: by the digests that sections hold."""
        self._served |= named
        self._bodies |= bodies
        self.current.snapshot = build(
            self.current.snapshot, self.current.snapshot.revision + 1, self._served, self._bodies, self.services
        )

    def withdraw(self, document: AnyDocument) -> None:
        self._served.pop(section_of(document))
        self.serve()

    async def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        host: str | None = None,
        chunks: list[bytes] | None = None,
        headers: dict[str, str] | list[tuple[str, str]] | None = None,
        peer: TlsPeer | None = None,
        **named: str,
    ) -> Answer:
        """Call a path that starts with the stage, over TLS where there is a peer. Keyword arguments are headers, `_` standing for `-`."""
        sent = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
        sent += [(name.replace("_", "-"), value) for name, value in named.items()]
        if not any(name.lower() == "host" for name, _ in sent):
            sent.insert(0, ("host", host or f"{API}.execute-api.localhost"))
        pieces = chunks if chunks is not None else [body]
        if chunks is not None:
            sent.append(("transfer-encoding", "chunked"))
        elif body:
            sent.append(("content-length", str(len(body))))
        target, _, query = path.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": target,
            "raw_path": target.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in sent],
            NAMES_KEY: [name.encode() for name, _ in sent],
            "client": ("192.0.2.7", 50000),
            "server": ("127.0.0.1", 8080),
            "state": {} if peer is None else {TLS_KEY: peer},
        }
        if IN_LANE:
            return Answer(*answered(await through_the_edge(self.application, scope, pieces)))
        return await drive(self.application, scope, pieces)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: bytes = b"", **options: Any) -> Answer:
        return await self.call("POST", path, body, **options)


async def drive(application: Any, scope: dict[str, Any], pieces: list[bytes]) -> Answer:
    """Run an ASGI application over one request and collect its answer."""
    left = list(pieces)
    answer = Answer(0, [], b"", False)

    async def receive() -> dict[str, Any]:
        if not left:
            return {"type": "http.disconnect"}
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [(name.decode(), value.decode("latin-1")) for name, value in message["headers"]]
        else:
            answer.body += message.get("body", b"")
            answer.complete = not message.get("more_body", False)

    await application(scope, receive, send)
    return answer
