"""`contentHandling`: bodies between base64 text and the bytes that it stands for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from gateway_runtime.errors import GatewayError
from gateway_runtime.mapping.templates import media_type
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured

Convert = Callable[[bytes, bytes | None], bytes]


def compile_content_handling(handling: str | None, site: MethodSite) -> Convert | None:
    """A function from a body and its content type to the body as it goes on; None where bodies pass.

    CONVERT_TO_TEXT makes base64 of a binary body, CONVERT_TO_BINARY reads a text body as base64; a body that is already of that
    kind passes. Which content types are binary the API's binary media types say.
    """
    if handling is None:
        return None
    binary_types = tuple(kind.lower().replace("~1", "/") for kind in site.deployment.binary_media_types)

    def is_binary(content_type: bytes | None) -> bool:
        kind = media_type(content_type)
        return any(known in (kind, "*/*", kind.partition("/")[0] + "/*") for known in binary_types)

    def to_text(body: bytes, content_type: bytes | None) -> bytes:
        return base64.b64encode(body) if is_binary(content_type) else body

    def to_binary(body: bytes, content_type: bytes | None) -> bytes:
        if is_binary(content_type):
            return body
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error:
            raise GatewayError("DEFAULT_5XX", detail="the body to convert to binary is no base64") from None

    if handling == "CONVERT_TO_TEXT":
        return to_text
    if handling == "CONVERT_TO_BINARY":
        return to_binary
    raise Misconfigured(f"unknown content handling {handling!r}")
