"""Test calls of authorizers of HTTP and WebSocket APIs: as `test_authorizer`, with the routes' own events, answers and tokens."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec

from apps.control_plane.test_authorizer import (
    AuthorizerAnswer,
    ask_function,
    ask_token,
    asking,
    decided,
    granted,
    refused,
)
from apps.control_plane.test_invoke import SOURCE_IP, NotARequest, TestRequest, exchange_of
from apps.core.documents import V2DeploymentDocument, V2StageDocument
from apps.core.environment import Environment
from apps.core.execution_log import ExecutionLog
from apps.core.v2_documents import V2Authorizer, V2Route
from gateway_runtime.authorizers.function import event_of
from gateway_runtime.authorizers.grant import read_grant_of_connection
from gateway_runtime.authorizers.method_arn import compile_method_arn
from gateway_runtime.edge.refusals import new_request_id
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.gateway import DEFAULT_STAGE
from gateway_runtime.http_apis.grants import compile_question
from gateway_runtime.http_apis.route_phases import authorize
from gateway_runtime.http_apis.stage import HttpApiStage
from gateway_runtime.ports import Services
from gateway_runtime.snapshot.compile import walked_method
from gateway_runtime.snapshot.router import Router
from gateway_runtime.snapshot.stage import CompiledStage, StageSite
from gateway_runtime.v2.route_methods import as_integration, as_method_site, as_stage_site
from gateway_runtime.v2.route_site import RouteSite
from gateway_runtime.websocket.connection import Connection, new_connection_id, new_worker_id
from gateway_runtime.websocket.event import SocketEvent


class Guard(NamedTuple):
    """An authorizer where it guards a route of a stage."""

    authorizer: V2Authorizer
    route: V2Route
    stage: V2StageDocument


def try_v2_authorizer(guard: Guard, request: TestRequest, environment: Environment) -> AuthorizerAnswer:
    """Ask an authorizer about a request, in an event loop of its own. Raises `NotARequest`."""
    return asyncio.run(_try(guard, request, environment))


async def _try(guard: Guard, request: TestRequest, environment: Environment) -> AuthorizerAnswer:
    async with asking(environment) as services:
        at = _route_site(guard, services)
        exchange = _exchange(at, request)
        ask = _ask_token if guard.authorizer.type == "JWT" else _ask_function
        answer = await decided(exchange, guard.authorizer.id, lambda log: ask(exchange, at, log))
        return answer._replace(claims=exchange.authorizer.get("claims"))


def _route_site(guard: Guard, services: Services) -> RouteSite:
    authorizer, route, stage = guard
    deployment = V2DeploymentDocument(
        account_id=stage.account_id,
        region=stage.region,
        api_id=stage.api_id,
        api_name="",
        protocol_type=stage.protocol_type,
        deployment_id=stage.deployment_id,
        routes=(route,),
        authorizers={authorizer.id: authorizer},
    )
    whole = as_stage_site(stage, deployment, None, services)
    site = as_method_site(whole, route, as_integration(None), stage.protocol_type)
    frozen = msgspec.structs.replace(whole.deployment, resources=(site.resource,))
    return RouteSite(site._replace(deployment=frozen), route, None, deployment)


def _exchange(at: RouteSite, request: TestRequest) -> Exchange:
    """The request where the gateway would have found its route."""
    exchange = exchange_of(at.site.at, request, new_request_id())
    exchange.method = walked_method(at.site, [])
    if at.deployment.protocol_type == "WEBSOCKET":
        _connect(exchange, at.site.at)
        return exchange
    exchange.request_id = exchange.extended_id
    exchange.stage = HttpApiStage(at.site.at, {at.route.key: exchange.method}, None)
    found = exchange.stage.match(exchange.request.segments, request.method)
    if found is None:
        raise NotARequest(f"{request.method} {exchange.path} is not for the route {at.route.key}")
    exchange.path_values = found[1]
    stage_name = at.site.stage.stage_name
    if stage_name != DEFAULT_STAGE:
        exchange.path = f"/{stage_name}{exchange.path}"
    return exchange


def _connect(exchange: Exchange, site: StageSite) -> None:
    """The request is the handshake of a connection."""
    place = (site.stage.api_id, site.stage.stage_name)
    agent = (exchange.request.header(b"user-agent") or b"").decode("latin-1")
    connection = Connection(new_connection_id(new_worker_id()), place, SOURCE_IP, agent, _nowhere, site.services.clock)
    exchange.socket = SocketEvent("CONNECT", connection, "$connect")
    exchange.stage = CompiledStage(site, Router([]), (), ())


async def _nowhere(message: dict[str, object]) -> None:
    """Nobody is connected."""


async def _ask_token(exchange: Exchange, at: RouteSite, log: ExecutionLog) -> AuthorizerAnswer:
    step = authorize(at)
    assert step is not None
    return await ask_token(exchange, step, log)


async def _ask_function(exchange: Exchange, at: RouteSite, log: ExecutionLog) -> AuthorizerAnswer:
    """Ask the function, and then its policy about the route, as the data plane does."""
    site, document = at.site, at.deployment.authorizers[at.route.authorizer_id or ""]
    authorizer = site.deployment.authorizers[document.id]
    socket = exchange.socket is not None
    event, read = (event_of, read_grant_of_connection) if socket else compile_question(site, document)
    grant = await ask_function(exchange, site, authorizer, log, event, read)
    answer, arn = granted(grant), compile_method_arn(site)(exchange)
    try:
        grant.apply(exchange, arn)
    except GatewayError as error:
        told = "isAuthorized is false" if document.simple_responses else f"the policy does not allow {arn}"
        refusal = refused(GatewayError(error.name, message=error.message, detail=told), exchange, log)
        return answer._replace(status=refusal.status, reason=refusal.reason)
    return answer
