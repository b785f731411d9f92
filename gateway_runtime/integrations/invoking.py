"""Invoking the Lambda function that an integration's URI names, and what the caller is told when that fails."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from apps.core.integration_uris import are_the_callers, function_arn, function_of, parse_aws_uri
from gateway_runtime.authorizers.method_arn import api_arn
from gateway_runtime.errors import GatewayError, bad_response
from gateway_runtime.exchange import Exchange
from gateway_runtime.functions.errors import (
    FunctionFailed,
    FunctionNotFound,
    FunctionsUnreachable,
    InvocationDenied,
    InvocationFailed,
    InvocationTimedOut,
    PayloadTooLarge,
)
from gateway_runtime.integrations.target import with_stage_variables
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured

if TYPE_CHECKING:
    from gateway_runtime.ports import FunctionAnswer

T = TypeVar("T")

LARGEST_EVENT = 6 * 1024 * 1024  # bytes that Lambda takes


class FunctionTarget(NamedTuple):
    """The function behind a method. `source_arn` gives the ARN of a call by its HTTP method; `post` is false for an
    integration that would not call Lambda by POST, which Lambda refuses; `as_caller` asks for the caller's own permission."""

    arn: str
    streams: bool
    post: bool
    as_caller: bool
    source_arn: Callable[[str], str]


def function_target(site: MethodSite) -> FunctionTarget | None:
    """The function that the method's URI names; None when it names another service. Raises Misconfigured."""
    integration = site.method.integration
    try:
        uri = parse_aws_uri(with_stage_variables(integration.uri or "", site))
        named = function_of(uri)
        if named is None:
            return None
        arn = function_arn(
            named.function, partition=uri.partition, region=uri.region, account_id=site.deployment.account_id
        )
    except ValueError as error:
        raise Misconfigured(str(error)) from None
    return FunctionTarget(
        arn,
        named.streams,
        (integration.http_method or "").upper() == "POST",
        are_the_callers(integration.credentials),
        _source_arns(site, arn),
    )


def _source_arns(site: MethodSite, arn: str) -> Callable[[str], str]:
    """None is told where credentials are given: their role decides in place of the function's policy. That holds within an
    account alone: what is another's only its own policy opens."""
    if site.method.integration.credentials and arn.split(":")[4] == site.deployment.account_id:
        return lambda http_method: ""
    before = f"{api_arn(site.stage)}/{site.stage.stage_name}/"
    if site.protocol == "WEBSOCKET" or not site.resource.path.startswith("/"):
        return lambda http_method: f"{before}{site.resource.path}"
    return lambda http_method: f"{before}{http_method}{site.resource.path}"


def check_call(exchange: Exchange, target: FunctionTarget, payload: bytes) -> None:
    """Raises GatewayError for a call that Lambda would refuse."""
    if target.as_caller and (
        exchange.caller_may is None or not exchange.caller_may("lambda:InvokeFunction", target.arn)
    ):
        detail = "Invalid permissions on Lambda function: the caller may not invoke it"
        raise GatewayError("API_CONFIGURATION_ERROR", detail=detail)
    if not target.post:
        raise _refused("Lambda functions are invoked by POST alone")
    if len(payload) > LARGEST_EVENT:
        raise GatewayError("REQUEST_TOO_LARGE", detail="the event is larger than Lambda takes")


async def told(call: Awaitable[T]) -> T:
    """What the port gives; its failures as gateway errors."""
    try:
        return await call
    except InvocationTimedOut as error:
        raise GatewayError("INTEGRATION_TIMEOUT", detail=str(error)) from None
    except FunctionsUnreachable as error:
        raise GatewayError("INTEGRATION_FAILURE", detail=str(error)) from None
    except (FunctionNotFound, InvocationDenied) as error:
        detail = f"Invalid permissions on Lambda function: {error}"
        raise GatewayError("API_CONFIGURATION_ERROR", detail=detail) from None
    except PayloadTooLarge as error:
        raise bad_response(str(error)) from None
    except FunctionFailed as error:
        raise function_failed(str(error)) from None
    except InvocationFailed as error:
        raise _refused(str(error)) from None


def _refused(detail: str) -> GatewayError:
    """Lambda itself did not take the call."""
    return _failure(500, detail)


def function_failed(message: str) -> GatewayError:
    """The function ran and ended in an error of its own."""
    return _failure(502, f"Lambda execution failed with status 200 due to customer function error: {message}.")


def _failure(status: int, detail: str) -> GatewayError:
    return GatewayError(
        "INTEGRATION_FAILURE",
        status=status,
        message="Internal server error",
        error_type="InternalServerErrorException",
        detail=detail,
    )


def integrate_function(
    site: MethodSite, target: FunctionTarget, is_event: Callable[[Exchange], bool]
) -> Callable[[Exchange], Awaitable[None]]:
    """A step that invokes the function with the exchange's `out_body` and waits for its answer."""
    timeout = site.method.integration.timeout_in_millis / 1000
    invoke, monotonic = site.services.functions.invoke, site.services.clock.monotonic

    async def step(exchange: Exchange) -> None:
        payload = exchange.out_body
        assert isinstance(payload, bytes)
        check_call(exchange, target, payload)
        exchange.integration_started = started = monotonic()
        source_arn = target.source_arn(exchange.request.method)
        call = invoke(target.arn, payload, source_arn=source_arn, event=is_event(exchange), timeout=timeout)
        try:
            exchange.function = answer = await told(call)
        finally:
            exchange.integration_latency = monotonic() - started
        exchange.integration_status = answer.status

    return step


def error_message(answer: FunctionAnswer) -> str:
    """The `errorMessage` of a function that failed; "" where it tells none."""
    try:
        told = json.loads(answer.payload)
    except (ValueError, RecursionError):
        return ""
    message = told.get("errorMessage") if isinstance(told, dict) else None
    return message if isinstance(message, str) else ""
