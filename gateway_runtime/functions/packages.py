"""Where deployment packages come from: the portal, which keeps them in its database, gives them to who shows the token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from gateway_runtime.functions.code import BadCode
from gateway_runtime.limits import PoolLimits
from gateway_runtime.upstream.errors import UpstreamError
from gateway_runtime.upstream.guard import DEVELOPMENT, GuardedConnector
from gateway_runtime.upstream.origin import parse_origin
from gateway_runtime.upstream.pool import UpstreamPool

LARGEST_PACKAGE = 50 * 1024 * 1024
_SECONDS = 60.0


def package_pool() -> UpstreamPool:
    """The connections to the portal, whose address is the operator's own."""
    return UpstreamPool(GuardedConnector(DEVELOPMENT), PoolLimits(body_bytes=LARGEST_PACKAGE))


def packages_of_portal(
    pool: UpstreamPool, address: str, host_header: str, token: str
) -> Callable[[str], Awaitable[bytes]]:
    """`fetch` of a `CodeStore`."""
    headers = [(b"host", host_header.encode()), (b"authorization", f"Bearer {token}".encode())]

    async def fetch(digest: str) -> bytes:
        try:
            origin, path = parse_origin(f"{address}/_gatehouse/function-code/{digest}")
            response = await pool.request(origin, b"GET", path.encode(), headers, timeout=_SECONDS)
            body = await response.read()
        except (UpstreamError, ValueError) as error:
            raise BadCode(f"the portal does not give the package: {error}") from error
        if response.status != 200:
            raise BadCode(f"the portal answers {response.status} for the package")
        return body

    return fetch
