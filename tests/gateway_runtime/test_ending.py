"""Tasks end even when a cancellation of theirs gets lost."""

from __future__ import annotations

import asyncio

from gateway_runtime.ending import end


async def test_a_task_that_swallows_a_cancellation_is_told_again() -> None:
    swallowed: list[str] = []

    async def stubborn() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            swallowed.append("once")
        await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)

    async with asyncio.timeout(5):
        await end([task])

    assert task.cancelled()
    assert swallowed == ["once"]


async def test_what_a_task_raises_at_its_end_is_nobodys() -> None:
    async def failing() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            raise ValueError from None

    task = asyncio.create_task(failing())
    await asyncio.sleep(0)

    await end([task])

    assert isinstance(task.exception(), ValueError)
