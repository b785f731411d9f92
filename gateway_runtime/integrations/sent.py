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

    Whoever can wait awaits this. The fast lane has the response tell it instead, and calls `settle` then: it takes over what is
    decided, gives what is to be awaited where the call has to be made once more, and raises for one that failed.
    """

    __slots__ = ("_exchange", "response", "settle")

    def __init__(self, response: UpstreamResponse, settle: Settle, exchange: Exchange) -> None:
        self.response = response
        self.settle = settle
        self._exchange = exchange

    def __await__(self) -> Generator[Any, None, None]:
        return self._settled().__await__()

    async def _settled(self) -> None:
        response = self.response
        try:
            while not response.status and response.error is None:
                await response.wait()
        except BaseException:
            response.fail(ClientDisconnected("cancelled"))
            raise
        again = self.settle(response, self._exchange)
        if again is not None:
            await again
