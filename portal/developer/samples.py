"""One request written in several languages, ready to paste."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace

from portal.developer import signed_samples as signed


@dataclass(frozen=True)
class CallToWrite:
    """The request that the samples make: a whole URL, headers as they are sent, and a text body or None.

    `signed_for` is the region of a request that has to be signed, "" for others.
    """

    method: str
    url: str
    headers: dict[str, str]
    body: str | None = None
    signed_for: str = ""


@dataclass(frozen=True)
class Sample:
    label: str
    code: str


def write_samples(call: CallToWrite) -> list[Sample]:
    """The call in nine languages."""
    if call.signed_for:
        return _signed_samples(call)
    return [
        Sample("curl", _curl(call)),
        Sample("Python", _python(call)),
        Sample("JavaScript", _javascript(call)),
        Sample("TypeScript", _typescript(call)),
        Sample("Java", _java(call)),
        Sample("Go", _go(call)),
        Sample("Ruby", _ruby(call)),
        Sample("PHP", _php(call)),
        Sample("C#", _csharp(call)),
    ]


def _signed_samples(call: CallToWrite) -> list[Sample]:
    """The call with AWS's signature: curl and Python have it within, the others make it."""
    parts = signed.signed_call(call.method, call.url, call.headers, call.body, call.signed_for)
    call = replace(call, url=parts.origin + parts.path + (f"?{parts.query}" if parts.query else ""))
    return [
        Sample("curl", _curl(call)),
        Sample("Python", _signed_python(call)),
        Sample("JavaScript", signed.javascript(parts)),
        Sample("TypeScript", signed.javascript(parts, typed=True)),
        Sample("Java", signed.java(parts)),
        Sample("Go", signed.go(parts)),
        Sample("Ruby", signed.ruby(parts)),
        Sample("PHP", signed.php(parts)),
        Sample("C#", signed.csharp(parts)),
    ]


def _curl(call: CallToWrite) -> str:
    lines = ["curl" if call.method == "GET" else f"curl -X {call.method}"]
    lines[0] += f" {shlex.quote(call.url)}"
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in call.headers.items()]
    if call.body is not None:
        # --data would read a file for a body that starts with @.
        lines.append(f"--data-raw {shlex.quote(call.body)}")
    if call.signed_for:
        lines.append(
            f'--aws-sigv4 aws:amz:{call.signed_for}:execute-api --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"'
        )
        # Where the key is temporary; a token has nothing in it that a shell would take apart.
        lines.append("${AWS_SESSION_TOKEN:+-Hx-amz-security-token:$AWS_SESSION_TOKEN}")
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


def _signed_python(call: CallToWrite) -> str:
    body = _text(call.body) if call.body is not None else "None"
    return (
        "import botocore.session\nimport requests\nfrom botocore.auth import SigV4Auth\n"
        "from botocore.awsrequest import AWSRequest\n\n"
        f"call = AWSRequest(\n    {json.dumps(call.method)},\n    {json.dumps(call.url)},\n"
        f"    headers={_literal(call.headers)},\n    data={body},\n)\n"
        "credentials = botocore.session.get_session().get_credentials()\n"
        f'SigV4Auth(credentials, "execute-api", {json.dumps(call.signed_for)}).add_auth(call)\n'
        "response = requests.request(call.method, call.url, headers=dict(call.headers), data=call.data, timeout=30)\n"
        "response.raise_for_status()\nprint(response.text)"
    )


def _typescript(call: CallToWrite) -> str:
    code = _javascript(call)
    return code.replace("const response =", "const response: Response =").replace(
        "console.log(await response.text());", "const text: string = await response.text();\nconsole.log(text);"
    )


def _java(call: CallToWrite) -> str:
    body = "noBody()" if call.body is None else f"ofString({_text(call.body)})"
    headers = "".join(f"\n    .header({_text(name)}, {_text(value)})" for name, value in call.headers.items())
    return (
        "import java.net.URI;\nimport java.net.http.*;\n\n"
        f"var request = HttpRequest.newBuilder(URI.create({_text(call.url)})){headers}\n"
        f"    .method({_text(call.method)}, HttpRequest.BodyPublishers.{body})\n    .build();\n"
        "var response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());\n"
        'System.out.println(response.statusCode() + "\\n" + response.body());'
    )


