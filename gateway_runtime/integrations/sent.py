"""A request that is on its way to a back end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any

from gateway_runtime.edge.body import ClientDisconnected
from gateway_runtime.exchange import Exchange
from gateway_runtime.upstream.response import UpstreamResponse

Settle = Callable[[UpstreamResponse, Exchange], Awaitable[None] | None]


class Sent:
    """The request has left on a connection that was idle; the head of its `response` is still to come.

    Whoever can wait awaits this. The fast lane has the response tell it instead, and calls `settle` then.
    """

    __slots__ = ("_exchange", "_settle", "response")

    def __init__(self, response: UpstreamResponse, settle: Settle, exchange: Exchange) -> None:
        self.response = response
        self._settle = settle
        self._exchange = exchange

    @property
    def decided(self) -> bool:
        """Whether the head is here, or the call has failed."""
        return self.response.status != 0 or self.response.error is not None

    def settle(self) -> Awaitable[None] | None:
        """Take over what is decided. A call that has to be made once more is to be awaited; raises for one that failed."""
        return self._settle(self.response, self._exchange)

    def __await__(self) -> Generator[Any, None, None]:
        return self._settled().__await__()

    async def _settled(self) -> None:
        try:
            while not self.decided:
                await self.response.wait()
        except BaseException:
            self.response.fail(ClientDisconnected("cancelled"))
            raise
        again = self.settle()
        if again is not None:
            await again
