"""Send the answer: identifiers on every one, and a body that streams where it passes through."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from gateway_runtime.edge.body import ClientDisconnected
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.exchange import Exchange
from gateway_runtime.head_lines import Block
from gateway_runtime.limits import StreamLimits
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
    if type(headers) is Block and trace is not None and not exchange.watched:
        own = f"x-amzn-requestid: {exchange.request_id}\r\nx-amz-apigw-id: {exchange.extended_id}\r\nx-amzn-trace-id: {trace}\r\n"
        if answered_at_once(exchange, headers, own):
            return None
    own_headers = [
        (b"x-amzn-requestid", exchange.request_id.encode()),
        (b"x-amz-apigw-id", exchange.extended_id.encode()),
    ]
    if trace is not None:
        own_headers.append((b"x-amzn-trace-id", trace.encode("latin-1")))
    return write_answer(exchange, own_headers)


def answered_at_once(exchange: Exchange, headers: Block, own: str) -> bool:
    """Write an answer whose headers are ready and whose body is here, with lines of the gateway's `own`. False, and nothing is
    done, where that cannot be."""
    response, turn, stage = exchange.streamed, exchange.turn, exchange.stage
    if response is None or turn is None or stage is None or not response.complete or response.head_only:
        return False
    body = response.peek()
    if not turn.answer_lines(exchange.status, headers.lines + own.encode("latin-1") + stage.echo_line, body):
        return False
    exchange.sent_bytes = len(body)
    return True


def write_answer(exchange: Exchange, own: Headers) -> Awaitable[None] | None:
    """Write the answer with its headers and these, which are the gateway's own. The exchange names them all from then on."""
    stage = exchange.stage
    exchange.headers = headers = [*exchange.headers, *own]
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


async def _stream(exchange: Exchange, response: UpstreamResponse, limits: StreamLimits) -> None:
    """Write what streams up to its end: a first part as fast as it comes, and the rest no faster than the limits say."""
    assert exchange.method is not None
    send, now = exchange.send, asyncio.get_running_loop().time
    paced_from = 0.0
    chunk = await response.next_chunk()
    exchange.first_content_at = exchange.method.site.services.clock.monotonic()
    while chunk:
        exchange.sent_bytes += len(chunk)
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        beyond = exchange.sent_bytes - limits.free_bytes
        if beyond > 0 and limits.bytes_per_second:
            paced_from = paced_from or now()
            early = paced_from + beyond / limits.bytes_per_second - now()
            if early > 0:
                await asyncio.sleep(early)
        chunk = await response.next_chunk()


async def _pass_through(exchange: Exchange, headers: Headers, response: UpstreamResponse) -> None:
    """Write the body while it arrives."""
    if response.length is not None and exchange.status not in _BODILESS:
        headers.append((b"content-length", b"%d" % response.length))
    send = exchange.send
    await send({"type": "http.response.start", "status": exchange.status, "headers": headers})
    try:
        limits = None if exchange.method is None else exchange.method.site.stream
        if limits is not None:
            await _stream(exchange, response, limits)
        while chunk := await response.next_chunk():
            exchange.sent_bytes += len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except (UpstreamError, ClientDisconnected) as error:
        # The head has gone out with another promise: only a cut connection tells the client.
        logger.info("answer cut short: %s", error, extra={"request_id": exchange.request_id})
        exchange.aborted = True
        return
    await send({"type": "http.response.body", "body": b""})
