"""The data plane as one ASGI callable: address → compiled stage → walk of its steps → answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterator
from itertools import chain
from typing import Any

from apps.core.documents import StageDocument
from gateway_runtime.address import Address, address_of
from gateway_runtime.edge import canonical
from gateway_runtime.edge.body import NO_BODY, BodyTooLarge, ClientDisconnected, RequestBody
from gateway_runtime.edge.canonical import CanonicalRequest
from gateway_runtime.edge.refusals import AmbiguousRequest, new_request_id
from gateway_runtime.edge.turn import turn_of
from gateway_runtime.errors import GatewayError, forbidden
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.forwarding import new_extended_id
from gateway_runtime.phases.gateway_response import answer_error
from gateway_runtime.phases.respond import send_answer
from gateway_runtime.ports import Clock
from gateway_runtime.snapshot.domains import HEALTH_CHECKS
from gateway_runtime.snapshot.snapshot import Current, Found
from gateway_runtime.snapshot.stage import Step
from gateway_runtime.tls.peer import verified_identity

logger = logging.getLogger("gateway_runtime.gateway")

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_NOWHERE: tuple[Step, ...] = (answer_error, send_answer)  # the closing of a request that reached no stage


def _out_of_reach(exchange: Exchange, api_id: str) -> GatewayError:
    """A stage that is not there, or may not be called here: HTTP APIs say that they find nothing, others that it is forbidden."""
    stages = exchange.snapshot.stages.get(api_id)
    if not stages or not next(iter(stages.values())).has_one_identifier:
        return forbidden()
    return GatewayError("RESOURCE_NOT_FOUND", headers=((b"apigw-requestid", exchange.extended_id.encode()),))


def _reachable(stage: StageDocument, address: Address) -> bool:
    """Whether a stage answers at a custom domain name of its account, or at its API's own endpoint.

    An API whose endpoint access is STRICT answers to its own host only, not to any host with its path.
    """
    if address.domain is not None:
        return stage.account_id == address.domain.account_id
    if address.by_path and stage.endpoint_access_mode == "STRICT":
        return False
    return not stage.disable_execute_api_endpoint


def _overridden(request: CanonicalRequest) -> CanonicalRequest:
    """The request as if it had been sent with the method that it asks for: REST APIs match, authorize and forward that one."""
    asked = (request.method_override or "").upper()
    if asked not in _METHODS:
        raise GatewayError("MISSING_AUTHENTICATION_TOKEN")  # the answer to a method that there is not
    return request._replace(method=asked)


DEFAULT_STAGE = "$default"  # of an HTTP API


class _HealthCheck(Exception):
    """Somebody asks whether the service lives, at a path that a custom domain name has for that."""


class Gateway:
    """Answers HTTP requests from the snapshot that is current when they begin. `own_hosts` are never custom domain names."""

    def __init__(self, current: Current, clock: Clock, own_hosts: frozenset[str] = frozenset()) -> None:
        self._current = current
        self._clock = clock
        self._own_hosts = own_hosts
        self._monotonic = clock.monotonic
        self._time = clock.time

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request that comes by ASGI."""
        exchange = Exchange(scope, receive, send, turn_of(scope))
        await self.walk(exchange, iter(self.begin(exchange)))

    def begin(self, exchange: Exchange) -> tuple[Step, ...]:
        """The steps that the request has to take; none where it is refused already. Never raises."""
        exchange.started = self._monotonic()
        exchange.received_at = self._time()
        exchange.request_id = new_request_id()
        exchange.extended_id = new_extended_id()
        exchange.snapshot = self._current.snapshot
        try:
            self._locate(exchange)
            method = exchange.method
            assert method is not None
            watch = method.watch
            return method.steps if exchange.started < watch.due else watch.begin(exchange)
        except Exception as problem:
            self.stopped(exchange, problem)
            return ()

    async def walk(
        self,
        exchange: Exchange,
        steps: Iterator[Step],
        step: Step | None = None,
        waiting: Awaitable[None] | None = None,
    ) -> None:
        """Take the steps and the closing ones; first what the one before them, `step`, waits for."""
        try:
            if waiting is not None:
                await waiting
            for step in steps:
                waiting = step(exchange)
                if waiting is not None:
                    await waiting
        except Exception as problem:
            self.stopped(exchange, problem)
        exchange.stopped_by = step
        waiting = self.close(exchange)
        if waiting is not None:
            await waiting

    def stopped(self, exchange: Exchange, problem: Exception) -> None:
        """What a step raised is what the closing steps answer."""
        if isinstance(problem, GatewayError):
            exchange.error = problem
            if problem.detail:
                logger.info("%s: %s", problem.name, problem.detail, extra={"request_id": exchange.request_id})
        elif isinstance(problem, _HealthCheck):
            exchange.status, exchange.answer = 200, b"healthy"
            exchange.headers = [(b"content-type", b"text/plain")]
        elif isinstance(problem, AmbiguousRequest):
            exchange.error = GatewayError("DEFAULT_4XX", status=problem.status, detail=problem.reason)
        elif isinstance(problem, BodyTooLarge):
            exchange.error = GatewayError("REQUEST_TOO_LARGE")
        elif isinstance(problem, ClientDisconnected):
            exchange.error = GatewayError("DEFAULT_4XX", status=499, detail="the client left")
        else:
            logger.error("a phase failed", exc_info=problem, extra={"request_id": exchange.request_id})
            exchange.error = GatewayError("DEFAULT_5XX", detail="unexpected exception")

    def _locate(self, exchange: Exchange) -> None:
        """Find stage and method by the address, or refuse as AWS does."""
        turn = exchange.turn
        exchange.request = request = canonical.parse(exchange.scope) if turn is None else turn.request
        exchange.body = RequestBody(request.headers, exchange.receive) if turn is None or turn.framed else NO_BODY
        place = (request.host, request.method, request.path)
        known = exchange.snapshot.found.get(place) if request.method_override is None else None
        if known is None:
            known = self._find(exchange)
            if known.always and request.method_override is None:
                exchange.snapshot.remember(place, known)
        exchange.stage, exchange.method, exchange.path_values, exchange.path, exchange.base_path, _ = known
        if known.stage.has_one_identifier:
            exchange.request_id = exchange.extended_id

    def _find(self, exchange: Exchange) -> Found:
        request = exchange.request
        # A name that covers the installation's own host must not take over what others reach by its paths.
        own = request.host in self._own_hosts
        domain = None if own else exchange.snapshot.domains.find(request.host)
        if domain is not None:
            if domain.mutual_tls:
                exchange.identity = verified_identity(exchange.scope, domain.trust, exchange.received_at)
            if request.path in HEALTH_CHECKS:
                raise _HealthCheck
        address = address_of(request, domain)
        if address is None:
            raise forbidden()
        stage = exchange.snapshot.stage(address.api_id, address.stage)
        if domain is None and (stage is None or address.stage == DEFAULT_STAGE):
            stage = exchange.snapshot.stage(address.api_id, DEFAULT_STAGE)  # which no path names
            address = address._replace(segments=(address.stage, *address.segments))
        if stage is None or not _reachable(stage.document, address):
            raise _out_of_reach(exchange, address.api_id)
        exchange.stage = chosen = stage.chosen()
        if request.method_override is not None and chosen.overrides_methods:
            exchange.request = request = _overridden(request)
        exchange.path = address.path
        found = chosen.match(address.segments, request.method)
        if found is None:
            raise GatewayError(chosen.unmatched)
        always = stage.canary is None and (domain is None or not (domain.reads_headers or domain.mutual_tls))
        return Found(chosen, *found, address.path, address.base_path, always=always)

    def close(self, exchange: Exchange) -> Awaitable[None] | None:
        """Take the closing steps; the time up to them is what `$context.responseLatency` shows."""
        exchange.latency = self._monotonic() - exchange.started
        stage = exchange.stage
        if stage is None:
            steps = _NOWHERE
        else:
            steps = stage.closing if exchange.error is None and not exchange.watched else stage.told
        left = iter(steps)
        while True:
            try:
                for step in left:
                    waiting = step(exchange)
                    if waiting is not None:
                        return self._close_waiting(exchange, waiting, left)
            except Exception:
                # One that fails must not keep the others from logging and counting what happened.
                logger.exception("a closing phase failed", extra={"request_id": exchange.request_id})
            else:
                return None

    async def _close_waiting(self, exchange: Exchange, waiting: Awaitable[None] | None, left: Iterator[Step]) -> None:
        """The rest of the closing steps, from the first that waits."""
        for step in chain((None,), left):
            try:
                if step is not None:
                    waiting = step(exchange)
                if waiting is not None:
                    await waiting
                    exchange.latency = self._monotonic() - exchange.started
            except Exception:
                logger.exception("a closing phase failed", extra={"request_id": exchange.request_id})
