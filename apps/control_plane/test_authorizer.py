"""Test calls of authorizers: what the data plane would decide, and how it came to that.

As `test_invoke`, this runs the runtime's own pieces on documents that are not published.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import Any, NamedTuple

from apps.control_plane.test_invoke import TestRequest, exchange_of, services_of
from apps.core.documents import Authorizer, DeploymentDocument, Integration, Method, Resource, StageDocument
from apps.core.environment import Environment
from apps.core.execution_log import ExecutionLog, masked
from gateway_runtime.authorizers.discovery import own_issuers
from gateway_runtime.authorizers.events import Event
from gateway_runtime.authorizers.function import authorizer_function, event_of, identity_reader
from gateway_runtime.authorizers.grant import read_grant
from gateway_runtime.authorizers.key_sets import KeySets
from gateway_runtime.authorizers.method_arn import compile_method_arn
from gateway_runtime.authorizers.token import authorize_by_token
from gateway_runtime.edge.refusals import new_request_id
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.functions.place import functions_of, host_pool
from gateway_runtime.pipelines import Pipeline
from gateway_runtime.snapshot.compile import compile_method
from gateway_runtime.snapshot.router import Router
from gateway_runtime.snapshot.stage import CompiledStage, MethodSite, Misconfigured, StageSite
from gateway_runtime.upstream.guard import AddressPolicy, GuardedConnector
from gateway_runtime.upstream.pool import UpstreamPool

_LAMBDA = ("TOKEN", "REQUEST")
_ANYWHERE = "/{proxy+}"
_NO_PHASES = Pipeline((), ())


class AuthorizerAnswer(NamedTuple):
    """`status` is 0 for who is recognised, else what a client would get; `latency` is milliseconds. A function gives the principal,
    the policy and what `context` it likes, a token its claims."""

    status: int
    log: str
    latency: int
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
    private = environment.allow_private_backends
    pool = UpstreamPool(GuardedConnector(AddressPolicy(allow_loopback=private, allow_private=private)))
    host = host_pool(environment)
    portal = UpstreamPool(GuardedConnector(AddressPolicy(allow_loopback=True, allow_private=True)))
    services = services_of(pool, functions_of(environment, host, pool), environment)
    services = replace(services, key_sets=KeySets(pool, services.clock, own_issuers(environment, portal)))
    try:
        site = StageSite(stage, _deployment(authorizer, stage), None, services)
        method = MethodSite(*site, site.deployment.resources[0], site.deployment.resources[0].methods[0])
        request_id = new_request_id()
        log = ExecutionLog(request_id, f"Starting authorizer: {authorizer.id} for request: {request_id}")
        exchange = _exchange(site, request, request_id)
        return await _answer(exchange, method, authorizer, log)
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


async def _answer(exchange: Exchange, site: MethodSite, authorizer: Authorizer, log: ExecutionLog) -> AuthorizerAnswer:
    ask = _ask_function if authorizer.type in _LAMBDA else _ask_token
    try:
        answer = await ask(exchange, site, authorizer, log)
    except Misconfigured as problem:
        answer = _refused(GatewayError("AUTHORIZER_CONFIGURATION_ERROR", detail=str(problem)), exchange, log)
    except GatewayError as error:
        answer = _refused(error, exchange, log)
    else:
        log.add("Successfully completed authorizer execution")
    return answer._replace(log=str(log), latency=round((time.monotonic() - exchange.started) * 1000))


def _refused(error: GatewayError, exchange: Exchange, log: ExecutionLog) -> AuthorizerAnswer:
    if error.name == "UNAUTHORIZED":
        log.add(error.detail or str(error.message))
        log.add(f"Unauthorized request: {exchange.request_id}")
    else:
        log.add(f"Execution failed due to configuration error: {error.detail or error.message}")
        log.add(error.error_type)
    return AuthorizerAnswer(error.status, "", 0)


async def _ask_function(
    exchange: Exchange, site: MethodSite, authorizer: Authorizer, log: ExecutionLog
) -> AuthorizerAnswer:
    """Ask the function anew, whatever is remembered elsewhere. What its policy says of a call is not asked, as on AWS."""
    identity = identity_reader(site, authorizer)(exchange)
    log.add(f"Incoming identity: {', '.join(masked(value) for values in identity for value in values)}")
    function = authorizer_function(site, authorizer)
    event = event_of(site, authorizer, exchange, identity, compile_method_arn(site)(exchange))
    uri = f"https://lambda.{site.stage.region}.amazonaws.com/2015-03-31/functions/{function.arn}/invocations"
    log.add(f"Endpoint request URI: {uri}")
    log.add(f"Endpoint request body after transformations: {json.dumps(_shown(event), separators=(',', ':'))}")
    log.add(f"Sending request to {uri}")
    answer = await function.ask(event)
    log.add(f"Authorizer result body before parsing: {answer.payload.decode('utf-8', 'replace')}")
    grant = read_grant(answer)
    principal = str(grant.variables["principalId"])
    log.add(f"Using valid authorizer policy for principal: {masked(principal)}")
    own = {key: value for key, value in grant.variables.items() if key not in ("principalId", "integrationLatency")}
    return AuthorizerAnswer(0, "", 0, principal, json.dumps(grant.policy_document), context=own)


async def _ask_token(
    exchange: Exchange, site: MethodSite, authorizer: Authorizer, log: ExecutionLog
) -> AuthorizerAnswer:
    waiting = authorize_by_token(site, authorizer)(exchange)
    if waiting is not None:
        await waiting
    claims: dict[str, str] = exchange.authorizer["claims"]
    log.add(f"Claims of the token: {json.dumps(claims, ensure_ascii=False)}")
    return AuthorizerAnswer(0, "", 0, claims=claims)


def _shown(event: Event) -> Event:
    shown: dict[str, Any] = dict(event)
    if "authorizationToken" in shown:
        shown["authorizationToken"] = masked(shown["authorizationToken"])
    for name in ("headers", "multiValueHeaders"):
        if name in shown:
            shown[name] = {
                key: "****" if key.lower() == "authorization" else value for key, value in shown[name].items()
            }
    return shown
