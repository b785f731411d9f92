"""Invoking the Lambda function that an integration's URI names, and what the caller is told when that fails."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from apps.core.integration_uris import are_the_callers, function_arn, function_of, parse_aws_uri
from apps.core.sigv4_signing import AwsCredentials
from gateway_runtime.authorizers.method_arn import api_arn
from gateway_runtime.edge.canonical import Headers
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
from gateway_runtime.integrations.service_credentials import compile_signer
from gateway_runtime.integrations.target import with_stage_variables
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured

if TYPE_CHECKING:
    from gateway_runtime.ports import FunctionAnswer, Signer

T = TypeVar("T")

NO_ROLE = "arn:aws:iam::none:role/none"  # nobody's policy names it
LARGEST_EVENT = 6 * 1024 * 1024  # bytes that Lambda takes


class FunctionTarget(NamedTuple):
    """The function behind a method. `source_arn` gives the ARN of a call by its HTTP method; `post` is false for an
    integration that would not call Lambda by POST, which Lambda refuses; `as_caller` asks for the caller's own permission.
    `role_arn` is the role whose permission the function's policy has to tell of, for one of another account. `signer` is what
    signs calls that leave this installation."""

    arn: str
    streams: bool
    post: bool
    as_caller: bool
    source_arn: Callable[[str], str]
    role_arn: str
    signer: Callable[[Exchange], AwsCredentials | Awaitable[AwsCredentials]] | None

    def signer_of(self, exchange: Exchange) -> Signer | None:
        return None if self.signer is None else partial(self.signer, exchange)


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
    as_caller = are_the_callers(integration.credentials)
    return FunctionTarget(
        arn,
        named.streams,
        (integration.http_method or "").upper() == "POST",
        as_caller,
        _source_arns(site),
        "" if as_caller else role_to_ask_for(site, integration.credentials, arn),
        compile_signer(site, integration.credentials),
    )


def role_to_ask_for(site: MethodSite, credentials: str | None, function: str) -> str:
    """The role that a function's policy is asked about; "" where it is not asked, for the role's own policies decide within an
    account. What is another account's only its own policy opens, and to no role but one of the API's account."""
    account_id = site.deployment.account_id
    if not credentials or function.split(":")[4] == account_id:
        return ""
    arn = with_stage_variables(credentials, site)
    return arn if f":iam::{account_id}:" in arn else NO_ROLE


def _source_arns(site: MethodSite) -> Callable[[str], str]:
    """None is told where credentials are given: a role is asked about in its place, if anybody is."""
    if site.method.integration.credentials:
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


def no_headers(exchange: Exchange) -> Headers:
    return []


def _failure(status: int, detail: str) -> GatewayError:
    return GatewayError(
        "INTEGRATION_FAILURE",
        status=status,
        message="Internal server error",
        error_type="InternalServerErrorException",
        detail=detail,
    )


def integrate_function(
    site: MethodSite, target: FunctionTarget, headers_of: Callable[[Exchange], Headers] = no_headers
) -> Callable[[Exchange], Awaitable[None]]:
    """A step that invokes the function with the exchange's `out_body` and waits for its answer. `headers_of` gives further headers."""
    timeout = site.method.integration.timeout_in_millis / 1000
    invoke, monotonic = site.services.functions.invoke, site.services.clock.monotonic
    role_arn = target.role_arn

    async def step(exchange: Exchange) -> None:
        payload = exchange.out_body
        assert isinstance(payload, bytes)
        check_call(exchange, target, payload)
        exchange.integration_started = started = monotonic()
        source_arn = target.source_arn(exchange.request.method)
        call = invoke(
            target.arn,
            payload,
            source_arn=source_arn,
            role_arn=role_arn,
            signer=target.signer_of(exchange),
            headers=headers_of(exchange),
            timeout=timeout,
        )
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
