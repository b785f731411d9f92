"""AWS_PROXY: a Lambda function is given the whole request as an event, and its result is the whole answer."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.invoking import (
    FunctionTarget,
    error_message,
    function_failed,
    function_target,
    integrate_function,
)
from gateway_runtime.integrations.lambda_stream import answer_with_stream, integrate_stream
from gateway_runtime.integrations.proxy_answer import answer_headers, malformed
from gateway_runtime.integrations.proxy_event import ProxyEvents
from gateway_runtime.integrations.proxy_result import MalformedResult, ProxyResult, read_result
from gateway_runtime.mapping.content import BinaryTypes
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured, NotImplementedHere

if TYPE_CHECKING:
    from gateway_runtime.ports import FunctionAnswer
    from gateway_runtime.snapshot.stage import Step


def _target(site: MethodSite) -> FunctionTarget:
    target = function_target(site)
    if target is None:
        raise NotImplementedHere("AWS_PROXY integrations of other services than Lambda are not implemented")
    if target.streams is not site.streams:
        raise Misconfigured("a response streams where URI and response transfer mode both say so")
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
    """Invoke the function, and wait for what it returns or, of a stream, for the metadata that it begins with."""
    target = _target(site)
    return integrate_stream(site, target) if target.streams else integrate_function(site, target)


def map_response(site: MethodSite) -> Step | None:
    """Status, headers and body that the function names."""
    if site.streams:
        return answer_with_stream
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
        raise function_failed(error_message(answer))
    try:
        return read_result(answer.payload)
    except MalformedResult as error:
        raise malformed(error) from None


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
