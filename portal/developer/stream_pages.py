"""Try-it as it comes: the browser reads one line of JSON for each piece of the answer.

{"kind": "head", "status": "200 OK", "tone": "success"}   once
{"kind": "text", "text": "…"}                            as often as something comes
{"kind": "end", "answer": "<div …", "samples": "<div …"}  at last: what the page shows of it for good
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portal.developer import tryit
from portal.developer.addresses import try_it_url
from portal.developer.calling import FRESH_TRIES, is_fresh, unknown_key
from portal.developer.explain import Explanation, explain
from portal.developer.pace import visitor
from portal.developer.reference_pages import Desk, posted_attempt, refusal_of
from portal.developer.trystream import Piece, stream

MOST_STREAMS = 64
"""Answers on their way at a time in one process."""
MOST_OF_ONE_VISITOR = 6

_open: Counter[str] = Counter()


@never_cache
@require_POST
def try_stream(request: HttpRequest, slug: str, api: str) -> StreamingHttpResponse:
    """As `try_it`, and the answer as it comes. It ends when the reader goes."""
    desk, attempt = posted_attempt(request, slug, api)
    lines = _lines(desk, attempt, refusal_of(desk, attempt))
    headers = {"X-Accel-Buffering": "no"}
    return StreamingHttpResponse(lines, content_type="application/x-ndjson", headers=headers)


async def _lines(desk: Desk, attempt: tryit.Attempt, refusal: Explanation | None) -> AsyncGenerator[str]:
    guest = visitor(desk.request)
    if refusal is None and (_open.total() >= MOST_STREAMS or _open[guest] >= MOST_OF_ONE_VISITOR):
        refusal = Explanation(
            "warning", "Too many answers are on their way", "Stop one of them, or try again in a moment."
        )
    if refusal is not None:
        yield await _end(desk, attempt, tryit.Answer(), refusal)
        return
    _open[guest] += 1
    try:
        async with aclosing(_call(desk, attempt)) as pieces:
            async for piece in pieces:
                yield await _line(desk, attempt, piece)
    finally:
        _open[guest] -= 1
        if not _open[guest]:
            del _open[guest]


async def _call(desk: Desk, attempt: tryit.Attempt) -> AsyncGenerator[Piece]:
    """The pieces of the answer. A refusal of a key that is seconds old is asked about again, as `calling` does."""
    base = try_it_url(desk.api.api_id, desk.api.stage_name)
    left = FRESH_TRIES if is_fresh(desk.key) else 0
    while True:
        async with aclosing(stream(attempt, base)) as pieces:
            async for piece in pieces:
                if left and piece.answer is not None and unknown_key(piece.answer):
                    break
                yield piece
            else:
                return
        left -= 1
        await asyncio.sleep(0.25)


async def _line(desk: Desk, attempt: tryit.Attempt, piece: Piece) -> str:
    if piece.answer is None:
        return _written(kind="text", text=piece.text)
    if piece.kind == "head":
        tone = "success" if piece.answer.ok else "danger" if piece.answer.status >= 500 else "warning"
        return _written(kind="head", status=piece.answer.status_line, tone=tone)
    return await _end(desk, attempt, piece.answer, explain(piece.answer, attempt))


@sync_to_async
def _end(desk: Desk, attempt: tryit.Attempt, answer: tryit.Answer, explanation: Explanation | None) -> str:
    context = {**desk.context(attempt), **desk.answer_context(answer, explanation)}
    parts = {
        name: render_to_string(f"developer/parts/{name}.html", context, desk.request) for name in ("answer", "samples")
    }
    return _written(kind="end", **parts)


def _written(**said: Any) -> str:
    return json.dumps(said) + "\n"
