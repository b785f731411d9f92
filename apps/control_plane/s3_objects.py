"""Objects that lie in S3, fetched by the data plane's guarded client with the operator's credentials: trust stores, and logos of portals."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from urllib.parse import quote

from apps.core.aws_access import AwsAccess
from apps.core.signed_request import SignedRequest
from apps.core.sigv4_signing import AwsCredentials, sign
from gateway_runtime.edge.body import ClientDisconnected
from gateway_runtime.upstream.errors import UpstreamError
from gateway_runtime.upstream.guard import AddressPolicy, GuardedConnector
from gateway_runtime.upstream.origin import parse_origin
from gateway_runtime.upstream.pool import UpstreamPool

_SECONDS = 5.0


class ObjectUnavailable(Exception):
    """The object cannot be had; the message says why."""


def read_object(
    access: AwsAccess, credentials: AwsCredentials, region: str, uri: str, version: str | None = None, *, most: int
) -> bytes:
    """The object at `s3://bucket/key`, of at most `most` bytes. Raises ObjectUnavailable."""
    return asyncio.run(_read(access, credentials, region, uri, version, most))


async def _read(
    access: AwsAccess, credentials: AwsCredentials, region: str, uri: str, version: str | None, most: int
) -> bytes:
    """One's own end point is the operator's choice, so it may be at a private address."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    own = access.own_end_point("s3")
    base = f"{own}/{bucket}" if own else f"https://{bucket}.s3.{region}.amazonaws.com"
    query = f"versionId={quote(version, safe='')}" if version else ""
    origin, target = parse_origin(f"{base}/{quote(key)}" + (f"?{query}" if query else ""))
    path = target.partition("?")[0]
    headers = [(b"host", origin.authority)]
    asked = SignedRequest("GET", path.encode(), query.encode(), tuple(headers), b"")
    headers += sign(asked, credentials, region=region, service="s3", now=datetime.now(UTC))
    pool = UpstreamPool(GuardedConnector(AddressPolicy(allow_loopback=bool(own), allow_private=bool(own))))
    try:
        async with asyncio.timeout(_SECONDS):
            response = await pool.request(origin, b"GET", target.encode(), headers, timeout=_SECONDS)
            try:
                if response.status != 200:
                    raise ObjectUnavailable(f"S3 answers {response.status}")
                received = bytearray()
                while chunk := await response.next_chunk():
                    received += chunk
                    if len(received) > most:
                        raise ObjectUnavailable(f"it has more than {most // 1024:,} KB")
            finally:
                response.close()
        return bytes(received)
    except TimeoutError:
        raise ObjectUnavailable("S3 takes too long to answer") from None
    except (UpstreamError, ClientDisconnected, ValueError) as error:
        raise ObjectUnavailable(str(error)) from error
    finally:
        await pool.aclose()
