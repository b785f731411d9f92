"""Form fields for what V2 keeps as maps: parameter mappings that are checked line by line, and texts by a key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django import forms

from apps.control_plane.errors import BadRequestException
from apps.control_plane.v2.expressions import (
    check_request_mapping,
    check_response_mappings,
    check_websocket_mapping,
    check_websocket_response_mapping,
)
from apps.core.vtl import Template, VtlError
from portal.console.content_types import ByContentType, Entry
from portal.console.fields import PairsField

Check = Callable[[Mapping[str, str]], None]
_PREFIX = "Invalid mapping expression specified: Validation Result: warnings : [], errors : ["
_STATUS = re.compile(r"[1-5][0-9]{2}")


class MappingsField(PairsField):
    """Parameter mappings, one `target = source` per line. What is wrong with one is told with its name."""

    def __init__(self, check: Check, **options: Any) -> None:
        super().__init__(**options)
        self.check_one = check

    def to_python(self, value: Any) -> Any:
        pairs: dict[str, str] = super().to_python(value)
        for name, source in pairs.items():
            try:
                self.check_one({name: source})
            except BadRequestException as error:
                raise forms.ValidationError(f"{name}: {_plainly(error.message)}") from None
        return pairs


def request_mappings(label: str = "Request parameters") -> MappingsField:
    """What an HTTP API changes of requests."""
    return MappingsField(
        check_request_mapping,
        label=label,
        placeholder="append:header.x-stage = $context.stage",
        help_text="One per line: append:, overwrite: or remove: with header.NAME or querystring.NAME, or overwrite:path. Sources are "
        "$request.header.NAME, $request.querystring.NAME, $request.path.NAME, $request.body.NAME, $context.NAME, "
        "$stageVariables.NAME or a text.",
    )


def message_mappings() -> MappingsField:
    """What of a message goes into the request of a WebSocket API to its back end."""
    return MappingsField(
        check_websocket_mapping,
        label="Request parameters",
        placeholder="integration.request.header.connectionId = context.connectionId",
        help_text="One per line: integration.request.header, querystring or path with a name. Sources are route.request.body.NAME, "
        "route.request.header.NAME, context.NAME, stageVariables.NAME or a text in single quotes.",
    )


def reply_mappings() -> MappingsField:
    """What of an answer goes into a reply."""
    return MappingsField(
        check_websocket_response_mapping,
        label="Response parameters",
        placeholder="route.response.header.x = integration.response.header.y",
        help_text="One per line.",
    )


class Keyed(ByContentType):
    """Rows of a key and its text. `noun` is what a key is called, `example` one of them."""

    def __init__(self, rows: int, noun: str, example: str, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(rows)
        self.noun, self.example, self.suggestions = noun, example, suggestions

    def context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        words = {"noun": self.noun, "example": self.example, "suggestions": self.suggestions}
        return {**super().context(name, value, attrs), **words}


class KeyedTemplatesField(forms.Field):
    """Mapping templates by the key that a template selection expression gives."""

    def __init__(self, *, rows: int = 5, **options: Any) -> None:
        widget = Keyed(rows, "template key", "$default", (r"\$default", "$default", "200"))
        super().__init__(required=False, widget=widget, **options)

    def to_python(self, value: Any) -> dict[str, str]:
        found = _entries(value, "Name the template key.")
        for key, text in found.items():
            try:
                Template(text)
            except VtlError as error:
                raise forms.ValidationError(f"The template for {key} does not compile: {error}.") from None
        return found


class StatusMappingsField(forms.Field):
    """Response parameters of an HTTP API by the status of the back end, each with lines of mappings."""

    def __init__(self, **options: Any) -> None:
        widget = Keyed(3, "status", "200", ("200", "201", "400", "403", "404", "500", "503"))
        super().__init__(required=False, widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        lines = PairsField()
        return {status: lines.prepare_value(mapping) for status, mapping in value.items()}

    def to_python(self, value: Any) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for status, text in _entries(value, "Name the status.").items():
            if not _STATUS.fullmatch(status):
                raise forms.ValidationError(f"“{status}” is no status, such as 200.")
            field = MappingsField(lambda pair, status=status: check_response_mappings({status: pair}))  # type: ignore[misc]
            found[status] = field.to_python(text)
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True


def _entries(value: list[Entry] | None, nameless: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, text in value or ():
        if not key and not text.strip():
            continue
        if not key:
            raise forms.ValidationError(nameless)
        if key in found:
            raise forms.ValidationError(f"{key} is there a second time.")
        found[key] = text
    return found


def _plainly(message: str) -> str:
    return message.removeprefix(_PREFIX).removesuffix("]")
