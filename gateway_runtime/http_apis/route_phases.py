"""Phases of HTTP APIs' routes: preflights, authorizers, and the way to back ends and back. The others are those of REST methods."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from gateway_runtime.authorizers.function import authorize_by_function
from gateway_runtime.authorizers.token import authorize_by_token
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.head_lines import Block
from gateway_runtime.http_apis import functions, proxying, service_actions
from gateway_runtime.http_apis.cors import Cors
from gateway_runtime.http_apis.errors import answer_http_error
from gateway_runtime.http_apis.grants import compile_question
from gateway_runtime.phases.respond import answered_at_once, write_answer
from gateway_runtime.snapshot.stage import Misconfigured

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import StageSite, Step
    from gateway_runtime.v2.route_site import RouteSite

_PROXIES = {"HTTP_PROXY": proxying, "AWS_PROXY": functions}


def cors_of(at: RouteSite) -> Cors | None:
    return None if at.deployment.cors is None else Cors(at.deployment.cors)


def preflight(at: RouteSite) -> Step | None:
    """A preflight goes no further: the closing answers it, as it does where no route matches."""
    cors = cors_of(at)
    if cors is None or at.site.method.http_method not in ("ANY", "OPTIONS"):
        return None

    def step(exchange: Exchange) -> None:
        if cors.is_preflight(exchange):
            raise GatewayError("RESOURCE_NOT_FOUND")

    return step


def authorize(at: RouteSite) -> Step | None:
    """JWT and Lambda authorizers; AWS_IAM has its own phase."""
    site = at.site
    kind = site.method.authorization_type
    if kind in ("NONE", "AWS_IAM"):
        return None
    authorizer = site.deployment.authorizers.get(site.method.authorizer_id or "")
    if authorizer is None:
        raise Misconfigured(f"{kind} authorization names no authorizer that decides it")
    if kind == "JWT" and authorizer.type == "JWT":
        return _challenging(authorize_by_token(site, authorizer), at.route.authorization_scopes)
    if kind == "CUSTOM" and authorizer.type == "REQUEST":
        document = at.deployment.authorizers[authorizer.id]
        return authorize_by_function(site, authorizer, *compile_question(site, document))
    raise Misconfigured(f"a {authorizer.type} authorizer decides no {kind} authorization")


def _challenging(step: Step, scopes: tuple[str, ...]) -> Step:
    """A token's refusal says what is asked for (RFC 6750)."""
    wanted = " ".join(scopes)

    def refusal(error: GatewayError) -> GatewayError:
        if error.name not in ("UNAUTHORIZED", "ACCESS_DENIED"):
            return error
        if not error.detail:
            challenge = "Bearer"
        elif error.name == "UNAUTHORIZED":
            reason = error.detail.removeprefix("token refused: ")
            challenge = f'Bearer scope="{wanted}" error="invalid_token" error_description="{reason}"'
        else:
            challenge = f'Bearer scope="{wanted}" error="insufficient_scope" error_description="none of the scopes"'
        headers = ((b"www-authenticate", challenge.encode("latin-1", "replace")),)
        return GatewayError(error.name, message=error.message, headers=headers, detail=error.detail)

    async def wait(asked: Awaitable[None]) -> None:
        try:
            await asked
        except GatewayError as error:
            raise refusal(error) from error

    def decide(exchange: Exchange) -> Awaitable[None] | None:
        try:
            waiting = step(exchange)
        except GatewayError as error:
            raise refusal(error) from error
        return None if waiting is None else wait(waiting)

    return decide


def map_request(at: RouteSite) -> Step | None:
    return _kind(at).map_request(at)


def integrate(at: RouteSite) -> Step | None:
    return _kind(at).integrate(at)


def map_response(at: RouteSite) -> Step | None:
    return _kind(at).map_response(at)


def _kind(at: RouteSite):  # type: ignore[no-untyped-def]  # a module is no type
    integration = at.integration
    if integration is None:
        raise Misconfigured("the route has no integration")
    if integration.subtype is not None:
        return service_actions
    return _PROXIES[integration.type]


def put_cors(at: RouteSite) -> Step | None:
    """What the API says of other origins, in place of what its back ends say."""
    cors = cors_of(at)
    return None if cors is None else cors.put


# Closing ----------------------------------------------------------------------------------------------


def http_error(cors: Cors | None) -> Step:
    """Answer a request that met an error, and preflights."""

    def step(exchange: Exchange) -> None:
        exchange.request_id = exchange.extended_id  # also where no route was found
        error = exchange.error
        if (
            error is not None
            and error.name == "RESOURCE_NOT_FOUND"
            and cors is not None
            and cors.is_preflight(exchange)
        ):
            cors.answer_preflight(exchange)
        elif error is not None:
            answer_http_error(exchange)
            if cors is not None:
                cors.put(exchange)

    return step


def respond(site: StageSite) -> Step | None:
    return _send_answer


def _send_answer(exchange: Exchange) -> Awaitable[None] | None:
    """Send the answer under the one identifier that HTTP APIs show."""
    headers, identifier = exchange.headers, exchange.extended_id
    if (
        type(headers) is Block
        and not exchange.watched
        and answered_at_once(exchange, headers, f"apigw-requestid: {identifier}\r\n")
    ):
        return None
    return write_answer(exchange, [(b"apigw-requestid", identifier.encode())])
