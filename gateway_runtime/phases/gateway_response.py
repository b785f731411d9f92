"""The gateway's own answers: a refusal or failure becomes status, headers and body."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.gateway_responses import compile_gateway_responses
from gateway_runtime.snapshot.stage import Misconfigured

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import StageSite, Step

logger = logging.getLogger("gateway_runtime.gateway")


def gateway_response(site: StageSite) -> Step | None:
    """The answer of a request that met an error, as the API has configured it; others pass untouched."""
    if not site.deployment.gateway_responses:
        return answer_error
    try:
        choose = compile_gateway_responses(site)
    except (Misconfigured, ValueError) as problem:
        logger.warning("gateway responses of %s keep their defaults: %s", site.deployment.api_id, problem)
        return answer_error

    def step(exchange: Exchange) -> None:
        answer_error(exchange)
        configured = choose(exchange.error) if exchange.error is not None else None
        if configured is None:
            return
        exchange.status = configured.status or exchange.status
        answer = configured.body(exchange)
        if answer is not None:
            exchange.headers = [(b"content-type", answer[0]), *exchange.headers[1:]]
            exchange.answer = answer[1]
        mapped = configured.headers(exchange)
        replaced = {name for name, _ in mapped}
        exchange.headers = [header for header in exchange.headers if header[0] not in replaced] + mapped

    return step


def answer_error(exchange: Exchange) -> None:
    """The default answer of an error's type."""
    error = exchange.error
    if error is None:
        return
    exchange.status = error.status
    exchange.headers = [
        (b"content-type", b"application/json"),
        (b"x-amzn-errortype", error.error_type.encode()),
        *error.headers,
    ]
    exchange.answer = b'{"%b":%b}' % (error.member.encode(), json.dumps(error.told()).encode())
    exchange.streamed = None
    if exchange.upstream is not None:
        exchange.upstream.close()
