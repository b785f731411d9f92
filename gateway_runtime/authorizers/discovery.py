"""The documents of an issuer: its discovery document (OpenID Connect), and the key set that this points to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from apps.core.environment import Environment
from apps.core.user_pools import built_in_key_set, is_built_in_issuer
from gateway_runtime.edge.body import ClientDisconnected
from gateway_runtime.limits import AUTHORIZERS
from gateway_runtime.mapping.json_body import NotJson, read_json
from gateway_runtime.ports import Upstream
from gateway_runtime.upstream.errors import UpstreamError
from gateway_runtime.upstream.origin import parse_origin

WELL_KNOWN = "/.well-known/openid-configuration"
_HEADERS = ((b"accept", b"application/json"),)


class DocumentUnavailable(Exception):
    """The issuer does not give the document; the message says why."""


Source = Callable[[], Awaitable[bytes]]
"""Where a key set comes from: fetches it anew. Raises DocumentUnavailable."""


def published(upstream: Upstream, issuer: str, address: str | None) -> Source:
    """The key set at an address, or else where the issuer's discovery document says."""

    async def fetch() -> bytes:
        return await fetch_document(upstream, address or await discover_key_set_address(upstream, issuer))

    return fetch


def own_issuers(environment: Environment, portal: Upstream) -> Callable[[str], Source | None]:
    """The key sets of the built-in provider, by issuer; None for anybody else's. They are fetched where the data plane reaches the
    portal, wherever its public address leads, so `portal` may connect to private addresses."""

    def source(issuer: str) -> Source | None:
        if not is_built_in_issuer(issuer, environment):
            return None
        path = urlsplit(built_in_key_set(issuer)).path
        return lambda: fetch_document(portal, environment.portal_address + path, environment.portal_host_header)

    return source


async def fetch_document(upstream: Upstream, url: str, host: str | None = None) -> bytes:
    """The body that an address answers 200 with, within the limits of size and time. No redirection is followed. `host` replaces
    the Host header.

    Raises DocumentUnavailable.
    """
    headers = _HEADERS if host is None else (*_HEADERS, (b"host", host.encode("ascii")))
    try:
        origin, target = parse_origin(url)
        response = await upstream.request(
            origin, b"GET", target.encode("ascii"), headers, timeout=AUTHORIZERS.document_seconds
        )
        try:
            if response.status != 200:
                raise DocumentUnavailable(f"{url} answers {response.status}")
            received = bytearray()
            while chunk := await response.next_chunk():
                received += chunk
                if len(received) > AUTHORIZERS.document_bytes:
                    raise DocumentUnavailable(f"{url} answers with more than {AUTHORIZERS.document_bytes} bytes")
        finally:
            response.close()
    except (UpstreamError, ClientDisconnected, ValueError) as error:
        raise DocumentUnavailable(f"{url} cannot be read: {error}") from error
    return bytes(received)


async def discover_key_set_address(upstream: Upstream, issuer: str) -> str:
    """Where an issuer keeps its keys, as its discovery document says, which has to name this very issuer.

    Raises DocumentUnavailable.
    """
    url = issuer.removesuffix("/") + WELL_KNOWN
    document = await fetch_document(upstream, url)
    try:
        value: Any = read_json(document, depth=16)
    except NotJson as error:
        raise DocumentUnavailable(f"{url} is no JSON: {error}") from None
    if not isinstance(value, dict) or value.get("issuer") != issuer:
        raise DocumentUnavailable(f"{url} names another issuer")
    address = value.get("jwks_uri")
    # A key that anybody on the way can replace is none; an issuer without TLS has none to lose.
    secure = isinstance(address, str) and address.startswith("https://")
    if not isinstance(address, str) or not (secure or (issuer.startswith("http://") and address.startswith("http://"))):
        raise DocumentUnavailable(f"{url} names no jwks_uri that can be used")
    return address
