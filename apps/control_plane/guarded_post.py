"""One request to an address that somebody else wrote, by the data plane's guarded client: what a webhook goes through."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway_runtime.edge.body import ClientDisconnected
from gateway_runtime.upstream.errors import BadResponse, IntegrationTimedOut, UpstreamError
from gateway_runtime.upstream.guard import AddressPolicy, GuardedConnector
from gateway_runtime.upstream.origin import parse_origin
from gateway_runtime.upstream.pool import UpstreamPool

SECONDS = 10.0

Header = tuple[str, str]


class NotDelivered(Exception):
    """Nobody answered. The message says in general why, and nothing of what is at the address."""


def post(url: str, body: bytes, headers: Sequence[Header], *, allow_private: bool) -> int:
    """POST the body and return the status of the answer, whose body is not read. No redirection is followed.

    Loopback and private addresses are reached only with `allow_private`, link-local ones never. Raises NotDelivered.
    """
    try:
        return asyncio.run(_post(url, body, headers, allow_private))
    except (IntegrationTimedOut, TimeoutError) as error:
        raise NotDelivered(f"no answer within {SECONDS:g} seconds") from error
    except BadResponse as error:
        raise NotDelivered("the answer was no HTTP") from error
    except (UpstreamError, ClientDisconnected) as error:
        raise NotDelivered("no connection, or the address is not permitted") from error
    except ValueError as error:
        raise NotDelivered("the address is no http or https URL") from error


async def _post(url: str, body: bytes, headers: Sequence[Header], allow_private: bool) -> int:
    origin, target = parse_origin(url)
    pool = UpstreamPool(GuardedConnector(AddressPolicy(allow_loopback=allow_private, allow_private=allow_private)))
    written = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers]
    try:
        async with asyncio.timeout(SECONDS):
            response = await pool.request(origin, b"POST", target.encode("ascii"), written, body, timeout=SECONDS)
            response.close()
            return response.status
    finally:
        await pool.aclose()
