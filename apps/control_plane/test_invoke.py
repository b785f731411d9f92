"""Test calls: the runtime's own pipeline, run here on a document that is not published.

With `test_authorizer` this is the one place outside of the data plane that runs it. It takes a frozen method and a request and gives an answer
with its log; who may ask for it, and how that is told, is the operation's business.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from apps.control_plane.test_endpoints import LoggedFunctions, LoggedUpstream
from apps.core.documents import DeploymentDocument, LinksDocument, StageDocument
from apps.core.environment import Environment
from apps.core.execution_log import ExecutionLog, as_map, header_name
from apps.core.stories import Story
from gateway_runtime.authorizers.key_sets import KeySets
from gateway_runtime.authorizers.results import AuthorizerResults
from gateway_runtime.authorizers.verified import VerifiedTokens
from gateway_runtime.edge.body import BodyTooLarge, RequestBody
from gateway_runtime.edge.canonical import NAMES_KEY, Headers, parse_head
from gateway_runtime.edge.refusals import AmbiguousRequest, new_request_id
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.functions.place import functions_of, host_pool
from gateway_runtime.iam.assumed_roles import RoleSessions
from gateway_runtime.integrations.forwarding import new_extended_id
from gateway_runtime.observation.execution_events import failure
from gateway_runtime.observation.story import story_of
from gateway_runtime.phases.api_key import validate_api_key
from gateway_runtime.phases.authorize import authorize
from gateway_runtime.phases.cache import read_cache, write_cache
from gateway_runtime.phases.compression import compress_response
from gateway_runtime.phases.gateway_response import gateway_response
from gateway_runtime.phases.quota import quota
from gateway_runtime.phases.resource_policy import require_resource_policy, resource_policy
from gateway_runtime.phases.throttle import throttle
from gateway_runtime.phases.verify_signature import verify_signature
from gateway_runtime.pipelines import REST, Pipeline
from gateway_runtime.ports import Functions, Services, SystemClock, TrafficLabel, Upstream
from gateway_runtime.snapshot.compile import compile_method
from gateway_runtime.snapshot.router import Router
from gateway_runtime.snapshot.snapshot import Snapshot
from gateway_runtime.snapshot.stage import CompiledStage, StageSite, Step
from gateway_runtime.stores.memory import MemoryBuckets, MemoryQuotas
from gateway_runtime.upstream.balancing import Links
from gateway_runtime.upstream.errors import UpstreamError
from gateway_runtime.upstream.guard import AddressPolicy, GuardedConnector, tls_context
from gateway_runtime.upstream.origin import ClientIdentity, Origin
from gateway_runtime.upstream.pool import UpstreamPool

SOURCE_IP = "test-invoke-source-ip"
# What AWS spares a test call: it is nobody's traffic, and its answer is shown to people.
_SPARED = (
    resource_policy, verify_signature, authorize, require_resource_policy, validate_api_key, throttle, quota, read_cache, write_cache,
    compress_response,
)  # fmt: skip
_PIPELINE = Pipeline(tuple(phase for phase in REST.phases if phase not in _SPARED), closing=(gateway_response,))


class NotARequest(ValueError):
    """The request is none that a client could send; the message says why."""


class TestRequest(NamedTuple):
    """What is sent. `target` is a path with a query string, `headers` are names and values as given."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: str


class TestAnswer(NamedTuple):
    """What came of it. `latency` is milliseconds; `story` tells its phases, without the log."""

    status: int
    headers: list[tuple[str, str]]
    body: str
    log: str
    latency: int
    story: Story


class Outbound(NamedTuple):
    """How back ends and functions are reached: as the installation's settings say, and with the client certificate (PEM)
    and its private key that are shown to back ends, through the VPC links
    of the API's account."""

    environment: Environment
    certificate: tuple[str, str] | None = None
    links: LinksDocument | None = None


def invoke(
    deployment: DeploymentDocument, stage: StageDocument, request: TestRequest, outbound: Outbound
) -> TestAnswer:
    """Run a document's one method on a request, in an event loop of its own. Raises `NotARequest`."""
    return asyncio.run(_invoke(deployment, stage, request, outbound))


async def _invoke(
    deployment: DeploymentDocument, stage: StageDocument, request: TestRequest, outbound: Outbound
) -> TestAnswer:
    request_id = new_request_id()
    log = ExecutionLog(request_id)
    contexts = _contexts(ClientIdentity(*outbound.certificate)) if outbound.certificate else None
    private = outbound.environment.allow_private_backends
    policy = AddressPolicy(allow_loopback=private, allow_private=private)
    pool = UpstreamPool(GuardedConnector(policy, contexts=contexts))
    host = host_pool(outbound.environment)
    try:
        functions = functions_of(outbound.environment, host, pool)
        services = services_of(
            LoggedUpstream(pool, log),
            LoggedFunctions(functions, log, deployment.api_id, request_id),
            outbound.environment,
            pool,
        )
        site = StageSite(stage, deployment, None, services)
        exchange = exchange_of(site, request, request_id, outbound.links)
        _log_request(log, exchange, request)
        await _walk(exchange, site, log)
        return await _answer(exchange, site, log)
    finally:
        await pool.aclose()
        await host.aclose()


