"""Form fields for what AWS keeps by content type: mapping templates, and the models that bodies must match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from apps.core.vtl import Template, VtlError
from portal.console.fields import unix_lines

Entry = tuple[str, str]
_CONTENT_TYPE = re.compile(r"[^\s/]+/[^\s/]+|\$default")
_NEARLY_ALWAYS = "application/json"
"""What a row is for that names nothing."""
_SUGGESTIONS = (_NEARLY_ALWAYS, "application/xml", "application/x-www-form-urlencoded", "text/plain")


class ByContentType(forms.Widget):
    """Rows of a content type and its value, and one more row to add with. `choices` makes the value a select, else it is a code area."""

    use_fieldset = True

    def __init__(self, rows: int = 6, choices: Iterable[str] | None = None) -> None:
        super().__init__({"spellcheck": "false"})
        self.rows = rows
        self.choices = None if choices is None else list(choices)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Entry]:
        if not hasattr(data, "getlist"):
            return []
        removed = set(data.getlist(f"{name}-remove"))
        entries = zip(data.getlist(f"{name}-type"), data.getlist(f"{name}-value"), strict=False)
        return [
            (kind.strip(), unix_lines(text))
            for number, (kind, text) in enumerate(entries)
            if str(number) not in removed
        ]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-type" not in data

    def id_for_label(self, id_: str) -> str:
        return ""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        return render_to_string("console/parts/by_content_type.html", self.context(name, value, attrs))

    def context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """What the rows are drawn with. `noun` is what a key is called, `example` one of them."""
        entries = sorted(value.items()) if isinstance(value, Mapping) else value or []
        return {
            "name": name,
            "id": (attrs or {}).get("id", f"id_{name}"),
            "entries": [(kind, text) for kind, text in entries if kind or text],
            "rows": self.rows,
            "choices": self.choices,
            "suggestions": _SUGGESTIONS,
            "noun": "content type",
            "example": _NEARLY_ALWAYS,
        }


class ByContentTypeField(forms.Field):
    """A map from content types to texts."""

    def __init__(self, widget: ByContentType, **options: Any) -> None:
        super().__init__(required=False, widget=widget, **options)

    def to_python(self, value: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        for kind, text in value or ():
            if not kind and not text:
                continue
            kind = kind or _NEARLY_ALWAYS
            if not _CONTENT_TYPE.fullmatch(kind):
                raise forms.ValidationError(f"“{kind}” is no content type, such as {_NEARLY_ALWAYS}.")
            if kind in found:
                raise forms.ValidationError(f"{kind} is there a second time.")
            self.check(kind, text)
            found[kind] = text
        return found

    def check(self, kind: str, text: str) -> None:
        """Raises ValidationError for a value that cannot be."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(dict(initial or {}) != dict(data or ()))


class TextsField(ByContentTypeField):
    """Bodies by content type, in which only variables are put in, as gateway responses have them."""

    def __init__(self, *, rows: int = 6, **options: Any) -> None:
        super().__init__(ByContentType(rows), **options)


class TemplatesField(TextsField):
    """Mapping templates by content type. One that does not compile is told with its line."""

    def check(self, kind: str, text: str) -> None:
        try:
            Template(text)
        except VtlError as error:
            raise forms.ValidationError(f"The template for {kind} does not compile: {error}.") from None


class ModelsField(ByContentTypeField):
    """Names of models by content type."""

    def __init__(self, **options: Any) -> None:
        super().__init__(ByContentType(choices=()), **options)

    def offer(self, names: Iterable[str]) -> None:
        """Let one choose among these models."""
        assert isinstance(self.widget, ByContentType)
        self.widget.choices = list(names)

    def check(self, kind: str, text: str) -> None:
        assert isinstance(self.widget, ByContentType)
        if text not in (self.widget.choices or ()):
            raise forms.ValidationError(f"Choose the model for {kind}.")
