"""The JavaScript SDK: one file for browsers and Node.js, with the interface of AWS's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from apps.control_plane.sdk.calls import Call, distinct

_CLIENT = Path(__file__).with_name("apigClient.js")
_FOLDER = "apiGateway-js-sdk"


def files(title: str, invoke_url: str, calls: list[Call]) -> dict[str, str]:
    """The files of the SDK by their paths."""
    names = distinct([call_name(call) for call in calls])
    table = [
        {
            "name": name,
            "method": call.verb,
            "path": call.path,
            "parameters": [
                {"name": parameter.name, "place": parameter.place, "required": parameter.required}
                for parameter in call.parameters
            ],
        }
        for name, call in zip(names, calls, strict=True)
    ]
    client = _CLIENT.read_text().replace("__INVOKE_URL__", _literal(invoke_url)).replace("__CALLS__", _literal(table))
    package = {"name": "apigateway-js-sdk", "version": "1.0.0", "private": True, "main": "apigClient.js"}
    return {
        f"{_FOLDER}/apigClient.js": client,
        f"{_FOLDER}/package.json": json.dumps(package, indent=2) + "\n",
        f"{_FOLDER}/README.md": _readme(title, invoke_url, names, calls),
    }


def call_name(call: Call) -> str:
    """`petsPetIdGet` of GET /pets/{petId}."""
    first, *rest = call.words
    return first[:1].lower() + first[1:] + "".join(word[:1].upper() + word[1:] for word in rest)


def _literal(value: Any) -> str:
    """A literal that stays one wherever the file stands, also within a page."""
    text = json.dumps(value, indent=2)
    return text.replace("<", "\\u003c").replace("\n", "\n  ")


def _readme(title: str, invoke_url: str, names: list[str], calls: list[Call]) -> str:
    rows = "\n".join(
        f"| `{name}` | `{call.verb} {call.path}` | {_cell(call.summary)} |"
        for name, call in zip(names, calls, strict=True)
    )
    return f"""# {_cell(title)}

A client of {invoke_url}

```js
const apigClientFactory = require("./apigClient.js"); // or a script element, which defines it
const client = apigClientFactory.newClient({{ apiKey: "..." }});
const result = await client.{names[0] if names else "rootGet"}(params, body, {{ headers: {{}}, queryParams: {{}} }});
```

`params` has path, query and header parameters by name. A promise is kept with `status`, `headers` and `data`; one of an answer
that is no success is broken with the same. `newClient` also takes `invokeUrl`, `defaultContentType` and `defaultAcceptType`.

| method | call | |
|---|---|---|
{rows}
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")
