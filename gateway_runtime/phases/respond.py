"""Send the answer: identifiers on every one, and a body that streams where it passes through."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from gateway_runtime.edge.body import ClientDisconnected
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.exchange import Exchange
from gateway_runtime.upstream.errors import UpstreamError
from gateway_runtime.upstream.response import UpstreamResponse

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import StageSite, Step

logger = logging.getLogger("gateway_runtime.gateway")
_BODILESS = frozenset({204, 304})


def respond(site: StageSite | None) -> Step | None:
    return send_answer


def send_answer(exchange: Exchange) -> Awaitable[None] | None:
    """Write the head and the body of the answer: at once where the body is here already."""
    headers, trace = exchange.headers, exchange.trace_id
    headers += (
        (b"x-amzn-requestid", exchange.request_id.encode()),
        (b"x-amz-apigw-id", exchange.extended_id.encode()),
    )
    if trace is not None:
        headers.append((b"x-amzn-trace-id", trace.encode("latin-1")))
    return write_answer(exchange, headers)


def write_answer(exchange: Exchange, headers: Headers) -> Awaitable[None] | None:
    """Write the answer with these headers, which are the exchange's and name it."""
    stage = exchange.stage
    if stage is not None:
        headers.append(stage.echo)
    body, response = exchange.answer, exchange.streamed
    if response is not None:
        if not response.complete or response.head_only:
            return _pass_through(exchange, headers, response)
        body = response.take()
    turn = exchange.turn
    if turn is not None and turn.answer(exchange.status, headers, body):
        exchange.sent_bytes = len(body)
        return None
    return _send(exchange, headers, body)


async def _send(exchange: Exchange, headers: Headers, body: bytes) -> None:
    if exchange.status in _BODILESS:
        body = b""
    else:
        headers.append((b"content-length", b"%d" % len(body)))
    exchange.sent_bytes = len(body)
    send = exchange.send
    await send({"type": "http.response.start", "status": exchange.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _pass_through(exchange: Exchange, headers: Headers, response: UpstreamResponse) -> None:
    """Write the body while it arrives."""
    if response.length is not None and exchange.status not in _BODILESS:
        headers.append((b"content-length", b"%d" % response.length))
    send = exchange.send
    await send({"type": "http.response.start", "status": exchange.status, "headers": headers})
    try:
        while chunk := await response.next_chunk():
            exchange.sent_bytes += len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except (UpstreamError, ClientDisconnected) as error:
        # The head has gone out with another promise: only a cut connection tells the client.
        logger.info("answer cut short: %s", error, extra={"request_id": exchange.request_id})
        exchange.aborted = True
        return
    await send({"type": "http.response.body", "body": b""})
