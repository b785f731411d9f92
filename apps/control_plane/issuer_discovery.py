"""Where issuers of tokens keep their keys, asked of the issuers themselves by the data plane's guarded client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from gateway_runtime.authorizers.discovery import DocumentUnavailable, discover_key_set_address
from gateway_runtime.upstream.guard import AddressPolicy, GuardedConnector
from gateway_runtime.upstream.pool import UpstreamPool

_SECONDS = 10.0
_AT_ONCE = 8


class IssuerUnavailable(Exception):
    """An issuer does not say where its keys are; the message says which, and why."""


def key_set_addresses(issuers: Iterable[str], *, allow_private: bool) -> dict[str, str]:
    """The address of each issuer's key set. `allow_private` lets issuers be at loopback and private addresses.

    Raises IssuerUnavailable.
    """
    return asyncio.run(
        _ask_all(list(issuers), AddressPolicy(allow_loopback=allow_private, allow_private=allow_private))
    )


def unavailable_issuers(issuers: Iterable[str], *, allow_private: bool) -> dict[str, str]:
    """Those of some issuers that do not say where their keys are, with why."""

    async def ask_each() -> dict[str, str]:
        policy = AddressPolicy(allow_loopback=allow_private, allow_private=allow_private)
        asked = list(dict.fromkeys(issuers))
        answers = await asyncio.gather(*(_ask_all([issuer], policy) for issuer in asked), return_exceptions=True)
        found = {}
        for issuer, answer in zip(asked, answers, strict=True):
            if isinstance(answer, IssuerUnavailable):
                found[issuer] = str(answer)
            elif isinstance(answer, BaseException):
                raise answer
        return found

    return asyncio.run(ask_each())


async def _ask_all(issuers: list[str], policy: AddressPolicy) -> dict[str, str]:
    pool = UpstreamPool(GuardedConnector(policy))
    turn = asyncio.Semaphore(_AT_ONCE)

    async def ask(issuer: str) -> str:
        async with turn:
            try:
                return await discover_key_set_address(pool, issuer)
            except DocumentUnavailable as error:
                raise IssuerUnavailable(f"{issuer}: {error}") from error

    try:
        async with asyncio.timeout(_SECONDS):
            found = await asyncio.gather(*map(ask, issuers))
    except TimeoutError:
        raise IssuerUnavailable("the issuers take too long to answer") from None
    finally:
        await pool.aclose()
    return dict(zip(issuers, found, strict=True))
