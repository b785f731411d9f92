"""Trust stores that lie in S3: fetched when a custom domain name is told of one, with the operator's credentials.

Where the operator has set none, what `PutTruststore` has put at the address is all there is.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.core.aws_access import AwsAccess
from apps.core.signed_request import SignedRequest
from apps.core.sigv4_signing import AwsCredentials, sign
from apps.domain_names.models import Truststore
from gateway_runtime.edge.body import ClientDisconnected
from gateway_runtime.upstream.errors import UpstreamError
from gateway_runtime.upstream.guard import AddressPolicy, GuardedConnector
from gateway_runtime.upstream.origin import parse_origin
from gateway_runtime.upstream.pool import UpstreamPool

Shape = dict[str, Any]
logger = logging.getLogger("gatehouse.truststores")

_SECONDS = 5.0
_MOST_BYTES = 1_024 * 1_024
_MEMBER = "/mutualTlsAuthentication/truststore"


class TruststoreUnavailable(Exception):
    """The object cannot be had; the message says why."""


def fetched_for_v1(caller: Caller, request: Shape) -> Shape:
    """What CreateDomainName and UpdateDomainName of V1 do first: put here what lies at the address that they name."""
    named = dict(request.get("mutualTlsAuthentication") or {})
    for patch in request.get("patchOperations") or ():
        if (patch.get("path") or "").startswith(_MEMBER) and patch.get("op") != "remove":
            named[patch["path"].rpartition("/")[2]] = patch.get("value")
    _put(caller, request["domainName"], named)
    return request


def fetched_for_v2(caller: Caller, request: Shape) -> Shape:
    """The same for V2."""
    given = request.get("MutualTlsAuthentication") or {}
    _put(caller, request["DomainName"], {name[0].lower() + name[1:]: value for name, value in given.items()})
    return request


def _put(caller: Caller, domain_name: str, named: Shape) -> None:
    """Fetch a trust store and put it at its address. A version alone is one of the address that the name has."""
    access: AwsAccess = settings.ENVIRONMENT.aws
    credentials = access.credentials_of(caller.account_id)
    if credentials is None or not any(named.values()):
        return
    uri, version = named.get("truststoreUri"), named.get("truststoreVersion")
    if uri is None:
        known = registry.call(caller, "apigateway", "GetDomainName", {"domainName": domain_name})
        uri = known.get("mutualTlsAuthentication", {}).get("truststoreUri")
    if not uri or not uri.startswith("s3://"):
        return  # which the operation itself refuses
    try:
        text = asyncio.run(_fetch(access, credentials, caller.region, uri, version))
    except TruststoreUnavailable as error:
        if Truststore.objects.filter(account_id=caller.account_id, uri=uri, version=version or "").exists():
            logger.warning("the truststore %s stays as it was put here: %s", uri, error)
            return
        raise BadRequestException(f"The truststore {uri} cannot be read: {error}") from error
    put = {"truststoreUri": uri, "certificates": text, **({"truststoreVersion": version} if version else {})}
    registry.call(caller, "gatehouse", "PutTruststore", put)


async def _fetch(access: AwsAccess, credentials: AwsCredentials, region: str, uri: str, version: str | None) -> str:
    """An object of S3. One's own end point is the operator's choice, so it may be at a private address. Raises TruststoreUnavailable."""
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
                    raise TruststoreUnavailable(f"S3 answers {response.status}")
                received = bytearray()
                while chunk := await response.next_chunk():
                    received += chunk
                    if len(received) > _MOST_BYTES:
                        raise TruststoreUnavailable("it is larger than 1 MB")
            finally:
                response.close()
        return received.decode()
    except TimeoutError:
        raise TruststoreUnavailable("S3 takes too long to answer") from None
    except UnicodeDecodeError:
        raise TruststoreUnavailable("it is no text") from None
    except (UpstreamError, ClientDisconnected) as error:
        raise TruststoreUnavailable(str(error)) from error
    finally:
        await pool.aclose()
