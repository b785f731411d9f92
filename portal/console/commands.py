"""What a page shows or does, as commands for a terminal: AWS CLI, boto3 and curl. Pure text; every value is quoted.

The commands need `AWS_ENDPOINT_URL` in the environment to reach this installation instead of AWS; `samples` says so.
"""

from __future__ import annotations

import json
import pprint
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name
from django.utils.safestring import SafeString

from portal.highlighting import highlight_shell

ANY_METHOD = "ANY"


@dataclass(frozen=True)
class Command:
    """One operation of AWS's API Gateway with its request. `file` stands for a body that is too long for a command line;
    `service` is the name of the client that has the operation.
    """

    operation: str
    request: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""
    service: str = "apigateway"

    @property
    def shell(self) -> str:
        options = [_option(xform_name(name, "-"), value) for name, value in self.request.items()]
        if self.file:
            options.append(["--body", f"{'fileb' if self.service == 'apigateway' else 'file'}://{self.file}"])
        return _wrapped([["aws", self.service, xform_name(self.operation, "-")], *options])

    @property
    def python(self) -> str:
        lines = [f"    {name}={_literal(value)},\n" for name, value in self.request.items()]
        if self.file:
            first = self.service == "apigateway"
            member, read = ("body", "read_bytes") if first else ("Body", "read_text")
            lines.append(f"    {member}=Path({self.file!r}).{read}(),\n")
        arguments = "\n" + "".join(lines) if lines else ""
        return f"{self.service}.{xform_name(self.operation)}({arguments})"


def samples(commands: Iterable[Command], endpoint_url: str, region: str) -> list[dict[str, str | SafeString]]:
    """The commands for components/code_samples.html, as shell and as Python, with what must come before them."""
    listed = list(commands)
    shell = f"export AWS_ENDPOINT_URL={shlex.quote(endpoint_url)} AWS_REGION={shlex.quote(region)}\n\n"
    shell += "\n\n".join(command.shell for command in listed)
    imports = "import boto3\n" + ("from pathlib import Path\n" if any(command.file for command in listed) else "")
    clients = "".join(
        f'\n{service} = boto3.client(\n    "{service}", endpoint_url={endpoint_url!r}, region_name={region!r}\n)\n'
        for service in dict.fromkeys(command.service for command in listed)
    )
    python = f"{imports}{clients}\n" + "\n\n".join(command.python for command in listed)
    return [{"label": "AWS CLI", "code": highlight_shell(shell)}, {"label": "Python", "code": python}]


def curl(method: str, url: str, headers: Mapping[str, str] | None = None, body: str = "") -> str:
    """A call of a published API. GET is curl's own default, so it is not said."""
    words = [["curl", url] if method in ("GET", ANY_METHOD) else ["curl", "-X", method, url]]
    words += [["-H", f"{name}: {value}"] for name, value in (headers or {}).items()]
    if body:
        words.append(["--data", body])
    return _wrapped(words)


def _option(name: str, value: Any) -> list[str]:
    """An option as the AWS CLI reads it: flags for booleans, words for simple lists, JSON for the rest."""
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return [f"--{name}", *value]
    if isinstance(value, (Mapping, list, tuple)):
        return [f"--{name}", json.dumps(value, ensure_ascii=False, separators=(",", ":"))]
    # A value that looks like an option would be taken for one.
    return [f"--{name}={value}"] if str(value).startswith("-") else [f"--{name}", str(value)]


def _literal(value: Any) -> str:
    text = pprint.pformat(value, width=88, sort_dicts=False)
    return text.replace("\n", "\n    ")


_LINE = 76


def _wrapped(groups: list[list[str]]) -> str:
    """The words, quoted, on lines of about 76 characters; an option and its value stay together."""
    first, *options = (" ".join(shlex.quote(word) for word in group) for group in groups)
    lines = [first]
    for option in options:
        if len(lines[-1]) + len(option) >= _LINE:
            lines[-1] += " \\"
            lines.append(f"  {option}")
        else:
            lines[-1] += f" {option}"
    return "\n".join(lines)
