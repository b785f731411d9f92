"""The gateway's own answers: a refusal or failure becomes status, headers and body."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gateway_runtime.exchange import Exchange

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import StageSite, Step


def gateway_response(site: StageSite | None) -> Step | None:
    """The answer of a request that met an error; others pass untouched."""
    return answer_error


def answer_error(exchange: Exchange) -> None:
    error = exchange.error
    if error is None:
        return
    exchange.status = error.status
    exchange.headers = [
        (b"content-type", b"application/json"),
        (b"x-amzn-errortype", error.error_type.encode()),
        *error.headers,
    ]
    exchange.answer = b'{"message":%b}' % json.dumps(error.message).encode()
    exchange.streamed = None
    if exchange.upstream is not None:
        exchange.upstream.close()
