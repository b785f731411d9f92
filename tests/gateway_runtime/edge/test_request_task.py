"""The task of one request: what asyncio's own tasks do, with a beginning and an end that take no round of the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any

import pytest

from gateway_runtime.edge.request_task import RequestTask

_NOTE: ContextVar[str] = ContextVar("_NOTE", default="nothing")


def _task(work: Coroutine[Any, Any, None], ended: Callable[[RequestTask], object] = lambda task: None) -> RequestTask:
    return RequestTask(asyncio.get_running_loop(), work, ended)


async def _in_callback(action: Callable[[], object]) -> None:
    """Do something as the event loop does it for arriving bytes: outside any task."""
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(lambda: done.set_result(action()))
    await done


async def test_it_begins_at_once_and_goes_on_in_the_callback_that_resumes_it() -> None:
    seen: list[str] = []

    async def work() -> None:
        seen.append("begun")
        await task.parked()
        seen.append("resumed")

    task = _task(work(), lambda ended: seen.append("ended"))

    def callback() -> None:
        task.resume()
        seen.append("callback")
        task.resume()

    await _in_callback(callback)
    assert seen == ["begun", "callback", "resumed", "ended"]


async def test_while_another_task_runs_it_waits_for_the_next_round() -> None:
    seen: list[str] = []

    async def work() -> None:
        seen.append("begun")

    task = _task(work())
    task.resume()
    assert seen == []
    await task
    assert seen == ["begun"]


async def test_it_waits_for_futures_and_bare_yields_and_knows_timeouts() -> None:
    seen: list[object] = []

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append(asyncio.current_task())
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            seen.append("late")
        seen.append(await asyncio.get_running_loop().run_in_executor(None, lambda: "result"))

    task = _task(work())
    await _in_callback(task.resume)
    await task
    assert seen == [task, "late", "result"]


async def test_cancelling_raises_inside_wherever_it_waits() -> None:
    seen: list[str] = []

    async def work(wait: Callable[[], Any], name: str) -> None:
        try:
            await wait()
        except asyncio.CancelledError:
            seen.append(name)
            raise

    on_future = _task(work(asyncio.Event().wait, "future"))
    parked = _task(work(lambda: parked.parked(), "parked"))
    for task in (on_future, parked):
        await _in_callback(task.resume)
        assert task.cancel()
        await task
        assert task.done()
        assert not task.cancel()
    assert seen == ["future", "parked"]


async def test_each_has_a_context_of_its_own() -> None:
    seen: list[str] = []

    async def work(note: str) -> None:
        seen.append(_NOTE.get())
        _NOTE.set(note)
        await asyncio.sleep(0)
        seen.append(_NOTE.get())

    tasks = [_task(work(note)) for note in ("one", "two")]
    for task in tasks:
        await _in_callback(task.resume)
    await asyncio.gather(*tasks)
    assert sorted(seen) == ["nothing", "nothing", "one", "two"]
    assert _NOTE.get() == "nothing"


async def test_an_exception_goes_to_the_loop() -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))

    async def work() -> None:
        raise LookupError("lost")

    task = _task(work())
    await _in_callback(task.resume)
    assert task.done()
    with pytest.raises(LookupError, match="lost"):
        raise told[0]["exception"]
