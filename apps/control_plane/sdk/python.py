"""The Python SDK: a package of one module that needs the standard library alone."""

from __future__ import annotations

import keyword
import re

from apps.control_plane.sdk.calls import Call, Parameter, distinct

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_IDENTIFIER = re.compile(r"[^a-z0-9_]+")
_RESERVED = {"self", "body", "query", "headers"}

_CLIENT = '''"""A client of one stage of an API. It needs the standard library alone."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Mapping, NamedTuple, Optional

INVOKE_URL = {invoke_url}


class Answer(NamedTuple):
    """What came back. `data` is parsed where it is JSON, else text."""

    status: int
    headers: Mapping[str, str]
    data: Any


class ApiError(Exception):
    """The API answered with an error; `answer` has its status, headers and data."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{{answer.status}}: {{answer.data}}")
        self.answer = answer


class Client:
    """One method for each call of the API. `timeout` is seconds."""

    def __init__(self, api_key: Optional[str] = None, invoke_url: str = INVOKE_URL, timeout: float = 30) -> None:
        self._api_key = api_key
        self._base = invoke_url.rstrip("/")
        self._timeout = timeout

    def _request(self, method: str, path: str, named_query: Mapping[str, Any], named_headers: Mapping[str, Any],
                 body: Any, query: Optional[Mapping[str, Any]], headers: Optional[Mapping[str, str]]) -> Answer:
        pairs = {{name: value for name, value in named_query.items() if value is not None}}
        pairs.update(query or {{}})
        url = self._base + path + ("?" + urllib.parse.urlencode(pairs, doseq=True) if pairs else "")
        sent = {{"Accept": "application/json"}}
        sent.update({{name: str(value) for name, value in named_headers.items() if value is not None}})
        if self._api_key is not None:
            sent["x-api-key"] = self._api_key
        data = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        sent.update(headers or {{}})
        request = urllib.request.Request(url, data=data, headers=sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                return _answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                raise ApiError(_answer(error.code, error.headers, error.read())) from None
{methods}

def _segment(value: Any) -> str:
    return urllib.parse.quote(str(value), safe="")


def _segments(value: Any) -> str:
    return urllib.parse.quote(str(value), safe="/")


def _answer(status: int, headers: Any, body: bytes) -> Answer:
    text = body.decode("utf-8", "replace")
    kind = headers.get("content-type") or ""
    data: Any = text
    if text and (kind.partition(";")[0].strip().endswith(("/json", "+json"))):
        try:
            data = json.loads(text)
        except ValueError:
            pass
    return Answer(status, {{name.lower(): value for name, value in headers.items()}}, data)
'''


def files(package: str, invoke_url: str, calls: list[Call]) -> dict[str, str]:
    """The files of the SDK by their paths; `package` is an identifier."""
    names = distinct([call_name(call) for call in calls])
    methods = "".join(_method(name, call) for name, call in zip(names, calls, strict=True))
    project = f'[project]\nname = "{package.replace("_", "-")}"\nversion = "1.0.0"\nrequires-python = ">=3.8"\n'
    return {
        f"{package}/__init__.py": "from .client import Answer, ApiError, Client\n\n"
        '__all__ = ["Answer", "ApiError", "Client"]\n',
        f"{package}/client.py": _CLIENT.format(invoke_url=repr(invoke_url), methods=methods),
        "pyproject.toml": project,
    }


def call_name(call: Call) -> str:
    """`pets_pet_id_get` of GET /pets/{petId}."""
    return _identifier("_".join(call.words))


def _identifier(text: str) -> str:
    name = _NO_IDENTIFIER.sub("_", _HUMP.sub("_", text).lower()).strip("_") or "value"
    name = f"_{name}" if name[0].isdigit() else name
    return f"{name}_" if keyword.iskeyword(name) or name in _RESERVED else name


def _method(name: str, call: Call) -> str:
    """One method. Whatever a person wrote goes in as a literal, never as code."""
    arguments = dict(zip(call.parameters, distinct([_identifier(item.name) for item in call.parameters]), strict=True))
    needed = [argument for item, argument in arguments.items() if item.required]
    spared = [f"{argument}: Any = None" for item, argument in arguments.items() if not item.required]
    signature = ", ".join(["self", *(["*"] if needed else []), *(f"{item}: Any" for item in needed), *(
        [*([] if needed else ["*"]), *spared, "body: Any = None", "query: Optional[Mapping[str, Any]] = None",
         "headers: Optional[Mapping[str, str]] = None"]
    )])  # fmt: skip
    documentation = f"{call.verb} {call.path}" + (f": {call.summary}" if call.summary else "")
    return f"""
    def {name}({signature}) -> Answer:
        {documentation!r}
        return self._request(
            {call.verb!r}, {_path(call, arguments)}, {_mapping(arguments, "query")}, {_mapping(arguments, "header")},
            body, query, headers,
        )
"""


def _path(call: Call, arguments: dict[Parameter, str]) -> str:
    """The path as an expression: literal text and quoted parameters in turn."""
    parts = []
    rest = call.path
    for item, argument in arguments.items():
        if item.place == "path":
            before, _, rest = rest.partition(f"{{{item.name}{'+' if item.greedy else ''}}}")
            parts += [repr(before), f"{'_segments' if item.greedy else '_segment'}({argument})"]
    return " + ".join([*parts, repr(rest)])


def _mapping(arguments: dict[Parameter, str], place: str) -> str:
    entries = [f"{item.name!r}: {argument}" for item, argument in arguments.items() if item.place == place]
    return "{" + ", ".join(entries) + "}"
