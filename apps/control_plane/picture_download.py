"""Pictures at other addresses, fetched by the data plane's guarded client."""

from __future__ import annotations

import asyncio

from gateway_runtime.edge.body import ClientDisconnected
from gateway_runtime.upstream.errors import UpstreamError
from gateway_runtime.upstream.guard import AddressPolicy, GuardedConnector
from gateway_runtime.upstream.origin import parse_origin
from gateway_runtime.upstream.pool import UpstreamPool

_SECONDS = 5.0


class PictureUnavailable(Exception):
    """An address does not give a picture; the message says why."""


def download(url: str, *, most: int, allow_private: bool) -> bytes:
    """What an http or https address answers 200 with, up to `most` bytes. No redirection is followed.

    `allow_private` lets it be at loopback and private addresses. Raises PictureUnavailable.
    """
    policy = AddressPolicy(allow_loopback=allow_private, allow_private=allow_private)
    try:
        return asyncio.run(_download(url, most, policy))
    except TimeoutError:
        raise PictureUnavailable("its server takes too long to answer") from None
    except (UpstreamError, ClientDisconnected, ValueError) as error:
        raise PictureUnavailable(f"it cannot be read: {error}") from error


async def _download(url: str, most: int, policy: AddressPolicy) -> bytes:
    pool = UpstreamPool(GuardedConnector(policy))
    try:
        async with asyncio.timeout(_SECONDS):
            origin, target = parse_origin(url)
            response = await pool.request(
                origin, b"GET", target.encode("ascii"), ((b"accept", b"image/*"),), timeout=_SECONDS
            )
            try:
                if response.status != 200:
                    raise PictureUnavailable(f"its server answers {response.status}")
                received = bytearray()
                while chunk := await response.next_chunk():
                    received += chunk
                    if len(received) > most:
                        raise PictureUnavailable(f"it has more than {most // 1024} KB")
            finally:
                response.close()
    finally:
        await pool.aclose()
    return bytes(received)
