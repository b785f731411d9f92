"""What the pipeline needs from the world: time, counters, back ends and sinks. Each has a real and a local implementation.

A call that must not cost the hot path an await answers at once where it can and gives an awaitable only where it must.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from apps.core.aws_access import AwsAccess
from apps.core.environment import VpcEndpoint
from apps.core.secrets import DocumentSeal
from apps.core.session_tokens import SessionTokens
from apps.core.sigv4_signing import AwsCredentials
from apps.core.stories import Story
from gateway_runtime.limits import STREAM, StreamLimits
from gateway_runtime.observation.sampling import TraceSampler
from gateway_runtime.upstream.at_once import SendAtOnce
from gateway_runtime.upstream.discovery import Discoverer
from gateway_runtime.upstream.origin import Origin
from gateway_runtime.upstream.pool import BodyStream, Client
from gateway_runtime.upstream.response import UpstreamResponse
from gateway_runtime.websocket.directory import Connections

if TYPE_CHECKING:
    from gateway_runtime.authorizers.key_sets import KeySets
    from gateway_runtime.authorizers.results import AuthorizerResults
    from gateway_runtime.authorizers.verified import VerifiedTokens
    from gateway_runtime.iam.assumed_roles import RoleSessions


class Clock(Protocol):
    """Seconds: `monotonic` for intervals, `time` (since the epoch) for what is shown and for calendar periods."""

    def monotonic(self) -> float: ...

    def time(self) -> float: ...


class SystemClock:
    """The machine's clocks."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)


class Bucket(Protocol):
    """A token bucket shared by everybody who names the same scope."""

    @property
    def name(self) -> str:
        """What the limit is called in `RateLimit-Policy`."""

    @property
    def rate(self) -> float: ...

    @property
    def burst(self) -> int: ...


Throttled = Bucket | None


class Buckets(Protocol):
    """Token buckets: exact over everybody that shares the store."""

    def bucket(self, name: str, scope: tuple[str, ...], rate: float, burst: int) -> Bucket:
        """The bucket of a scope; asked with another rate or burst, the same bucket continues under them."""

    def take(self, buckets: tuple[Any, ...]) -> Throttled | Awaitable[Throttled]:
        """Take one token from every bucket, or none from any. The answer is the first that refused, else None.

        The buckets are those that this store gave out.
        """


@dataclass(frozen=True, slots=True)
class QuotaPeriod:
    """One counter: `limit` grants from `starts_at` to `ends_at` (epoch seconds); `key` names it in the store."""

    key: str
    limit: int
    period: str
    starts_at: float
    ends_at: float


Granted = bool | Awaitable[bool]


class Quotas(Protocol):
    """Counters of grants, exact over everybody that shares the store while it is reachable."""

    def grant(self, period: QuotaPeriod) -> Granted:
        """Count one request unless the period's limit is reached."""


class Upstream(Protocol):
    """Calls a back end; `gateway_runtime.upstream.UpstreamPool` says what the arguments mean and what it raises."""

    async def request(
        self,
        origin: Origin,
        method: bytes,
        target: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes | BodyStream = b"",
        *,
        timeout: float,  # noqa: ASYNC109
        client: Client | None = None,
        stream: StreamLimits | None = None,
    ) -> UpstreamResponse: ...

    def at_once(self, origin: Origin, seconds: float, stream: StreamLimits | None = None) -> SendAtOnce:
        """A function that sends to one origin where nothing has to be waited for, and else gives None (`AtOnce.send`)."""

    def may_send_again(self, origin: Origin, method: bytes, error: Exception | None) -> bool: ...


class FunctionAnswer(NamedTuple):
    """What a function returned. `error` is None, `Handled` or `Unhandled` (X-Amz-Function-Error): the payload then tells the error.

    An invocation as an event is answered before the function runs: `status` 202 and no payload. `headers` are those of Lambda's
    answer, names in lower case.
    """

    payload: bytes
    error: str | None = None
    status: int = 200
    headers: Sequence[tuple[bytes, bytes]] = ()


Signer = Callable[[], AwsCredentials | Awaitable[AwsCredentials]]
"""What a call of AWS is signed with. It raises, or what is awaited does, `CredentialsRefused` or `CredentialsUnavailable`."""


