"""Signed requests (Signature Version 4) at the data plane: verified over the bytes that arrived, then spared the back end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from apps.core.signed_request import UNSIGNED_PAYLOAD, SignedRequest
from apps.core.sigv4 import Signature, SignatureError, read_signature, verify
from apps.core.sigv4_errors import mismatch, scope_error, unknown_key
from apps.core.sigv4a import covers
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.iam.credentials import Credential
from gateway_runtime.ports import Services

_SERVICE = "execute-api"
_QUICKLY_HASHED = 256 * 1024  # bytes; a longer body is hashed beside the event loop
# What only the signature is about. A back end that saw it could send the request again as the caller.
_OF_SIGNATURES = frozenset({b"authorization", b"x-amz-security-token"})
_OF_SIGNED_QUERIES = frozenset(
    {
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature",
        "X-Amz-Security-Token", "X-Amz-Region-Set",
    }
)  # fmt: skip
# Codes of AWS by the gateway response that they are told with.
_RESPONSES = {
    "MissingAuthenticationTokenException": "MISSING_AUTHENTICATION_TOKEN",
    "UnrecognizedClientException": "ACCESS_DENIED",
    "ExpiredTokenException": "EXPIRED_TOKEN",
    "InvalidSignatureException": "INVALID_SIGNATURE",
    "IncompleteSignatureException": "INVALID_SIGNATURE",
}

Verified = Callable[[Exchange, Signature, Credential], None]


def compile_verification(
    region: str, services: Services, verified: Verified, *, asymmetric: bool = False
) -> Callable[[Exchange], Awaitable[None] | None]:
    """A step that verifies a request's signature for a region and then tells `verified`. `asymmetric` takes Signature Version 4A as
    well. Raises GatewayError."""
    tokens, clock = services.session_tokens, services.clock

    def step(exchange: Exchange) -> Awaitable[None] | None:
        now = datetime.fromtimestamp(clock.time(), UTC)
        try:
            signed = _signed(exchange, b"")
            signature = read_signature(signed, asymmetric=asymmetric)
            found = exchange.snapshot.credentials.find
            credential = found(signature.access_key_id, signature.security_token, tokens, now)
            if credential is None:
                raise unknown_key()
            check = partial(_check, signature, credential, region, now)
            if exchange.body.length != 0 and signed.header_values(b"x-amz-content-sha256") != [UNSIGNED_PAYLOAD]:
                return _read_and_check(exchange, signature, credential, check)
            check(signed)
        except SignatureError as error:
            raise _refusal(error) from None
        verified(exchange, signature, credential)
        return None

    async def _read_and_check(
        exchange: Exchange, signature: Signature, credential: Credential, check: Callable[[SignedRequest], None]
    ) -> None:
        body = await exchange.body.read()
        signed = _signed(exchange, body)
        try:
            if len(body) > _QUICKLY_HASHED:
                await asyncio.to_thread(check, signed)
            else:
                check(signed)
        except SignatureError as error:
            raise _refusal(error) from None
        verified(exchange, signature, credential)

    return step


def without_signature(exchange: Exchange) -> None:
    """Take the signature off the request, so that nobody behind the gateway sees it."""
    request = exchange.request
    query = request.raw_query
    if "X-Amz-" in query:
        query = "&".join(part for part in query.split("&") if part.partition("=")[0] not in _OF_SIGNED_QUERIES)
    headers = [header for header in request.headers if header[0] not in _OF_SIGNATURES]
    exchange.request = request.with_headers(headers)._replace(raw_query=query)


def _signed(exchange: Exchange, body: bytes) -> SignedRequest:
    request = exchange.request
    return SignedRequest(
        request.method, request.path.encode("ascii"), request.raw_query.encode("ascii"), tuple(request.headers), body
    )


def _check(signature: Signature, credential: Credential, region: str, now: datetime, signed: SignedRequest) -> None:
    if b"+" in signed.raw_query or b"//" in signed.raw_path:
        # What is signed is the same for `+` and `%2B`, and for `//` and `/`, while what stands behind the gateway tells them apart.
        raise mismatch()
    verify(signed, signature, credential.secret, service=_SERVICE, now=now)
    named = signature.region_set
    if not (signature.region == region if named is None else covers(named, region)):
        raise scope_error(f"Credential should be scoped to a valid region, not '{named or signature.region}'.")


def _refusal(error: SignatureError) -> GatewayError:
    name = _RESPONSES[error.code]
    if error.message.startswith("Signature expired"):
        name = "EXPIRED_TOKEN"
    return GatewayError(
        name, status=error.status, message=error.message, error_type=error.code, explanation=error.explanation
    )
