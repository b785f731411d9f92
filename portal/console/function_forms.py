"""The forms of functions: a new one, its source, its configuration, a test event, and who may invoke it."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from portal.console.choosing import OneOfMany, apis, one_of_many
from portal.console.fields import CodeField, PairsField, offer, read_json
from portal.console.function_packages import STARTERS, is_inside, packed
from portal.console.gate import Console

RUNTIMES = (
    ("python3.12", "Python 3.12"),
    ("python3.11", "Python 3.11"),
    ("nodejs22.x", "Node.js 22"),
    ("nodejs20.x", "Node.js 20"),
    ("provided.al2023", "Its own (provided.al2023)"),
)
_FILES = {"python": "app.py", "nodejs": "app.mjs"}
_NAME = r"^[A-Za-z0-9_-]+$"
LARGEST_UPLOAD = 50 * 1024 * 1024


class NewFunctionForm(forms.Form):
    """A new function: from an archive, else from a source to begin with."""

    name = forms.RegexField(
        _NAME,
        max_length=64,
        help_text="Letters, digits, hyphens and underscores.",
        error_messages={"invalid": "A name has letters, digits, hyphens and underscores only."},
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "pets"}),
    )
    runtime = forms.ChoiceField(choices=RUNTIMES)
    handler = forms.CharField(
        max_length=128,
        initial="app.handler",
        help_text="File and function: app.handler is the function handler of app.py or app.mjs.",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )
    package = forms.FileField(
        label="Deployment package",
        required=False,
        help_text="A .zip of at most 50 MB. None: a small function to begin with, which you edit here.",
        widget=forms.ClearableFileInput(attrs={"accept": ".zip"}),
    )

    def clean_package(self) -> Any:
        return _checked(self.cleaned_data["package"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("package") and str(data.get("runtime", "")).startswith("provided"):
            self.add_error("package", "A function with its own runtime needs a package that brings it.")
        return data

    def code(self) -> tuple[bytes, str]:
        """The package, and the handler that goes with it."""
        data = self.cleaned_data
        if data["package"]:
            return data["package"].read(), data["handler"]
        kind = "python" if data["runtime"].startswith("python") else "nodejs"
        return packed(_FILES[kind], STARTERS[kind]), "app.handler"


class SourceForm(forms.Form):
    """One file of the package. `revision` is what was shown: what somebody else deployed since is not overwritten."""

    source = CodeField(label="Source", rows=18, required=False, language="code")
    revision = forms.CharField(required=False, widget=forms.HiddenInput)


class NewFileForm(forms.Form):
    """Another file of the package."""

    name = forms.CharField(
        label="New file",
        max_length=512,
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "lib/prices.py"}),
    )

    def __init__(self, *args: Any, files: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._files = files

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if not is_inside(name):
            raise forms.ValidationError("A path within the package, such as lib/prices.py.")
        if name in self._files:
            raise forms.ValidationError(f"{name} is there already.")
        if any(file.startswith(f"{name}/") or name.startswith(f"{file}/") for file in self._files):
            raise forms.ValidationError(f"{name} is a folder and a file at once.")
        return name


class PackageForm(forms.Form):
    """Another archive in place of everything."""

    package = forms.FileField(
        label="Deployment package", widget=forms.ClearableFileInput(attrs={"accept": ".zip"}), help_text="A .zip file."
    )

    def clean_package(self) -> Any:
        return _checked(self.cleaned_data["package"])


class ConfigurationForm(forms.Form):
    """How a function runs."""

    description = forms.CharField(required=False, max_length=256)
    runtime = forms.ChoiceField(choices=RUNTIMES)
    handler = forms.CharField(max_length=128, widget=forms.TextInput(attrs={"spellcheck": "false"}))
    timeout = forms.IntegerField(min_value=1, max_value=900, help_text="Seconds. Behind a REST API, 29 are asked for.")
    memory = forms.IntegerField(
        label="Memory", min_value=128, max_value=10_240, help_text="MB. A process that takes more is ended."
    )
    environment = PairsField(
        label="Environment", placeholder="TABLE = pets", help_text="One per line. It is sealed where it is kept."
    )

    def __init__(self, *args: Any, runtime: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        offer(
            self, "runtime", [*RUNTIMES, *([(runtime, runtime)] if runtime and runtime not in dict(RUNTIMES) else [])]
        )


class LimitsForm(forms.Form):
    """How much of it may run at once, and its tags."""

    reserved = forms.IntegerField(
        label="Reserved concurrency",
        min_value=0,
        required=False,
        help_text="So many invocations at once and no more; 0 lets none through. Empty: as many as the host has room for.",
    )
    tags = PairsField(label="Tags", rows=3, placeholder="team = pets", help_text="One per line.")


EVENTS = {
    "Empty": {},
    "REST API proxy": {
        "resource": "/pets/{petId}",
        "path": "/pets/7",
        "httpMethod": "GET",
        "headers": {"Accept": "application/json"},
        "queryStringParameters": {"name": "Rex"},
        "pathParameters": {"petId": "7"},
        "requestContext": {"stage": "prod", "identity": {"sourceIp": "192.0.2.1"}},
        "body": None,
        "isBase64Encoded": False,
    },
    "HTTP API, format 2.0": {
        "version": "2.0",
        "routeKey": "GET /pets",
        "rawPath": "/pets",
        "queryStringParameters": {"name": "Rex"},
        "headers": {"accept": "application/json"},
        "requestContext": {"http": {"method": "GET", "path": "/pets"}},
        "isBase64Encoded": False,
    },
    "Token authorizer": {
        "type": "TOKEN",
        "authorizationToken": "Bearer abc",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/pets",
    },
}
"""Events to test with, by what sends them."""


class EventForm(forms.Form):
    """An invocation."""

    event = CodeField(label="Event", rows=10, language="json", initial=json.dumps(EVENTS["REST API proxy"], indent=2))
    qualifier = forms.ChoiceField(label="Version or alias", required=False)
    kind = forms.ChoiceField(
        label="How",
        required=False,
        choices=[
            ("RequestResponse", "Wait for its answer"),
            ("Event", "As an event: it runs on its own"),
            ("DryRun", "Dry run: only whether it could run"),
        ],
    )

    def __init__(self, *args: Any, qualifiers: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "qualifier", [(name, name) for name in qualifiers])

    def clean_event(self) -> str:
        text = str(self.cleaned_data["event"])
        read_json(text)
        return text


class AllowForm(forms.Form):
    """An API that may invoke the function."""

    api = OneOfMany(label="API")

    def __init__(self, *args: Any, console: Console, **options: Any) -> None:
        super().__init__(*args, **options)
        one_of_many(self, "api").offer(console, apis)


class AliasForm(forms.Form):
    """A name for a version."""

    name = forms.RegexField(
        _NAME, max_length=128, error_messages={"invalid": "A name has letters, digits, hyphens and underscores only."}
    )
    version = forms.ChoiceField()

    def __init__(self, *args: Any, versions: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "version", [(version, version) for version in versions])


def _checked(package: Any) -> Any:
    if package and package.size > LARGEST_UPLOAD:
        raise forms.ValidationError("A package has at most 50 MB.")
    return package
