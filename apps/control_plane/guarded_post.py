"""One request to an address that somebody else wrote, by the data plane's guarded client: what webhooks and sign-ins by a provider go through."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gateway_runtime.edge.body import ClientDisconnected
from gateway_runtime.upstream.errors import BadResponse, IntegrationTimedOut, UpstreamError
from gateway_runtime.upstream.guard import AddressPolicy, GuardedConnector
from gateway_runtime.upstream.origin import parse_origin
from gateway_runtime.upstream.pool import UpstreamPool

SECONDS = 10.0
MOST_BYTES = 262_144

Header = tuple[str, str]


class NotDelivered(Exception):
    """Nobody answered. The message says in general why, and nothing of what is at the address."""


def post(url: str, body: bytes, headers: Sequence[Header], *, allow_private: bool) -> int:
    """POST the body and return the status of the answer, whose body is not read. No redirection is followed.

    Loopback and private addresses are reached only with `allow_private`, link-local ones never. Raises NotDelivered.
    """
    with _told():
        return asyncio.run(_post(url, body, headers, allow_private))


def ask(
    method: str, url: str, headers: Sequence[Header], body: bytes = b"", *, allow_private: bool
) -> tuple[int, bytes]:
    """As `post`, with the body of the answer, which has at most `MOST_BYTES`."""
    with _told():
        return asyncio.run(_ask(method, url, headers, body, allow_private))


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong on the way, in general words."""
    try:
        yield
    except (IntegrationTimedOut, TimeoutError) as error:
        raise NotDelivered(f"no answer within {SECONDS:g} seconds") from error
    except BadResponse as error:
        raise NotDelivered("the answer was no HTTP") from error
    except (UpstreamError, ClientDisconnected) as error:
        raise NotDelivered("no connection, or the address is not permitted") from error
    except ValueError as error:
        raise NotDelivered("the address is no http or https URL") from error


async def _ask(method: str, url: str, headers: Sequence[Header], body: bytes, allow_private: bool) -> tuple[int, bytes]:
    origin, target = parse_origin(url)
    pool = UpstreamPool(GuardedConnector(AddressPolicy(allow_loopback=allow_private, allow_private=allow_private)))
    written = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers]
    received = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            response = await pool.request(
                origin, method.encode("ascii"), target.encode("ascii"), written, body, timeout=SECONDS
            )
            try:
                while chunk := await response.next_chunk():
                    received += chunk
                    if len(received) > MOST_BYTES:
                        raise NotDelivered(f"the answer has more than {MOST_BYTES} bytes")
            finally:
                response.close()
            return response.status, bytes(received)
    finally:
        await pool.aclose()


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
