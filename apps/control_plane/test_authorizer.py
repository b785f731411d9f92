"""Test calls of authorizers: what the data plane would decide, and how it came to that.

As `test_invoke`, this runs the runtime's own pieces on documents that are not published.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from apps.control_plane.test_invoke import TestRequest, exchange_of, services_of
from apps.core.documents import Authorizer, DeploymentDocument, Integration, Method, Resource, StageDocument
from apps.core.environment import Environment
from apps.core.execution_log import ExecutionLog, masked
from gateway_runtime.authorizers.discovery import own_issuers
from gateway_runtime.authorizers.events import Event
from gateway_runtime.authorizers.function import (
    ReadGrant,
    WriteEvent,
    authorizer_function,
    event_of,
    identity_reader,
)
from gateway_runtime.authorizers.grant import Grant, read_grant
from gateway_runtime.authorizers.key_sets import KeySets
from gateway_runtime.authorizers.method_arn import compile_method_arn
from gateway_runtime.authorizers.token import authorize_by_token
from gateway_runtime.edge.refusals import new_request_id
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.functions.place import functions_of, host_pool
from gateway_runtime.pipelines import Pipeline
from gateway_runtime.ports import Services
from gateway_runtime.snapshot.compile import compile_method
from gateway_runtime.snapshot.router import Router
from gateway_runtime.snapshot.stage import CompiledStage, MethodSite, Misconfigured, StageSite, Step
from gateway_runtime.upstream.guard import AddressPolicy, GuardedConnector
from gateway_runtime.upstream.pool import UpstreamPool

_REFUSALS = {"UNAUTHORIZED": "Unauthorized request", "ACCESS_DENIED": "Access denied to request"}
_LAMBDA = ("TOKEN", "REQUEST")
_ANYWHERE = "/{proxy+}"
_NO_PHASES = Pipeline((), ())


class AuthorizerAnswer(NamedTuple):
    """`status` is 0 for who is recognised, else what a client would get and `reason` why; `latency` is milliseconds. A function gives
    the principal, the policy and what `context` it likes, a token its claims."""

    status: int
    log: str = ""
    latency: int = 0
    reason: str = ""
    principal: str | None = None
    policy: str | None = None
    context: dict[str, str] | None = None
    claims: dict[str, str] | None = None


def try_authorizer(
    authorizer: Authorizer, stage: StageDocument, request: TestRequest, environment: Environment
) -> AuthorizerAnswer:
    """Ask an authorizer about a request, in an event loop of its own. Raises `NotARequest`."""
    return asyncio.run(_try(authorizer, stage, request, environment))


async def _try(
    authorizer: Authorizer, stage: StageDocument, request: TestRequest, environment: Environment
) -> AuthorizerAnswer:
    async with asking(environment) as services:
        site = StageSite(stage, _deployment(authorizer, stage), None, services)
        method = MethodSite(*site, site.deployment.resources[0], site.deployment.resources[0].methods[0])
        exchange = _exchange(site, request, new_request_id())
        ask = _ask_function if authorizer.type in _LAMBDA else _ask_token
        return await decided(exchange, authorizer.id, lambda log: ask(exchange, method, authorizer, log))


@asynccontextmanager
async def asking(environment: Environment) -> AsyncIterator[Services]:
    """What authorizers ask with: functions, and issuers, the installation's own among them. Nothing is remembered from before."""
    private = environment.allow_private_backends
    pool = UpstreamPool(GuardedConnector(AddressPolicy(allow_loopback=private, allow_private=private)))
    host = host_pool(environment)
    portal = UpstreamPool(GuardedConnector(AddressPolicy(allow_loopback=True, allow_private=True)))
    services = services_of(pool, functions_of(environment, host, pool), environment)
    services = replace(services, key_sets=KeySets(pool, services.clock, own_issuers(environment, portal)))
    try:
        yield services
    finally:
        services.key_sets.close()
        for each in (pool, host, portal):
            await each.aclose()


def _deployment(authorizer: Authorizer, stage: StageDocument) -> DeploymentDocument:
    """An API whose every path the authorizer guards."""
    method = Method(http_method="GET", integration=Integration(type="MOCK"))
    return DeploymentDocument(
        account_id=stage.account_id,
        region=stage.region,
        api_id=stage.api_id,
        api_name="",
        deployment_id=stage.deployment_id,
        resources=(Resource(id="", path=_ANYWHERE, methods=(method,)),),
        authorizers={authorizer.id: authorizer},
    )


def _exchange(site: StageSite, request: TestRequest, request_id: str) -> Exchange:
    exchange = exchange_of(site, request, request_id)
    resource = site.deployment.resources[0]
    exchange.method = compile_method(site, resource, resource.methods[0], _NO_PHASES)
    exchange.stage = CompiledStage(site, Router([]), (), ())
    return exchange