def _go(call: CallToWrite) -> str:
    body = "nil" if call.body is None else f"strings.NewReader({_text(call.body)})"
    imports = ["fmt", "io", "net/http", *([] if call.body is None else ["strings"])]
    headers = "".join(f"\n\trequest.Header.Set({_text(name)}, {_text(value)})" for name, value in call.headers.items())
    listed = "\n".join(f'\t"{name}"' for name in imports)
    return (
        f"package main\n\nimport (\n{listed}\n)\n\nfunc main() {{\n"
        f"\trequest, err := http.NewRequest({_text(call.method)}, {_text(call.url)}, {body})\n"
        f"\tif err != nil {{\n\t\tpanic(err)\n\t}}{headers}\n"
        "\tresponse, err := http.DefaultClient.Do(request)\n\tif err != nil {\n\t\tpanic(err)\n\t}\n"
        "\tdefer response.Body.Close()\n\ttext, _ := io.ReadAll(response.Body)\n\tfmt.Println(response.Status, string(text))\n}"
    )


def _ruby(call: CallToWrite) -> str:
    lines = [
        'require "net/http"',
        "",
        f"uri = URI({_single(call.url)})",
        f"request = Net::HTTPGenericRequest.new({_single(call.method)}, {'false' if call.body is None else 'true'}, true, uri)",
        *(f"request[{_single(name)}] = {_single(value)}" for name, value in call.headers.items()),
        *([] if call.body is None else [f"request.body = {_single(call.body)}"]),
        'response = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https") { |http| http.request(request) }',
        "puts response.code, response.body",
    ]
    return "\n".join(lines)


def _php(call: CallToWrite) -> str:
    headers = ", ".join(_single(f"{name}: {value}") for name, value in call.headers.items())
    options = [
        f"    CURLOPT_CUSTOMREQUEST => {_single(call.method)},",
        "    CURLOPT_RETURNTRANSFER => true,",
        *([f"    CURLOPT_HTTPHEADER => [{headers}],"] if headers else []),
        *([] if call.body is None else [f"    CURLOPT_POSTFIELDS => {_single(call.body)},"]),
    ]
    inner = "\n".join(options)
    return (
        f"<?php\n$call = curl_init({_single(call.url)});\ncurl_setopt_array($call, [\n{inner}\n]);\n"
        "echo curl_exec($call), PHP_EOL, curl_getinfo($call, CURLINFO_RESPONSE_CODE), PHP_EOL;"
    )


def _csharp(call: CallToWrite) -> str:
    kind = next((value for name, value in call.headers.items() if name.lower() == "content-type"), "text/plain")
    headers = "".join(
        f"request.Headers.TryAddWithoutValidation({_text(name)}, {_text(value)});\n"
        for name, value in call.headers.items()
        if name.lower() != "content-type"
    )
    body = (
        "" if call.body is None else f"request.Content = new StringContent({_text(call.body)}, null, {_text(kind)});\n"
    )
    return (
        "using var client = new HttpClient();\n"
        f"using var request = new HttpRequestMessage(new HttpMethod({_text(call.method)}), {_text(call.url)});\n"
        f"{headers}{body}using var response = await client.SendAsync(request);\n"
        'Console.WriteLine($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");'
    )


def _single(text: str) -> str:
    """A single-quoted literal of Ruby and PHP, in which nothing is interpolated."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _literal(headers: dict[str, str]) -> str:
    return json.dumps(headers, ensure_ascii=False)


def _text(body: str) -> str:
    """A double-quoted literal that Python and JavaScript both read as this text.

    Characters are not escaped: what JSON writes for those beyond 16 bits are two halves to Python.
    """
    return json.dumps(body, ensure_ascii=False)
