"""Body templates by content type, and what passes when none fits. A template is static text, or VTL that runs for each request."""

from __future__ import annotations

from apps.core import vtl
from apps.core.mapping_text import holds_vtl
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.template_run import render
from gateway_runtime.snapshot.stage import Misconfigured

_DEFAULT_TYPE = "application/json"


class Template:
    """A template under its content type. `needs_body` is true for one that looks at the body it stands for."""

    __slots__ = ("_vtl", "content_type", "needs_body", "overrides", "text")

    def __init__(self, content_type: str, source: str) -> None:
        """Raises Misconfigured for VTL that does not compile."""
        self.content_type = content_type
        self.text = source.encode("utf-8", "replace")
        self._vtl: vtl.Template | None = None
        self.needs_body = self.overrides = False
        if holds_vtl(source):
            try:
                self._vtl = vtl.Template(source)
            except vtl.VtlError as error:
                raise Misconfigured(f"the {content_type} mapping template: {error}") from None
            self.needs_body = "input" in source
            self.overrides = "Override" in source or "context" in source

    @property
    def runs(self) -> bool:
        """Whether its text differs from request to request."""
        return self._vtl is not None

    def write(self, exchange: Exchange, body: str) -> bytes:
        """What stands for the body. Raises GatewayError where the template fails."""
        return self.text if self._vtl is None else render(self._vtl, exchange, body)


def media_type(value: bytes | None) -> str:
    """The content type without parameters, lower-case; JSON where none is given."""
    if not value:
        return _DEFAULT_TYPE
    return value.partition(b";")[0].strip().lower().decode("latin-1") or _DEFAULT_TYPE


def compiled(templates: dict[str, str | None]) -> dict[str, Template | None]:
    """Templates by lower-case content type; one without text passes the body. Raises Misconfigured."""
    return {
        media_type(content_type.encode("latin-1", "replace")): None if text is None else Template(content_type, text)
        for content_type, text in templates.items()
    }


class RequestTemplates:
    """Chooses by the request's Content-Type; `passthrough` is WHEN_NO_MATCH, WHEN_NO_TEMPLATES or NEVER."""

    def __init__(self, templates: dict[str, str | None], passthrough: str) -> None:
        self._templates = compiled(templates)
        self._refuses = passthrough == "NEVER" or (passthrough == "WHEN_NO_TEMPLATES" and bool(templates))
        # Whether a template may set headers, query, path or status.
        self.overrides = any(template is not None and template.overrides for template in self._templates.values())

    def choose(self, content_type: bytes | None) -> Template | None:
        """The template for a request, None when its body passes. Raises UNSUPPORTED_MEDIA_TYPE."""
        kind = media_type(content_type)
        if kind in self._templates:
            return self._templates[kind]
        if self._refuses:
            raise GatewayError("UNSUPPORTED_MEDIA_TYPE")
        return None


class ResponseTemplates:
    """Chooses by the request's Accept: its first type, else JSON, else the first template."""

    def __init__(self, templates: dict[str, str | None]) -> None:
        self._templates = compiled(templates)
        self._default = self._templates.get(_DEFAULT_TYPE) or next(iter(self._templates.values()), None)

    def choose(self, accept: bytes | None) -> Template | None:
        if accept and len(self._templates) > 1:
            kind = media_type(accept.partition(b",")[0])
            if kind in self._templates:
                return self._templates[kind]
        return self._default