class Functions(Protocol):
    """Invokes Lambda functions. Both calls raise the errors of `gateway_runtime.functions.errors`."""

    async def invoke(
        self,
        arn: str,
        payload: bytes,
        *,
        source_arn: str,
        role_arn: str = "",
        signer: Signer | None = None,
        event: bool = False,
        headers: Sequence[tuple[bytes, bytes]] = (),
        timeout: float,  # noqa: ASYNC109
    ) -> FunctionAnswer:
        """Run a function (an ARN, with or without a qualifier) on an event of JSON and wait for what it returns.

        `source_arn` is the `execute-api` ARN on whose behalf: function policies ask for it. It is empty where credentials are
        named: then the policy is asked for `role_arn`, and where that is empty too it is not asked, for the role's own policies decide.
        `signer` is what signs the call of a function that is not of this installation; without one there is none.
        `headers` are further ones of Lambda's Invoke API, names in lower case. `timeout` is seconds.
        """

    async def stream(
        self,
        arn: str,
        payload: bytes,
        *,
        source_arn: str,
        role_arn: str = "",
        signer: Signer | None = None,
        timeout: float,  # noqa: ASYNC109
    ) -> UpstreamResponse:
        """InvokeWithResponseStream: the bytes that the function writes, while it writes them, as the body of the response.

        A function that fails in the middle ends the body with an `UpstreamError`.
        """


class CacheRoom(NamedTuple):
    """The answers that one stage keeps, and how many bytes of them at most."""

    name: str
    bytes: int


class AnswerCache(Protocol):
    """Answers that stages keep. One that is away, or has no room, keeps nothing and finds nothing: neither call raises."""

    async def find(self, key: str) -> bytes | None:
        """What was kept under a key and has not passed; at most 50 milliseconds."""

    def keep(self, room: CacheRoom, key: str, answer: bytes, seconds: int) -> None:
        """Keep an answer that long, in place of those that pass soonest when the room is full. Never waits."""


class AccessLogs(Protocol):
    """Takes lines for a stage's access log; never waits, drops and counts what exceeds its bound."""

    def write(self, api_id: str, stage_name: str, line: str) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class TrafficLabel:
    """What traffic is counted under; one object per method, compared by identity. `detailed` asks for metrics of the method alone;
    `canary` is the method of a stage's canary."""

    account_id: str
    region: str
    api_id: str
    stage_name: str
    resource: str
    method: str
    detailed: bool = False
    canary: bool = False


class Meter(Protocol):
    """Counts what was served. Both calls are a few additions in memory that survive the death of the process."""

    def use(self, account_id: str, region: str, plan_id: str, key_id: str) -> None:
        """A request drew on a key's quota under a plan."""

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
        """A request was answered; latencies are seconds, `data` bytes. `cache` is 1 for an answer from the stage's cache, 2 for one that
        was not there."""


class Stories(Protocol):
    """Keeps what befell requests; never waits, drops and counts what exceeds its bounds."""

    @property
    def per_second(self) -> float:
        """How many successes of each method are kept, for nothing but to be looked at; 0 for none."""

    def keep(self, story: Story) -> None: ...


class Spans(Protocol):
    """Takes the spans of traced requests to where traces are looked at; never waits, drops and counts what exceeds its bound."""

    def export(self, story: Story) -> None: ...


class Nowhere:
    """Keeps no story, no log and no span."""

    per_second = 0.0

    def keep(self, story: Story) -> None:
        """Nobody asks for it."""

    def write(self, api_id: str, stage_name: str, line: str) -> None:
        """Nobody reads it."""

    def export(self, story: Story) -> None:
        """Nobody looks at traces."""


NOWHERE = Nowhere()
NEVER = TraceSampler(0, 0, random.random)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that compiled phases are bound to."""

    clock: Clock
    buckets: Buckets
    quotas: Quotas
    upstream: Upstream
    functions: Functions
    access_logs: AccessLogs
    meter: Meter
    api_key_secret: bytes
    authorizer_results: AuthorizerResults
    key_sets: KeySets
    verified_tokens: VerifiedTokens
    role_sessions: RoleSessions
    # Without the installation's keys nobody's tokens and secrets open.
    session_tokens: SessionTokens = field(default_factory=lambda: SessionTokens(os.urandom(32)))
    document_seal: DocumentSeal = field(default_factory=lambda: DocumentSeal(os.urandom(32)))
    connections: Connections = field(default_factory=Connections)  # WebSocket connections of the data plane
    vpc_endpoints: tuple[VpcEndpoint, ...] = ()
    answers: AnswerCache | None = None  # without one no stage keeps answers
    answers_secret: bytes = b""  # 32 bytes: seals the answers that are to be kept encrypted
    aws: AwsAccess = field(default_factory=AwsAccess)
    stream: StreamLimits = STREAM
    stories: Stories = NOWHERE
    execution_logs: AccessLogs = NOWHERE
    spans: Spans = NOWHERE
    sampler: TraceSampler = NEVER
    passive_tracing: bool = (
        False  # whether stages that do not trace have their place in traces that callers have sampled
    )
    discoverer: Discoverer = field(default_factory=lambda: Discoverer(time.monotonic))
    chance: Callable[[], float] = random.random  # evenly distributed from 0 up to, but not including, 1
