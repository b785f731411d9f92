"""One request written in several languages, ready to paste."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class CallToWrite:
    """The request that the samples make: a whole URL, headers as they are sent, and a text body or None."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None = None


@dataclass(frozen=True)
class Sample:
    label: str
    code: str


def write_samples(call: CallToWrite) -> list[Sample]:
    """The call in curl, Python (requests) and JavaScript (fetch)."""
    return [
        Sample("curl", _curl(call)),
        Sample("Python", _python(call)),
        Sample("JavaScript", _javascript(call)),
    ]


def _curl(call: CallToWrite) -> str:
    lines = ["curl" if call.method == "GET" else f"curl -X {call.method}"]
    lines[0] += f" {shlex.quote(call.url)}"
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in call.headers.items()]
    if call.body is not None:
        # --data would read a file for a body that starts with @.
        lines.append(f"--data-raw {shlex.quote(call.body)}")
    return " \\\n  ".join(lines)


def _python(call: CallToWrite) -> str:
    arguments = [f"    {json.dumps(call.method)},", f"    {json.dumps(call.url)},"]
    if call.headers:
        arguments.append(f"    headers={_literal(call.headers)},")
    if call.body is not None:
        arguments.append(f"    data={_text(call.body)},")
    inner = "\n".join(arguments)
    return (
        "import requests\n\n"
        f"response = requests.request(\n{inner}\n    timeout=30,\n)\n"
        "response.raise_for_status()\nprint(response.text)"
    )


def _javascript(call: CallToWrite) -> str:
    options = [f"  method: {json.dumps(call.method)},"]
    if call.headers:
        options.append(f"  headers: {_literal(call.headers)},")
    if call.body is not None:
        options.append(f"  body: {_text(call.body)},")
    inner = "\n".join(options)
    return (
        f"const response = await fetch({json.dumps(call.url)}, {{\n{inner}\n}});\n"
        "if (!response.ok) throw new Error(`HTTP ${response.status}`);\n"
        "console.log(await response.text());"
    )


def _literal(headers: dict[str, str]) -> str:
    return json.dumps(headers, ensure_ascii=False)


def _text(body: str) -> str:
    """A double-quoted literal that Python and JavaScript both read as this text.

    Characters are not escaped: what JSON writes for those beyond 16 bits are two halves to Python.
    """
    return json.dumps(body, ensure_ascii=False)
