"""AWS_PROXY: a Lambda function is given the whole request as an event, and its result is the whole answer."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from gateway_runtime.edge.canonical import Headers
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.forwarding import remapped_of_function
from gateway_runtime.integrations.invoking import FunctionTarget, error_message, function_target, integrate_function
from gateway_runtime.integrations.proxy_event import ProxyEvents
from gateway_runtime.integrations.proxy_result import MalformedResult, ProxyResult, read_result
from gateway_runtime.mapping.content import BinaryTypes
from gateway_runtime.snapshot.stage import MethodSite, NotImplementedHere

if TYPE_CHECKING:
    from gateway_runtime.ports import FunctionAnswer
    from gateway_runtime.snapshot.stage import Step


def _target(site: MethodSite) -> FunctionTarget:
    target = function_target(site)
    if target is None:
        raise NotImplementedHere("AWS_PROXY integrations of other services than Lambda are not implemented")
    return target


def map_request(site: MethodSite) -> Step | None:
    """The request as an event; mappings of parameters do not concern it, as on AWS."""
    events = ProxyEvents(site)

    def step(exchange: Exchange) -> Awaitable[None] | None:
        if exchange.body.length == 0:
            exchange.out_body = events.write(exchange, b"")
            return None
        return read_and_write(exchange)

    async def read_and_write(exchange: Exchange) -> None:
        exchange.out_body = events.write(exchange, await exchange.body.read())

    return step


def integrate(site: MethodSite) -> Step | None:
    """Invoke the function; it is always waited for."""
    return integrate_function(site, _target(site), lambda exchange: False)


def map_response(site: MethodSite) -> Step | None:
    """Status, headers and body that the function names."""
    binary_types = BinaryTypes(site)

    def step(exchange: Exchange) -> None:
        answer = exchange.function
        assert answer is not None
        result = _result(answer)
        exchange.status = exchange.function_status = result.status
        exchange.headers = answer_headers(result)
        exchange.answer = _body(result, exchange, binary_types)

    return step


def _result(answer: FunctionAnswer) -> ProxyResult:
    if answer.error is not None:
        raise function_failed(answer)
    try:
        return read_result(answer.payload)
    except MalformedResult as error:
        raise malformed(error) from None


def function_failed(answer: FunctionAnswer) -> GatewayError:
    """The function ran and ended in an error of its own."""
    return GatewayError(
        "INTEGRATION_FAILURE",
        status=502,
        message="Internal server error",
        error_type="InternalServerErrorException",
        detail=f"Lambda execution failed with status 200 due to customer function error: {error_message(answer)}.",
    )


def malformed(error: MalformedResult) -> GatewayError:
    """The function's result is none that a proxy integration can answer with."""
    return GatewayError("API_CONFIGURATION_ERROR", status=502, detail=f"Malformed Lambda proxy response: {error}")


def answer_headers(result: ProxyResult) -> Headers:
    """The headers of the answer: some under other names, and always a content type."""
    headers = remapped_of_function(result.headers)
    if not any(name == b"content-type" for name, _ in headers):
        headers.append((b"content-type", b"application/json"))
    return headers


def _body(result: ProxyResult, exchange: Exchange, binary_types: BinaryTypes) -> bytes:
    """Base64 becomes bytes for callers whose Accept names a binary type first; the others are given the text."""
    accept = exchange.request.header(b"accept")
    if accept is not None:
        wanted: bytes | None = accept.partition(b",")[0]
    else:
        wanted = next((value for name, value in result.headers if name == b"content-type"), None)
    if not result.encoded or wanted not in binary_types:
        return result.body.encode()
    try:
        return base64.b64decode(result.body, validate=True)
    except (binascii.Error, ValueError):
        raise malformed(MalformedResult("the body is no base64")) from None
