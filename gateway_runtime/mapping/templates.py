"""Body templates by content type, and what passes when none fits. Templates are static text here."""

from __future__ import annotations

from typing import NamedTuple

from apps.core.mapping_text import holds_vtl
from gateway_runtime.errors import GatewayError
from gateway_runtime.snapshot.stage import NotImplementedHere

_DEFAULT_TYPE = "application/json"


class Template(NamedTuple):
    """Static text under its content type."""

    content_type: str
    text: bytes


def media_type(value: bytes | None) -> str:
    """The content type without parameters, lower-case; JSON where none is given."""
    if not value:
        return _DEFAULT_TYPE
    return value.partition(b";")[0].strip().lower().decode("latin-1") or _DEFAULT_TYPE


def static(templates: dict[str, str | None]) -> dict[str, Template | None]:
    """Templates by lower-case content type; one without text passes the body. Raises NotImplementedHere for VTL."""
    found: dict[str, Template | None] = {}
    for content_type, text in templates.items():
        if text is not None and holds_vtl(text):
            raise NotImplementedHere(f"the {content_type} mapping template uses VTL, which is not implemented")
        key = media_type(content_type.encode("latin-1", "replace"))
        found[key] = None if text is None else Template(content_type, text.encode())
    return found


class RequestTemplates:
    """Chooses by the request's Content-Type; `passthrough` is WHEN_NO_MATCH, WHEN_NO_TEMPLATES or NEVER."""

    def __init__(self, templates: dict[str, str | None], passthrough: str) -> None:
        self._templates = static(templates)
        self._refuses = passthrough == "NEVER" or (passthrough == "WHEN_NO_TEMPLATES" and bool(templates))

    def choose(self, content_type: bytes | None) -> Template | None:
        """The template for a request, None when its body passes. Raises UNSUPPORTED_MEDIA_TYPE."""
        kind = media_type(content_type)
        if kind in self._templates:
            return self._templates[kind]
        if self._refuses:
            raise GatewayError("UNSUPPORTED_MEDIA_TYPE")
        return None

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._templates.items())


class ResponseTemplates:
    """Chooses by the request's Accept: its first type, else JSON, else the first template."""

    def __init__(self, templates: dict[str, str | None]) -> None:
        self._templates = static(templates)
        self._default = self._templates.get(_DEFAULT_TYPE) or next(iter(self._templates.values()), None)

    def choose(self, accept: bytes | None) -> Template | None:
        if accept and len(self._templates) > 1:
            kind = media_type(accept.partition(b",")[0])
            if kind in self._templates:
                return self._templates[kind]
        return self._default
