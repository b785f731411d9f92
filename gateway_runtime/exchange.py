"""One request on its way through the pipeline: what each phase reads and sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway_runtime.edge.body import RequestBody
from gateway_runtime.edge.canonical import CanonicalRequest, Headers
from gateway_runtime.errors import GatewayError
from gateway_runtime.upstream.response import UpstreamResponse

if TYPE_CHECKING:
    from gateway_runtime.mapping.template_context import TemplateContext
    from gateway_runtime.snapshot.entitlements import Entitlement
    from gateway_runtime.snapshot.snapshot import Snapshot
    from gateway_runtime.snapshot.stage import CompiledMethod, CompiledStage


class Exchange:
    """A request and its answer. Members have their defaults in the class, so that making one costs what is set."""

    # Set by the gateway
    snapshot: Snapshot
    request: CanonicalRequest
    body: RequestBody
    stage: CompiledStage | None = None
    method: CompiledMethod | None = None
    path: str = ""  # what `$context.path` shows: with the stage, as sent
    path_values: dict[str, str] = {}  # as sent, percent-encoding kept
    request_id: str = ""
    extended_id: str = ""
    trace_id: str | None = None
    started: float  # monotonic seconds
    received_at: float  # seconds since the epoch
    # Set by authorization
    authorizer: dict[
        str, Any
    ] = {}  # `$context.authorizer`: `principalId`, `claims`, and what an authorizer gave of its own
    identity: dict[str, str] = {}  # `$context.identity` of a caller who signed: `accountId`, `userArn`, `caller` …
    usage_identifier_key: str | None = None  # the API key that an authorizer names
    # Set by phases
    entitlement: Entitlement | None = None
    template_context: TemplateContext | None = None  # `$context` of mapping templates, once one has run
    target: str = ""
    out_headers: Headers = []
    out_body: bytes | RequestBody = b""
    upstream: UpstreamResponse | None = None
    integration_status: int = 0
    integration_started: float = 0.0
    integration_latency: float = 0.0
    error: GatewayError | None = None
    # The answer
    status: int = 500
    headers: Headers = []
    answer: bytes = b""
    streamed: UpstreamResponse | None = None  # the answer's body where it passes through
    sent_bytes: int = 0
    aborted: bool = False  # the answer could not be completed
    latency: float = 0.0

    def __init__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send

    def stage_variables(self) -> dict[str, str]:
        return self.stage.document.variables if self.stage is not None else {}
