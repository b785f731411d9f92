"""Lambda authorizers: a function decides, and what it decided is remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec
import re2

from apps.core.documents import Authorizer
from apps.core.integration_uris import function_arn, function_of, parse_aws_uri
from gateway_runtime.authorizers.events import Event, connect_event, request_event, token_event
from gateway_runtime.authorizers.grant import Grant, read_grant, read_grant_of_connection
from gateway_runtime.authorizers.identity import Identity, compile_identity, identity_key
from gateway_runtime.authorizers.method_arn import api_arn, compile_method_arn
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.functions.errors import FunctionNotFound, InvocationDenied, InvocationFailed, PayloadTooLarge
from gateway_runtime.integrations.invoking import role_to_ask_for
from gateway_runtime.integrations.service_credentials import compile_role_signer
from gateway_runtime.integrations.target import with_stage_variables
from gateway_runtime.limits import AUTHORIZERS
from gateway_runtime.ports import FunctionAnswer, Functions, Signer
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured, Step

WriteEvent = Callable[[MethodSite, Authorizer, Exchange, Identity, str], Event]
ReadGrant = Callable[[FunctionAnswer], Grant]

_MISCONFIGURED = (FunctionNotFound, InvocationDenied, PayloadTooLarge)


class AuthorizerFunction(NamedTuple):
    """The function behind an authorizer, and on whose behalf it is invoked."""

    arn: str
    source_arn: str
    functions: Functions
    role_arn: str = ""
    signer: Signer | None = None

    async def ask(self, event: Event) -> FunctionAnswer:
        """What the function answers. Raises the gateway's error for what went wrong."""
        payload = msgspec.json.encode(event)
        try:
            return await self.functions.invoke(
                self.arn,
                payload,
                source_arn=self.source_arn,
                role_arn=self.role_arn,
                signer=self.signer,
                timeout=AUTHORIZERS.function_seconds,
            )
        except _MISCONFIGURED as error:
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", detail=f"{type(error).__name__}: {error}") from error
        except InvocationFailed as error:
            raise GatewayError("AUTHORIZER_FAILURE", detail=f"{type(error).__name__}: {error}") from error


def authorizer_function(site: MethodSite, authorizer: Authorizer) -> AuthorizerFunction:
    """The function that an authorizer's URI names, stage variables in their places. Raises Misconfigured."""
    stage = site.stage
    try:
        uri = parse_aws_uri(with_stage_variables(authorizer.uri or "", site))
        function = function_of(uri)
        if function is None or function.streams:
            raise ValueError("it names no function")
        arn = function_arn(function.function, partition=uri.partition, region=uri.region, account_id=stage.account_id)
    except Misconfigured:
        raise
    except ValueError as error:
        raise Misconfigured(f"the URI of authorizer {authorizer.id}: {error}") from None
    credentials = authorizer.credentials
    return AuthorizerFunction(
        arn,
        "" if credentials else f"{api_arn(stage)}/authorizers/{authorizer.id}",
        site.services.functions,
        role_to_ask_for(site, credentials, arn),
        compile_role_signer(site, credentials),
    )


def authorize_by_function(
    site: MethodSite,
    authorizer: Authorizer,
    write_event: WriteEvent | None = None,
    read_answer: ReadGrant | None = None,
) -> Step:
    """Ask the function who calls and what they may, or remember its last answer. Raises Misconfigured.

    `write_event` and `read_answer` are for APIs whose events and answers have another shape.
    """
    write_event = write_event or event_of
    read = read_answer or (read_grant_of_connection if site.protocol == "WEBSOCKET" else read_grant)
    function = authorizer_function(site, authorizer)
    identity_of = identity_reader(site, authorizer)
    arn_of = compile_method_arn(site)
    results, now = site.services.authorizer_results, site.services.clock.monotonic
    # What tells nobody apart from another must not be remembered.
    seconds = authorizer.result_ttl_in_seconds if authorizer.identity_sources else 0
    scope = _scope(site, authorizer, function)

    def step(exchange: Exchange) -> Awaitable[None] | None:
        identity = identity_of(exchange)
        arn = arn_of(exchange)
        key = identity_key(scope, identity)
        known = results.find(key) if seconds else None
        if known is None:
            return ask(exchange, key, identity, arn)
        known.apply(exchange, arn)
        return None

    async def ask(exchange: Exchange, key: bytes, identity: Identity, arn: str) -> None:
        async def decide() -> Grant:
            exchange.authorizer_answer = answer = await function.ask(
                write_event(site, authorizer, exchange, identity, arn)
            )
            return read(answer)

        started = now()
        grant = await (results.obtain(key, seconds, decide) if seconds else decide())
        grant.apply(exchange, arn, round((now() - started) * 1000))

    return step


def identity_reader(site: MethodSite, authorizer: Authorizer) -> Callable[[Exchange], Identity]:
    """The identity of a request; it raises UNAUTHORIZED for a token that the authorizer's expression does not match."""
    read = compile_identity(authorizer.identity_sources, site)
    if authorizer.identity_validation_expression is None:
        return read
    try:
        matches = re2.compile(authorizer.identity_validation_expression).fullmatch
    except re2.error as error:
        raise Misconfigured(f"authorizer {authorizer.id}: {error}") from None

    def read_valid(exchange: Exchange) -> Identity:
        identity = read(exchange)
        if not matches(identity[0][-1]):
            raise GatewayError("UNAUTHORIZED")
        return identity

    return read_valid


def event_of(site: MethodSite, authorizer: Authorizer, exchange: Exchange, identity: Identity, arn: str) -> Event:
    """What the function is told, by the authorizer's type."""
    if authorizer.type == "TOKEN":
        return token_event(identity[0][-1], arn)
    if exchange.socket is not None:
        return connect_event(exchange, arn)
    return request_event(site, exchange, arn)


def _scope(site: MethodSite, authorizer: Authorizer, function: AuthorizerFunction) -> bytes:
    """What an answer holds for, beside the caller: one stage and authorizer as they are now, until the next flush."""
    stage = site.stage
    parts = [
        stage.account_id, stage.region, stage.api_id, stage.stage_name, str(stage.authorizers_cache_flushes),
        function.arn, stage.variables, authorizer,
    ]  # fmt: skip
    return hashlib.blake2b(msgspec.json.encode(parts, order="deterministic"), digest_size=24).digest()
