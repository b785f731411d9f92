"""What a request shows of the caller: the identity sources of an authorizer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.parameters import request_source
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured

Identity = tuple[tuple[str, ...], ...]
"""The values of each source, in the order of the sources."""


def compile_identity(sources: Iterable[str], site: MethodSite) -> Callable[[Exchange], Identity]:
    """A function that reads all sources of a request. It raises UNAUTHORIZED where one is missing or empty.

    All values of a header or query parameter count, so that none stands for another in what is remembered.
    """
    readers = [request_source(_every_value(source), site) for source in sources]
    if any(reader.needs_body for reader in readers):
        raise Misconfigured("a body is no identity source")

    def read(exchange: Exchange) -> Identity:
        identity = tuple([tuple(reader.read(exchange, "")) for reader in readers])
        for values in identity:
            if not any(values):
                raise GatewayError("UNAUTHORIZED")
        return identity

    return read


def _every_value(source: str) -> str:
    for place in ("header", "querystring"):
        prefix = f"method.request.{place}."
        if source.startswith(prefix):
            return f"method.request.multivalue{place}.{source.removeprefix(prefix)}"
    return source


def identity_key(scope: bytes, identity: Identity) -> bytes:
    """A digest that two requests share only when scope and all values are the same."""
    digest = hashlib.blake2b(scope, digest_size=24)
    for values in identity:
        digest.update(b"%d;" % len(values))
        for value in values:
            data = value.encode("utf-8", "surrogatepass")
            digest.update(b"%d:" % len(data))
            digest.update(data)
    return digest.digest()
