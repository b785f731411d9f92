"""An OpenAPI document as a page shows it: operations in groups, with parameters, bodies and examples, and no `$ref` left.

The input is what the exporter wrote at deployment. Everything here is pure and tolerant: a member that is missing or odd is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from portal.developer.schemas import Property, example_text, listed, mapping, properties, resolve, text, type_words

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method")
# Longer enumerations are typed rather than chosen from a list.
_MOST_CHOICES = 50
# Headers that are not the reader's to fill in: the key has a field of its own, the others are the connection's.
_SET_BY_TRY_IT = {
    "x-api-key", "host", "content-length", "content-type", "transfer-encoding", "connection", "te", "trailer", "upgrade",
    "expect", "keep-alive", "proxy-authorization", "proxy-connection",
}  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """One input besides the body. `where` is path, query or header."""

    name: str
    where: str
    required: bool
    type: str
    description: str = ""
    example: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Response:
    status: str
    description: str
    example: str = ""


@dataclass(frozen=True)
class OperationPage:
    """One operation: what its section of the reference shows and what its try-it form asks for.

    `token_header` is the header that takes a token, "" where none is wanted; `scopes` are those of which the token needs one.
    `signed` means AWS's signature version 4.
    """

    anchor: str
    method: str
    path: str
    title: str
    description: str
    group: str
    key_required: bool
    parameters: tuple[Parameter, ...] = ()
    body_type: str = ""
    body_example: str = ""
    body_properties: tuple[Property, ...] = ()
    responses: tuple[Response, ...] = ()
    token_header: str = ""
    scopes: tuple[str, ...] = ()
    signed: bool = False

    @property
    def open(self) -> bool:
        """Whether a caller has to bring nothing."""
        return not (self.key_required or self.token_header or self.signed)


@dataclass(frozen=True)
class Reference:
    """The whole reference of one API stage."""

    title: str
    version: str
    description: str
    groups: dict[str, list[OperationPage]] = field(default_factory=dict)

    def operations(self) -> Iterator[OperationPage]:
        for group in self.groups.values():
            yield from group

    def find(self, anchor: str) -> OperationPage | None:
        return next((operation for operation in self.operations() if operation.anchor == anchor), None)


def read_reference(document: dict[str, Any], *, preflights: bool = False) -> Reference:
    """The reference of an OpenAPI 3 document; preflight (OPTIONS) methods are shown only when they are asked for."""
    info = mapping(document.get("info"))
    reference = Reference(text(info.get("title")), text(info.get("version")), text(info.get("description")))
    anchors: set[str] = set()
    for path, name, operation, shared in _shown_operations(document, preflights=preflights):
        anchor = _free_anchor("ANY" if name.startswith("x-") else name, path, anchors)
        page = _operation(document, anchor, path, name, operation, shared)
        reference.groups.setdefault(page.group, []).append(page)
    return reference


def count_operations(document: Any) -> int:
    """How many operations `read_reference` finds, without reading their schemas."""
    return sum(1 for _ in _shown_operations(mapping(document)))


def _shown_operations(
    document: dict[str, Any], *, preflights: bool = False
) -> Iterator[tuple[str, str, dict[str, Any], list[Any]]]:
    """(path, member of the path item, operation, the path's own parameters), by path."""
    for path, item in sorted(mapping(document.get("paths")).items()):
        shared = listed(mapping(item).get("parameters"))
        for name in METHODS:
            operation = mapping(item).get(name)
            if isinstance(operation, dict) and (preflights or name != "options"):
                yield path, name, operation, shared


def _operation(
    document: dict[str, Any], anchor: str, path: str, name: str, operation: dict[str, Any], shared: list[Any]
) -> OperationPage:
    method = "ANY" if name.startswith("x-") else name.upper()
    needs = needs_of(document, operation)
    body_type, body_schema, body_example = _body(document, operation)
    tags = [text(tag) for tag in listed(operation.get("tags"))]
    return OperationPage(
        anchor=anchor,
        method=method,
        path=path,
        title=text(operation.get("summary")) or text(operation.get("operationId")) or f"{method} {path}",
        description=text(operation.get("description")),
        group=tags[0] if tags else _first_segment(path),
        key_required=needs.key,
        token_header=needs.token_header,
        scopes=needs.scopes,
        signed=needs.signed,
        parameters=tuple(_parameters(document, path, [*shared, *listed(operation.get("parameters"))])),
        body_type=body_type,
        body_example=body_example,
        body_properties=properties(document, body_schema),
        responses=tuple(_responses(document, operation)),
    )


def _parameters(document: dict[str, Any], path: str, given: list[Any]) -> Iterator[Parameter]:
    found: dict[tuple[str, str], Parameter] = {}
    # A path's own parameters are always there, also when the document does not list them.
    for segment in path.split("/"):
        if segment.startswith("{"):
            name = path_parameter(segment)
            found[name, "path"] = Parameter(name, "path", True, "string")
    for raw in given:
        parameter = resolve(document, raw)
        name, where = text(parameter.get("name")), text(parameter.get("in"))
        if name and where in {"path", "query", "header"} and name.lower() not in _SET_BY_TRY_IT:
            # An operation's parameter replaces the one that its path shares under the same name.
            found[name, where] = _parameter(document, name, where, parameter)
    yield from found.values()


def path_parameter(segment: str) -> str:
    """The name in a path's `{name}` or `{name+}` segment."""
    return segment.strip("{}").rstrip("+")


def _parameter(document: dict[str, Any], name: str, where: str, parameter: dict[str, Any]) -> Parameter:
    schema = resolve(document, parameter.get("schema"))
    example = parameter.get("example", schema.get("example", schema.get("default", "")))
    values = tuple(str(value) for value in listed(schema.get("enum")))
    return Parameter(
        name,
        where,
        where == "path" or bool(parameter.get("required")),
        type_words(document, schema),
        text(parameter.get("description")),
        example if isinstance(example, str) else json.dumps(example),
        values if len(values) <= _MOST_CHOICES else (),
    )


def _body(document: dict[str, Any], operation: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
    body = resolve(document, operation.get("requestBody"))
    for content_type, media in mapping(body.get("content")).items():
        schema = resolve(document, mapping(media).get("schema"))
        return content_type, schema, example_text(document, mapping(media), schema)
    return "", {}, ""


def _responses(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[Response]:
    for status, raw in sorted(mapping(operation.get("responses")).items()):
        response = resolve(document, raw)
        example = ""
        for media in mapping(response.get("content")).values():
            example = example_text(document, mapping(media), resolve(document, mapping(media).get("schema")))
            break
        yield Response(str(status), text(response.get("description")), example)


@dataclass(frozen=True)
class Needs:
    """What a caller has to bring; members as in `OperationPage`."""

    key: bool = False
    token_header: str = ""
    scopes: tuple[str, ...] = ()
    signed: bool = False


def needs_of(document: dict[str, Any], operation: dict[str, Any]) -> Needs:
    """What a caller has to bring, by the security schemes that the operation names."""
    schemes = mapping(mapping(document.get("components")).get("securitySchemes"))
    needs = Needs()
    for requirement in listed(operation.get("security", document.get("security"))):
        for name, scopes in mapping(requirement).items():
            needs = _with_scheme(needs, name, mapping(schemes.get(name)), tuple(text(one) for one in listed(scopes)))
    return needs


def _with_scheme(needs: Needs, name: str, scheme: dict[str, Any], scopes: tuple[str, ...]) -> Needs:
    kind, header = scheme.get("type"), text(scheme.get("name"))
    if kind == "apiKey" and header.lower() == "x-api-key":
        return replace(needs, key=True)
    if name.startswith("sigv4") and header == "Authorization":
        return replace(needs, signed=True)
    if kind == "apiKey" and scheme.get("in") == "header" and header:
        return replace(needs, token_header=header, scopes=scopes)
    if kind in {"http", "oauth2", "openIdConnect"}:
        return replace(needs, token_header="Authorization", scopes=scopes)  # noqa: S106 - a header's name
    return needs


def _free_anchor(method: str, path: str, taken: set[str]) -> str:
    """A name for the operation in addresses. `/a-b` and `/a/b` read the same in one; the later gets a number."""
    words = "-".join(re.findall(r"[A-Za-z0-9]+", path))
    wanted = anchor = f"{method.lower()}-{words}".rstrip("-")
    number = 2
    while anchor in taken:
        anchor, number = f"{wanted}-{number}", number + 1
    taken.add(anchor)
    return anchor


def _first_segment(path: str) -> str:
    return path.strip("/").split("/")[0] or "API"