async def decided(
    exchange: Exchange, authorizer_id: str, ask: Callable[[ExecutionLog], Awaitable[AuthorizerAnswer]]
) -> AuthorizerAnswer:
    """What came of asking, with its log and its time, also where it was refused or could not be asked."""
    log = ExecutionLog(exchange.request_id, f"Starting authorizer: {authorizer_id} for request: {exchange.request_id}")
    try:
        answer = await ask(log)
    except Misconfigured as problem:
        answer = refused(GatewayError("AUTHORIZER_CONFIGURATION_ERROR", detail=str(problem)), exchange, log)
    except GatewayError as error:
        answer = refused(error, exchange, log)
    else:
        if not answer.status:
            log.add("Successfully completed authorizer execution")
    return answer._replace(log=str(log), latency=round((time.monotonic() - exchange.started) * 1000))


def refused(error: GatewayError, exchange: Exchange, log: ExecutionLog) -> AuthorizerAnswer:
    """The answer for who is not let in, or cannot be asked about."""
    reason = error.detail or str(error.message)
    if error.name in ("UNAUTHORIZED", "ACCESS_DENIED"):
        log.add(reason)
        log.add(f"{_REFUSALS[error.name]}: {exchange.request_id}")
    else:
        log.add(f"Execution failed due to configuration error: {reason}")
        log.add(error.error_type)
    return AuthorizerAnswer(error.status, reason=reason)


async def _ask_function(
    exchange: Exchange, site: MethodSite, authorizer: Authorizer, log: ExecutionLog
) -> AuthorizerAnswer:
    """What its policy says of a call is not asked, as on AWS."""
    return granted(await ask_function(exchange, site, authorizer, log))


async def ask_function(
    exchange: Exchange,
    site: MethodSite,
    authorizer: Authorizer,
    log: ExecutionLog,
    write_event: WriteEvent = event_of,
    read_answer: ReadGrant = read_grant,
) -> Grant:
    """Ask the function anew, whatever is remembered elsewhere."""
    with _explained("an identity source is missing, empty or not as it is expected"):
        identity = identity_reader(site, authorizer)(exchange)
    log.add(f"Incoming identity: {', '.join(masked(value) for values in identity for value in values)}")
    function = authorizer_function(site, authorizer)
    event = write_event(site, authorizer, exchange, identity, compile_method_arn(site)(exchange))
    uri = f"https://lambda.{site.stage.region}.amazonaws.com/2015-03-31/functions/{function.arn}/invocations"
    log.add(f"Endpoint request URI: {uri}")
    log.add(f"Endpoint request body after transformations: {json.dumps(_shown(event), separators=(',', ':'))}")
    log.add(f"Sending request to {uri}")
    answer = await function.ask(event)
    log.add(f"Authorizer result body before parsing: {answer.payload.decode('utf-8', 'replace')}")
    grant = read_answer(answer)
    principal = grant.variables.get("principalId")
    if principal is not None:
        log.add(f"Using valid authorizer policy for principal: {masked(str(principal))}")
    return grant


def granted(grant: Grant) -> AuthorizerAnswer:
    """Whom a function recognised, and what it says of them."""
    principal = grant.variables.get("principalId")
    own = {
        key: _text(value) for key, value in grant.variables.items() if key not in ("principalId", "integrationLatency")
    }
    policy = json.dumps(grant.policy_document)
    return AuthorizerAnswer(0, principal=None if principal is None else str(principal), policy=policy, context=own)


async def _ask_token(
    exchange: Exchange, site: MethodSite, authorizer: Authorizer, log: ExecutionLog
) -> AuthorizerAnswer:
    return await ask_token(exchange, authorize_by_token(site, authorizer), log)


async def ask_token(exchange: Exchange, step: Step, log: ExecutionLog) -> AuthorizerAnswer:
    """Take the step of a token's verification, and tell what the token claims."""
    with _explained("there is no token where the identity source says"):
        waiting = step(exchange)
        if waiting is not None:
            await waiting
    claims: dict[str, str] = exchange.authorizer["claims"]
    log.add(f"Claims of the token: {json.dumps(claims, ensure_ascii=False)}")
    return AuthorizerAnswer(0, claims=claims)


@contextmanager
def _explained(reason: str) -> Iterator[None]:
    """Give a refusal that says nothing its reason, which callers of the data plane are not told."""
    try:
        yield
    except GatewayError as error:
        error.detail = error.detail or reason
        raise


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shown(event: Event) -> Event:
    """The event without what its caller is recognised by."""
    shown: dict[str, Any] = dict(event)
    if "authorizationToken" in shown:
        shown["authorizationToken"] = masked(shown["authorizationToken"])
    source = shown.get("identitySource")
    if source:
        shown["identitySource"] = masked(source) if isinstance(source, str) else [masked(value) for value in source]
    for name in ("headers", "multiValueHeaders"):
        if name in shown:
            shown[name] = {
                key: "****" if key.lower() == "authorization" else value for key, value in shown[name].items()
            }
    return shown
