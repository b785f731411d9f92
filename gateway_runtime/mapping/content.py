"""`contentHandling`: bodies between base64 text and the bytes that it stands for."""

from __future__ import annotations

import base64
import binascii

from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.templates import Template, media_type
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured


class BinaryTypes:
    """Which content types an API's `binaryMediaTypes` make binary."""

    def __init__(self, site: MethodSite) -> None:
        self._types = frozenset(kind.lower().replace("~1", "/") for kind in site.deployment.binary_media_types)

    def __contains__(self, content_type: bytes | None) -> bool:
        types = self._types
        if not types:
            return False
        kind = media_type(content_type)
        return kind in types or "*/*" in types or f"{kind.partition('/')[0]}/*" in types


class Converter:
    """A conversion of bodies. Called with a body and its content type it gives the body as it goes on."""

    def __init__(self, *, to_binary: bool, binary_types: BinaryTypes) -> None:
        self._to_binary = to_binary
        self._binary_types = binary_types

    def __call__(self, body: bytes, content_type: bytes | None) -> bytes:
        if (content_type in self._binary_types) is self._to_binary:
            return body
        if not self._to_binary:
            return base64.b64encode(body)
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error:
            raise GatewayError("DEFAULT_5XX", detail="the body to convert to binary is no base64") from None

    def seen_by_templates(self, body: bytes, content_type: bytes | None) -> bytes:
        """A body becomes text before a template sees it, and binary behind it."""
        return body if self._to_binary else self(body, content_type)


def compile_content_handling(handling: str | None, site: MethodSite) -> Converter | None:
    """The conversion of bodies; None where they pass.

    CONVERT_TO_TEXT makes base64 of a binary body, CONVERT_TO_BINARY reads a text body as base64; a body that is already of that
    kind passes. Which content types are binary the API's binary media types say.
    """
    if handling is None:
        return None
    if handling not in ("CONVERT_TO_TEXT", "CONVERT_TO_BINARY"):
        raise Misconfigured(f"unknown content handling {handling!r}")
    return Converter(to_binary=handling == "CONVERT_TO_BINARY", binary_types=BinaryTypes(site))


def rewritten(
    template: Template | None, convert: Converter | None, exchange: Exchange, body: bytes, content_type: bytes | None
) -> bytes:
    """A body as template and conversion leave it. What a template writes is text, whatever content type it is sent under."""
    if template is None:
        return body if convert is None else convert(body, content_type)
    if convert is None:
        return template.write(exchange, body.decode("utf-8", "replace"))
    seen = convert.seen_by_templates(body, content_type) if template.needs_body else b""
    return convert(template.write(exchange, seen.decode("utf-8", "replace")), b"text/plain")
