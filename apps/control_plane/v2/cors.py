"""The CORS configuration of HTTP APIs."""

from __future__ import annotations

import re
from typing import Any

from apps.control_plane.errors import BadRequestException

_METHODS = frozenset(("GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "*"))
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(\*|[^\s/?#]+)")


def checked_cors(given: dict[str, Any]) -> dict[str, Any]:
    """A configuration without its empty lists; raises BadRequestException for what browsers could not use."""
    methods = [method.upper() for method in given.get("AllowMethods") or ()]
    for method in methods:
        if method not in _METHODS:
            raise BadRequestException(f"Invalid CORS configuration. {method} is no HTTP method")
    for member in ("AllowHeaders", "ExposeHeaders"):
        for header in given.get(member) or ():
            if not _HEADER.fullmatch(header):
                raise BadRequestException(f"Invalid CORS configuration. {header} is no header name")
    origins = given.get("AllowOrigins") or ()
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise BadRequestException(
                "Invalid CORS configuration. An origin is * or a scheme followed by a host, which this is not: "
                f"{origin}"
            )
    if given.get("AllowCredentials"):
        _check_credentials(given)
    return {name: value for name, value in {**given, "AllowMethods": methods}.items() if value not in ([], None)}


def _check_credentials(given: dict[str, Any]) -> None:
    if "*" in (given.get("AllowOrigins") or ()):
        raise BadRequestException("allowCredentials cannot be set to true when allowOrigins is *")
