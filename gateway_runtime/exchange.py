"""One request on its way through the pipeline: what each phase reads and sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway_runtime.edge.body import RequestBody
from gateway_runtime.edge.canonical import CanonicalRequest, Headers
from gateway_runtime.errors import GatewayError
from gateway_runtime.head_lines import Block
from gateway_runtime.upstream.response import UpstreamResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from apps.core.environment import VpcEndpoint
    from apps.core.iam import Decision
    from apps.core.sigv4_signing import AwsCredentials
    from gateway_runtime.edge.turn import Turn
    from gateway_runtime.mapping.template_context import TemplateContext
    from gateway_runtime.phases.cache import CacheVisit
    from gateway_runtime.ports import FunctionAnswer
    from gateway_runtime.snapshot.entitlements import Entitlement
    from gateway_runtime.snapshot.snapshot import Snapshot
    from gateway_runtime.snapshot.stage import CompiledMethod, CompiledStage
    from gateway_runtime.websocket.event import SocketEvent


class Timing(NamedTuple):
    """When a phase of a watched walk began and ended (monotonic seconds), and what it noted meanwhile."""

    phase: str
    began: float
    ended: float
    notes: list[str]


Entrance = tuple[str, tuple[str, int | None] | None]


_NOTHING: dict[str, str] = {}
_NO_HEADERS: Headers = []


class Exchange:
    """A request and its answer.

    What requests on the hot path set and read has slots; the rest has its defaults in the class, so that it costs nothing where
    it is not used.
    """

    __slots__ = (
        "__dict__",
        "_receive",
        "_scope",
        "_send",
        "answer",
        "base_path",
        "body",
        "entitlement",
        "error",
        "extended_id",
        "headers",
        "integration_latency",
        "integration_started",
        "integration_status",
        "latency",
        "method",
        "out_body",
        "out_headers",
        "out_line",
        "path",
        "path_values",
        "received_at",
        "request",
        "request_id",
        "sent_bytes",
        "snapshot",
        "stage",
        "started",
        "status",
        "stopped_by",
        "streamed",
        "target",
        "trace_id",
        "turn",
        "upstream",
        "watched",
    )  # fmt: skip

    # Set by the gateway
    snapshot: Snapshot
    request: CanonicalRequest
    body: RequestBody
    stage: CompiledStage | None
    method: CompiledMethod | None
    path: str  # what `$context.path` shows, as sent: with the stage, or on a custom domain name with the base path
    base_path: str | None  # on a custom domain name what of the path its mapping or rule matched, without outer slashes
    path_values: dict[str, str]  # as sent, percent-encoding kept
    request_id: str
    extended_id: str
    trace_id: str | None
    segment_id: str = ""  # this request's own place in the trace, where the stage traces
    parent_id: str = ""  # the place of whoever called
    trace_sampled: bool = False
    started: float  # monotonic seconds
    received_at: float  # seconds since the epoch
    # Set by authorization
    vpc_endpoint: VpcEndpoint | None = None  # through which the caller of a private API comes
    resource_policy: Decision | None = None  # what the API's policy says, before anybody has shown who they are
    authorizer: dict[
        str, Any
    ] = {}  # `$context.authorizer`: `principalId`, `claims`, and what an authorizer gave of its own
    identity: dict[str, str] = {}  # `$context.identity` of a caller who signed: `accountId`, `userArn`, `caller` …
    usage_identifier_key: str | None = None  # the API key that an authorizer names
    authorizer_answer: FunctionAnswer | None = None  # of the Lambda authorizer, where it was asked for this request
    permits: Callable[[str], bool] | None = None  # whether the caller's policies allow an `execute-api:` action here
    caller_may: Callable[[str, str], bool] | None = (
        None  # whether those of a caller who acts behind the API allow an action on an ARN
    )
    caller_credentials: AwsCredentials | None = None  # what a caller who acts behind the API has signed with
    socket: SocketEvent | None = None  # what happens on a WebSocket connection; None for a request
    # Set by phases
    cache: CacheVisit | None = None  # the request's visit to the stage's cache; None where answers are not kept
    entitlement: Entitlement | None
    template_context: TemplateContext | None = None  # `$context` of mapping templates, once one has run
    target: str
    out_headers: Headers | Block
    out_line: bytes  # one header line more, behind a block
    out_body: bytes | RequestBody
    upstream: UpstreamResponse | None
    function: FunctionAnswer | None = None  # what a Lambda function returned
    integration_status: int
    function_status: int = 0  # the status that a function's own answer names
    integration_started: float
    integration_latency: float
    error: GatewayError | None
    # Set by the walk that is watched
    watched: bool
    sampled: bool = False  # its story is kept, whatever comes of it
    timings: list[Timing] = []
    notes: list[str] | None = None  # a phase may add what only it knows; None where nobody watches
    received: bytes = b""  # the back end's body, with data tracing
    stopped_by: Callable[[Exchange], Any] | None  # the step that raised the error
    # The answer
    status: int
    headers: Headers | Block  # each exchange's own, or a block: who adds to them puts others in their place
    answer: bytes
    streamed: UpstreamResponse | None  # the answer's body where it passes through
    first_content_at: float = 0.0  # monotonic seconds, of an answer that streams
    sent_bytes: int
    aborted: bool = False  # the answer could not be completed
    latency: float

    def __init__(self, scope: dict[str, Any] | None, receive: Any, send: Any, turn: Turn | None = None) -> None:
        """`turn` is the edge's side of the request, where the edge is ours; then the scope may be left to it."""
        self.turn = turn
        self._scope = scope
        self._receive = receive
        self._send = send
        self.stage = self.method = self.base_path = self.trace_id = self.entitlement = self.upstream = self.error = (
            self.stopped_by
        ) = self.streamed = None
        self.path = self.request_id = self.extended_id = self.target = ""
        self.watched = False
        self.path_values = _NOTHING
        self.out_headers = _NO_HEADERS
        self.out_line = self.out_body = self.answer = b""
        self.integration_status = self.sent_bytes = 0
        self.integration_started = self.integration_latency = self.latency = 0.0
        self.status = 500
        self.headers = []

    @property
    def receive(self) -> Any:
        """ASGI's."""
        return self._receive if self.turn is None else self.turn.receive

    @property
    def send(self) -> Any:
        """ASGI's."""
        return self._send if self.turn is None else self.turn.send

    @property
    def scope(self) -> dict[str, Any]:
        """The request as ASGI has it. The edge makes it when somebody first asks: the hot path does not."""
        if self._scope is None:
            assert self.turn is not None
            self._scope = self.turn.make_scope()
        return self._scope

    @property
    def entrance(self) -> Entrance:
        """Scheme, and the address and port at which the request came in."""
        if self.turn is not None:
            return self.turn.entrance
        return self.scope.get("scheme", "http"), self.scope.get("server")

    @property
    def sent_headers(self) -> Headers:
        """The headers of the request to the back end, one by one."""
        if not self.out_line:
            return list(self.out_headers)
        name, _, value = self.out_line.rstrip(b"\r\n").partition(b": ")
        return [*self.out_headers, (name, value)]

    def stage_variables(self) -> dict[str, str]:
        return self.stage.document.variables if self.stage is not None else {}
