"""Try-it as it comes: the browser reads one line of JSON for each piece of the answer.

{"kind": "head", "status": "200 OK", "tone": "success"}   once
{"kind": "text", "text": "…"}                            as often as something comes
{"kind": "end", "answer": "<div …", "samples": "<div …"}  at last: what the page shows of it for good
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

from portal.developer import tryit
from portal.developer.calling import FRESH_TRIES, unknown_key
from portal.developer.explain import Explanation, explain
from portal.developer.trystream import Piece, stream

MOST_STREAMS = 64
"""Answers on their way at a time in one process."""
MOST_OF_ONE_VISITOR = 6

_open: Counter[str] = Counter()


@dataclass(frozen=True)
class Trial:
    """A call that a page makes for its reader. With a `refusal` nothing is sent; a `fresh_key` may not be known to the gateway yet.

    `parts` renders what the page shows at last, by the name of its part; it may ask the database.
    """

    guest: str
    attempt: tryit.Attempt
    base: str
    refusal: Explanation | None
    fresh_key: bool
    parts: Callable[[tryit.Answer, Explanation | None], dict[str, str]]


def answer_in_lines(trial: Trial) -> StreamingHttpResponse:
    """The answer as it comes. It ends when the reader goes."""
    headers = {"X-Accel-Buffering": "no"}
    return StreamingHttpResponse(_lines(trial), content_type="application/x-ndjson", headers=headers)


async def _lines(trial: Trial) -> AsyncGenerator[str]:
    guest, refusal = trial.guest, trial.refusal
    if refusal is None and (_open.total() >= MOST_STREAMS or _open[guest] >= MOST_OF_ONE_VISITOR):
        refusal = Explanation(
            "warning", "Too many answers are on their way", "Stop one of them, or try again in a moment."
        )
    if refusal is not None:
        yield await _end(trial, tryit.Answer(), refusal)
        return
    _open[guest] += 1
    try:
        async with aclosing(_call(trial)) as pieces:
            async for piece in pieces:
                yield await _line(trial, piece)
    finally:
        _open[guest] -= 1
        if not _open[guest]:
            del _open[guest]


async def _call(trial: Trial) -> AsyncGenerator[Piece]:
    """The pieces of the answer. A refusal of a key that is seconds old is asked about again, as `calling` does."""
    left = FRESH_TRIES if trial.fresh_key else 0
    while True:
        async with aclosing(stream(trial.attempt, trial.base)) as pieces:
            async for piece in pieces:
                if left and piece.answer is not None and unknown_key(piece.answer):
                    break
                yield piece
            else:
                return
        left -= 1
        await asyncio.sleep(0.25)


async def _line(trial: Trial, piece: Piece) -> str:
    if piece.answer is None:
        return _written(kind="text", text=piece.text)
    if piece.kind == "head":
        tone = "success" if piece.answer.ok else "danger" if piece.answer.status >= 500 else "warning"
        return _written(kind="head", status=piece.answer.status_line, tone=tone)
    return await _end(trial, piece.answer, explain(piece.answer, trial.attempt))


@sync_to_async
def _end(trial: Trial, answer: tryit.Answer, explanation: Explanation | None) -> str:
    return _written(kind="end", **trial.parts(answer, explanation))


def _written(**said: Any) -> str:
    return json.dumps(said) + "\n"
