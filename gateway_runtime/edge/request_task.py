"""A task for one request: it begins at once, and goes on in the very callback that brings what it waits for.

`asyncio.Task` takes its first step in the next round of the event loop, and each wait costs a future, its callback and
another round. For a request that waits once, for its back end, that is a good part of all the work.
"""

from __future__ import annotations

import asyncio
from asyncio import CancelledError
from asyncio.tasks import _enter_task, _leave_task, current_task
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from types import coroutine
from typing import Any


class Resumable:
    """What waits by `parked`, or as a walk in the fast lane does."""

    __slots__ = ()

    def resume(self) -> None:
        """Go on now, where that can be."""
        raise NotImplementedError

    def wake(self) -> None:
        """Go on in the next round of the loop."""
        raise NotImplementedError


class RequestTask(Resumable):
    """Runs a coroutine as `asyncio.Task` does; `asyncio.current_task()` and `asyncio.timeout` know it while it runs.

    Besides futures it waits by `parked`, which ends with the next `wake` or `resume` and sometimes without a cause: ask
    in a loop for what is waited for. `ended` is called once at the end. The result is nobody's: what the
    coroutine raises goes to the loop's exception handler.
    """

    # Members have their defaults in the class, so that making a task costs what is set.
    _parked = True  # it waits for its beginning
    _finished = False
    _waits_for: asyncio.Future[Any] | None = None
    _error: BaseException | None = None  # to be raised inside at the next step
    _cancelling = 0
    _watchers: tuple[asyncio.Future[None], ...] = ()

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, None],
        ended: Callable[[RequestTask], object],
    ) -> None:
        self._loop = loop
        self._coroutine = work
        self._ended = ended
        self._context: Context = copy_context()

    # For what it waits for
    def resume(self) -> None:
        """Go on now, unless another task runs: then in the next round."""
        if current_task(self._loop) is not None:
            self.wake()
        elif self._parked:
            self._context.run(self._step)

    def wake(self) -> None:
        """Go on in the next round of the loop."""
        self._loop.call_soon(self._woken, context=self._context)

    @coroutine
    def parked(self) -> Generator[Any, None, None]:
        """Wait, from inside, for `wake` or `resume`."""
        yield self

    def _woken(self) -> None:
        if self._parked:
            self._step()

    def _future_done(self, future: asyncio.Future[Any]) -> None:
        if self._waits_for is not future:
            return
        if self._error is None:
            try:
                future.result()
            except BaseException as error:
                self._error = error
        self._step()

    # As asyncio's tasks have them
    def cancel(self, msg: Any = None) -> bool:
        """Raise CancelledError inside, where it waits."""
        if self._finished:
            return False
        self._cancelling += 1
        if self._waits_for is not None and self._waits_for.cancel(msg=msg):
            return True
        self._error = CancelledError() if msg is None else CancelledError(msg)
        self.wake()
        return True

    def cancelling(self) -> int:
        return self._cancelling

    def uncancel(self) -> int:
        self._cancelling = max(0, self._cancelling - 1)
        return self._cancelling

    def done(self) -> bool:
        return self._finished

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def __await__(self) -> Generator[Any, None, None]:
        """Wait for the end from outside."""
        if not self._finished:
            watcher: asyncio.Future[None] = self._loop.create_future()
            self._watchers = (*self._watchers, watcher)
            yield from watcher

    def _step(self) -> None:
        self._parked = False
        self._waits_for = None
        error = self._error
        if error is not None:
            self._error = None
        _enter_task(self._loop, self)  # type: ignore[arg-type]
        try:
            wanted = self._coroutine.send(None) if error is None else self._coroutine.throw(error)
        except StopIteration:
            self._finish()
        except CancelledError:
            self._finish()
        except BaseException as raised:
            self._finish()
            if not isinstance(raised, Exception):
                raise
            self._loop.call_exception_handler({"message": "a request's task failed", "exception": raised})
        else:
            if wanted is self:
                self._parked = True
            else:
                self._wait_for(wanted)
        finally:
            _leave_task(self._loop, self)  # type: ignore[arg-type]

    def _wait_for(self, wanted: Any) -> None:
        """As tasks do: go on when a future is done, or in the next round after a bare yield."""
        if wanted is None or not getattr(wanted, "_asyncio_future_blocking", False):
            if wanted is not None:
                self._error = RuntimeError(f"a request waits for something that is no future: {wanted!r}")
            self._parked = True
            self.wake()
            return
        wanted._asyncio_future_blocking = False
        self._waits_for = wanted
        wanted.add_done_callback(self._future_done, context=self._context)
        if self._error is not None and wanted.cancel():  # cancelled by itself while it ran
            self._error = None

    def _finish(self) -> None:
        self._finished = True
        self._ended(self)
        for watcher in self._watchers:
            if not watcher.done():
                watcher.set_result(None)
