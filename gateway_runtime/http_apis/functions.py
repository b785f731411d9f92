"""AWS_PROXY of HTTP APIs with a Lambda function: the whole request as an event, and its result as the answer."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from gateway_runtime.exchange import Exchange
from gateway_runtime.http_apis.function_events import compile_events
from gateway_runtime.http_apis.function_results import answer_from_function
from gateway_runtime.http_apis.proxying import compile_response_mapping
from gateway_runtime.integrations.invoking import function_target, integrate_function
from gateway_runtime.snapshot.stage import Misconfigured

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import Step
    from gateway_runtime.v2.route_site import RouteSite


def map_request(at: RouteSite) -> Step | None:
    assert at.integration is not None
    write = compile_events(at.site, at.integration.payload_format_version)

    def step(exchange: Exchange) -> Awaitable[None] | None:
        if exchange.body.length == 0:
            exchange.out_body = write(exchange, b"")
            return None
        return read_and_write(exchange)

    async def read_and_write(exchange: Exchange) -> None:
        exchange.out_body = write(exchange, await exchange.body.read())

    return step


def integrate(at: RouteSite) -> Step | None:
    target = function_target(at.site)
    if target is None:
        raise Misconfigured("the integration names no Lambda function")
    return integrate_function(at.site, target)


def map_response(at: RouteSite) -> Step | None:
    assert at.integration is not None
    version = at.integration.payload_format_version
    change = compile_response_mapping(at.integration)

    def step(exchange: Exchange) -> None:
        answer_from_function(exchange, version)
        if change is not None:
            change(exchange, exchange.answer)

    return step
