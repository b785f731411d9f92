"""Form fields for what AWS keeps as maps and lists, and the patch operations that bring one map to another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from apps.control_plane.patching import escape

Patch = dict[str, str]


class PairsField(forms.CharField):
    """A map of texts, one `name = value` per line. A value may hold `=`; a name may not."""

    def __init__(self, *, rows: int = 4, placeholder: str = "", **options: Any) -> None:
        attributes = {"rows": rows, "spellcheck": "false", "placeholder": placeholder}
        super().__init__(required=False, widget=forms.Textarea(attrs=attributes), **options)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return "\n".join(f"{name} = {text}" for name, text in sorted(value.items()))
        return value

    def to_python(self, value: Any) -> Any:
        pairs: dict[str, str] = {}
        for number, line in enumerate(str(value or "").splitlines(), start=1):
            if not line.strip():
                continue
            name, equals, text = line.partition("=")
            name = name.strip()
            if not equals or not name:
                raise forms.ValidationError(f"Line {number} is not of the form name = value.")
            if name in pairs:
                raise forms.ValidationError(f"Line {number} names {name} a second time.")
            pairs[name] = text.strip()
        return pairs

    def validate(self, value: Any) -> None:
        """A map has no length or emptiness of its own to check."""

    def run_validators(self, value: Any) -> None:
        """Django's validators are for texts."""


class LinesField(forms.CharField):
    """A list of texts, one per line; empty lines do not count."""

    def __init__(self, *, rows: int = 3, placeholder: str = "", **options: Any) -> None:
        attributes = {"rows": rows, "spellcheck": "false", "placeholder": placeholder}
        super().__init__(required=False, widget=forms.Textarea(attrs=attributes), **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, (list, tuple)) else value

    def to_python(self, value: Any) -> Any:
        lines = value if isinstance(value, list) else str(value or "").splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def validate(self, value: Any) -> None:
        """An empty list is a list."""

    def run_validators(self, value: Any) -> None:
        """Django's validators are for texts."""


class HeadersField(forms.CharField):
    """Headers of a request, one `Name: value` per line; a name may come several times. The value is the list of all pairs."""

    def __init__(self, *, rows: int = 3, placeholder: str = "", **options: Any) -> None:
        attributes = {"rows": rows, "spellcheck": "false", "placeholder": placeholder}
        super().__init__(required=False, widget=forms.Textarea(attrs=attributes), **options)

    def to_python(self, value: Any) -> Any:
        headers: list[tuple[str, str]] = []
        for number, line in enumerate(str(value or "").splitlines(), start=1):
            if not line.strip():
                continue
            name, colon, text = line.partition(":")
            if not colon or not name.strip():
                raise forms.ValidationError(f"Line {number} is not of the form Name: value.")
            headers.append((name.strip(), text.strip()))
        return headers

    def validate(self, value: Any) -> None:
        """A list of pairs has no length or emptiness of its own to check."""

    def run_validators(self, value: Any) -> None:
        """Django's validators are for texts."""


class CodeField(forms.CharField):
    """A schema, a template or a body, kept as it was typed but for the line ends of browsers."""

    def __init__(self, *, rows: int = 6, language: str = "", **options: Any) -> None:
        super().__init__(strip=False, widget=code_area(rows, language), **options)

    def to_python(self, value: Any) -> Any:
        return unix_lines(super().to_python(value) or "")


def unix_lines(text: str) -> str:
    """Browsers end the lines of a text area with two characters."""
    return text.replace("\r\n", "\n")


class ThrottleForm(forms.Form):
    """A form with the fields `rate` and `burst`: both are filled in, or neither."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if (data.get("rate") is None) != (data.get("burst") is None) and not self.errors:
            self.add_error("rate", "Rate and burst go together: fill in both, or neither.")
        return data


def read_json(text: str) -> Any:
    """What JSON that somebody typed says. Raises ValidationError, with the place, for what is none."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise forms.ValidationError(f"This is no JSON: {error.msg} ({place}).") from None
    except RecursionError:
        raise forms.ValidationError("This is nested too deeply.") from None
    except ValueError:
        raise forms.ValidationError("This has a number of too many digits.") from None


def code_area(rows: int = 6, language: str = "") -> forms.Textarea:
    """A box for a template or a schema. A language that js/editor.js knows makes it an editor with colours and line numbers."""
    editor = {"data-editor": language} if language else {}
    return forms.Textarea(attrs={"rows": rows, "spellcheck": "false", "autocomplete": "off", **editor})


def offer(form: forms.Form, name: str, choices: Iterable[tuple[str, str]]) -> None:
    """Fill a field of the form with the choices that are there now."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)


def switch() -> forms.CheckboxInput:
    return forms.CheckboxInput(attrs={"role": "switch"})


def member_patch(path: str, before: Any, after: Any) -> list[Patch]:
    """The patch that replaces one member, or none when it stays as it is."""
    if after == before:
        return []
    return [{"op": "replace", "path": path, "value": _printed(after)}]


def map_patches(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Patch]:
    """The patches that bring the map at `path` from `before` to `after`."""
    gone = [{"op": "remove", "path": f"{path}/{escape(name)}"} for name in before if name not in after]
    changed = [
        {"op": "replace" if name in before else "add", "path": f"{path}/{escape(name)}", "value": _printed(value)}
        for name, value in after.items()
        if before.get(name) != value or name not in before
    ]
    return gone + changed


def list_patches(path: str, before: list[str], after: list[str]) -> list[Patch]:
    """The patches that bring the set of names at `path` from `before` to `after`."""
    return [{"op": "remove", "path": f"{path}/{escape(name)}"} for name in before if name not in after] + [
        {"op": "add", "path": f"{path}/{escape(name)}"} for name in after if name not in before
    ]


def plain(value: float | None) -> float | int | None:
    """A number as people write it: 50 rather than 50.0."""
    return int(value) if value is not None and value == int(value) else value


def _printed(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