def services_of(
    upstream: Upstream, functions: Functions, environment: Environment, unlogged: Upstream | None = None
) -> Services:
    """The real ports where a test call has need of them, and none that reaches others' counters. `unlogged` is for calls of which
    no log tells."""
    clock = SystemClock()
    return Services(
        clock=clock,
        buckets=MemoryBuckets(clock),
        quotas=MemoryQuotas(),
        upstream=upstream,
        functions=functions,
        access_logs=_Nobody(),
        meter=_Nobody(),
        aws=environment.aws,
        api_key_secret=b"",
        authorizer_results=AuthorizerResults(clock),
        key_sets=KeySets(upstream, clock),
        verified_tokens=VerifiedTokens(),
        role_sessions=RoleSessions(unlogged or upstream, clock),
    )


def exchange_of(site: StageSite, request: TestRequest, request_id: str, links: LinksDocument | None = None) -> Exchange:
    """The request where the gateway would have located it. Raises `NotARequest`."""
    resource = site.deployment.resources[0]
    body = request.body.encode()
    headers: Headers = [
        (b"host", f"{site.deployment.api_id}.execute-api.{site.deployment.region}.amazonaws.com".encode())
    ]
    given = [(name.lower().encode("latin-1", "replace"), _latin(value)) for name, value in request.headers]
    headers += [header for header in given if header[0] not in (b"host", b"content-length", b"transfer-encoding")]
    headers.append((b"content-length", b"%d" % len(body)))
    target = request.target if request.target.startswith("/") else f"/{request.target}"
    try:
        parsed = parse_head(request.method, target.encode("ascii", "replace"), headers, SOURCE_IP)
    except AmbiguousRequest as error:
        raise NotARequest(error.reason) from None
    names = [name.encode("latin-1", "replace") for name, _ in request.headers]
    scope = {"type": "http", "method": request.method, "scheme": "https", NAMES_KEY: [b"Host", *names]}
    exchange = Exchange(scope, _receiver(body), None)
    exchange.request = parsed
    exchange.body = RequestBody(headers, exchange.receive)
    exchange.request_id, exchange.extended_id = request_id, new_extended_id()
    exchange.started, exchange.received_at = time.monotonic(), time.time()
    exchange.snapshot = Snapshot(links=Links([] if links is None else [links]))
    exchange.path = parsed.path
    found = Router([(resource.path, True)]).match(parsed.segments)
    exchange.path_values = {} if found is None else found[1]
    return exchange


def _latin(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise NotARequest("a header value has characters that no header can have") from None


def _receiver(body: bytes) -> Callable[[], Any]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _log_request(log: ExecutionLog, exchange: Exchange, request: TestRequest) -> None:
    log.add(f"HTTP Method: {request.method}, Resource Path: {exchange.path}")
    log.add(f"Method request path: {as_map(exchange.path_values)}")
    log.add(f"Method request query string: {as_map(exchange.request.query)}")
    log.add(f"Method request headers: {as_map(request.headers)}")
    log.add(f"Method request body before transformations: {request.body}")


async def _walk(exchange: Exchange, site: StageSite, log: ExecutionLog) -> None:
    """Take the steps as the gateway does, then those that close also after a refusal."""
    resource = site.deployment.resources[0]
    exchange.method = method = compile_method(site, resource, resource.methods[0], _PIPELINE)
    closing: tuple[Step, ...] = tuple(step for phase in _PIPELINE.closing if (step := phase(site)) is not None)
    exchange.stage = CompiledStage(site, Router([(resource.path, {method.http_method: method})]), closing, closing)
    try:
        for step in method.watch.begin(exchange):
            waiting = step(exchange)
            if waiting is not None:
                await waiting
        if exchange.streamed is not None:
            exchange.answer = await exchange.streamed.read()
    except GatewayError as error:
        exchange.error = error
    except BodyTooLarge:
        exchange.error = GatewayError("REQUEST_TOO_LARGE")
    except UpstreamError as error:
        exchange.error = GatewayError("DEFAULT_5XX", status=502, detail=str(error))
    if exchange.error is not None:
        log.add(failure(exchange))
    for step in exchange.stage.closing:
        step(exchange)


async def _answer(exchange: Exchange, site: StageSite, log: ExecutionLog) -> TestAnswer:
    headers = [
        (header_name(name.decode("latin-1")), value.decode("utf-8", "replace")) for name, value in exchange.headers
    ]
    if exchange.trace_id is not None:
        headers.insert(0, ("X-Amzn-Trace-Id", exchange.trace_id))
    body = exchange.answer.decode("utf-8", "replace")
    if exchange.error is None:
        log.add(f"Method response body after transformations: {body}")
        log.add(f"Method response headers: {as_map(headers)}")
        log.add("Successfully completed execution")
    log.add(f"Method completed with status: {exchange.status}")
    exchange.latency = time.monotonic() - exchange.started
    exchange.sent_bytes = len(exchange.answer)
    story = story_of(exchange, site, "test")
    return TestAnswer(exchange.status, headers, body, str(log), round(exchange.latency * 1000), story)


def _contexts(identity: ClientIdentity) -> Callable[[Origin], ssl.SSLContext]:
    """TLS settings that show a client certificate."""
    return lambda origin: tls_context(origin.verify, identity)


class _Nobody:
    """Takes what a test call logs and counts: it is nobody's traffic."""

    def write(self, api_id: str, stage_name: str, line: str) -> None:
        """No access log has it."""

    def use(self, account_id: str, region: str, plan_id: str, key_id: str) -> None:
        """No quota is drawn on."""

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
        """No report shows it."""
