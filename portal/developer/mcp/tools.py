"""The tools of a product: the operations of its REST and HTTP APIs, with a JSON Schema for the arguments of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from portal.developer.catalogue import Offer, OfferedApi
from portal.developer.mcp.input_schemas import json_schema
from portal.developer.published import Memory
from portal.developer.reference import OperationPage, Parameter
from portal.developer.schemas import mapping, resolve
from portal.developer.tryit import METHODS, Attempt

Shape = dict[str, Any]

LONGEST_NAME = 64
LONGEST_DESCRIPTION = 2_000
_BODY, _METHOD = "body", "method"

_known: Memory[list[Tool]]


class WrongArgumentsError(Exception):
    """The arguments of a call are none that the tool takes; the message says which."""


@dataclass(frozen=True)
class Tool:
    """An operation as a tool. `arguments` says where the value of each argument but the body goes."""

    name: str
    operation: OperationPage
    schema: Shape
    arguments: dict[str, Parameter] = field(default_factory=dict)
    text_body: bool = False

    def shape(self) -> Shape:
        """The Tool of the protocol."""
        method = self.operation.method
        about = self.operation.description.strip() or self.operation.title
        return {
            "name": self.name,
            "title": self.operation.title,
            "description": f"{method} {self.operation.path}: {about}"[:LONGEST_DESCRIPTION],
            "inputSchema": self.schema,
            "annotations": {
                "readOnlyHint": method in {"GET", "HEAD"},
                "destructiveHint": method in {"DELETE", "PUT", "PATCH", "ANY"},
                "idempotentHint": method in {"GET", "HEAD", "PUT", "DELETE"},
            },
        }

    def attempt(self, given: Shape, key: str, token: str = "") -> Attempt:
        """The request that a call makes; raises `WrongArgumentsError`."""
        unknown = sorted(set(given) - set(self.schema["properties"]))
        if unknown:
            raise WrongArgumentsError(f"{self.name} takes no argument {unknown[0]}.")
        values = {
            (parameter.where, parameter.name): _written(name, given[name])
            for name, parameter in self.arguments.items()
            if given.get(name) is not None
        }
        method = self.operation.method
        if method == "ANY":
            method = str(given.get(_METHOD) or "GET")
            if method not in METHODS:
                raise WrongArgumentsError(f"{_METHOD} is one of {', '.join(METHODS)}.")
        return Attempt(self.operation, method, values, self._body(given), key, token)

    def _body(self, given: Shape) -> str:
        body = given.get(_BODY) if _BODY in self.schema["properties"] and _BODY not in self.arguments else None
        if body is None:
            return ""
        # A text is taken for what is sent, unless the API wants a JSON text.
        return body if isinstance(body, str) and not self.text_body else json.dumps(body, ensure_ascii=False)


@dataclass(frozen=True)
class ToolBox:
    """The tools of a product by their names, and the API of each."""

    tools: dict[str, tuple[OfferedApi, Tool]]

    def shapes(self, start: int, most: int) -> list[Shape]:
        return [tool.shape() for _, tool in list(self.tools.values())[start : start + most]]


def tool_box(offer: Offer) -> ToolBox:
    """Every operation that a key or a token opens, by API. Operations that want AWS's signature cannot be tools: nobody's
    secret access key is here to sign with."""
    found: dict[str, tuple[OfferedApi, Tool]] = {}
    for api in offer.apis:
        if api.pending or api.websocket:
            continue
        for tool in _tools_of(api):
            name = _free_name(tool.name, found)
            found[name] = (
                api,
                tool if name == tool.name else Tool(name, tool.operation, tool.schema, tool.arguments, tool.text_body),
            )
    return ToolBox(found)


def _tools_of(api: OfferedApi) -> list[Tool]:
    key = (api.row.pk, api.row.reference_deployment_id)
    known = _known.get(key)
    if known is None:
        document = mapping(api.row.reference)
        known = [_tool(document, page) for page in api.reference.operations() if not page.signed]
        _known.put(key, known)
    return known


def _tool(document: Shape, page: OperationPage) -> Tool:
    arguments: dict[str, Parameter] = {}
    properties: Shape = {}
    required: list[str] = []
    text_body = False
    if page.body_type or page.method == "ANY":
        properties[_BODY] = _body_schema(document, page)
        text_body = properties[_BODY].get("type") == "string" and "json" in page.body_type
    if page.method == "ANY":
        properties[_METHOD] = {"type": "string", "enum": list(METHODS), "default": "GET"}
    for parameter in page.parameters:
        name = parameter.name if parameter.name not in properties else f"{parameter.where}_{parameter.name}"
        arguments[name] = parameter
        properties[name] = _parameter_schema(parameter)
        if parameter.required:
            required.append(name)
    schema: Shape = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    return Tool(page.anchor[:LONGEST_NAME], page, schema, arguments, text_body)


def _body_schema(document: Shape, page: OperationPage) -> Shape:
    member = "x-amazon-apigateway-any-method" if page.method == "ANY" else page.method.lower()
    operation = mapping(mapping(mapping(document.get("paths")).get(page.path)).get(member))
    content = mapping(resolve(document, operation.get("requestBody")).get("content"))
    schema = json_schema(document, mapping(content.get(page.body_type)).get("schema"))
    if "json" not in page.body_type and page.body_type:
        schema = {"type": "string", "description": f"The body, as {page.body_type}."}
    return schema


def _parameter_schema(parameter: Parameter) -> Shape:
    kind = parameter.type.partition(" ")[0]
    schema: Shape = {"type": kind} if kind in {"integer", "number", "boolean", "string"} else {}
    if parameter.choices:
        schema = {"enum": list(parameter.choices)}
    words = f"{parameter.description} ({parameter.where})".strip()
    return {**schema, "description": words[:LONGEST_DESCRIPTION]}


def _free_name(wanted: str, taken: Shape) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted[: LONGEST_NAME - 4]}-{number}", number + 1
    return name


def _written(name: str, value: Any) -> str:
    """The value of a path, query or header argument as it is sent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return ",".join(_written(name, one) for one in value)
    raise WrongArgumentsError(f"{name} is a text, a number, or a list of them.")


_known = Memory(50)
