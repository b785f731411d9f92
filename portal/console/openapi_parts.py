"""What a page shows, as the part of the API's OpenAPI definition that says it: the tab beside the commands.

A part is a way into the definition, key by key: `("paths", "/pets", "get")`. It is made when the tab is opened, not before.
"""

from __future__ import annotations

from typing import Any

import yaml
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode

from apps.control_plane.errors import AwsError
from apps.control_plane.openapi.export_paths import method_key
from apps.control_plane.openapi.exporter import EXTENSIONS, as_yaml, export_rest_api
from portal.console.gate import Console, console_page

Part = tuple[str, ...]
WHOLE: Part = ()
CORS: Part = ("x-amazon-apigateway-cors",)
MODELS: Part = ("components", "schemas")
POLICY: Part = ("x-amazon-apigateway-policy",)
RESPONSES: Part = ("x-amazon-apigateway-gateway-responses",)
SCHEMES: Part = ("components", "securitySchemes")
VALIDATORS: Part = ("x-amazon-apigateway-request-validators",)
_LONGEST = 200_000
"""Characters that are shown; what is longer is to be downloaded."""
_ABSENT = "# The definition says nothing of this yet."
_DRAFT = EXTENSIONS - {"postman"}


def of_path(path: str, verb: str = "") -> Part:
    """A path, or a method of it."""
    return ("paths", path, method_key(verb)) if verb else ("paths", path)


def of_route(key: str) -> Part:
    """A route of an HTTP API."""
    verb, space, path = key.partition(" ")
    return of_path(path, verb) if space else of_path("/$default")


def part_url(view: str, api_id: str, part: Part) -> str:
    """Where the part is shown."""
    return f"{reverse(f'console:{view}', args=[api_id])}?{urlencode([('at', key) for key in part])}"


@console_page("GET")
def rest_api_part(console: Console, api_id: str) -> HttpResponseBase:
    """A part of a REST API as it is being edited, with AWS's extensions and what people wrote."""
    api = console.caller.rest_api(api_id)
    return _shown(console, export_rest_api(api, extensions=_DRAFT, documentation=True))


@console_page("GET")
def http_api_part(console: Console, api_id: str) -> HttpResponseBase:
    """A part of an HTTP API as it is now, with AWS's extensions."""
    request = {"ApiId": api_id, "Specification": "OAS30", "OutputType": "YAML"}
    try:
        written = console.call("ExportApi", request, "apigatewayv2")["body"]
    except AwsError as error:
        if error.status == 404:
            raise
        return _answer(console, f"# {error.message}")
    return _shown(console, yaml.safe_load(written))


def _shown(console: Console, definition: dict[str, Any]) -> HttpResponseBase:
    part = tuple(console.request.GET.getlist("at"))
    if not part:
        return _answer(console, as_yaml(definition).decode())
    found: Any = definition
    for key in part:
        if not isinstance(found, dict) or key not in found:
            return _answer(console, _ABSENT)
        found = found[key]
    for key in reversed(part):
        found = {key: found}
    return _answer(console, as_yaml(found).decode())


def _answer(console: Console, text: str) -> HttpResponseBase:
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "\n# … and more: download the definition under API settings."
    return console.page("console/parts/openapi.html", text=text)
