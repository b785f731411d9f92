"""`paths`: which resources and methods a definition has. What Swagger 2 and OpenAPI 3 say alike is read here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from apps.control_plane.openapi.documentation import LOCATIONS, operation_documentation
from apps.control_plane.openapi.extensions import check_names
from apps.control_plane.openapi.gateway_extensions import Validators
from apps.control_plane.openapi.integrations import is_status, read_integration
from apps.control_plane.openapi.node import Node
from apps.control_plane.openapi.security import Security
from apps.control_plane.openapi.spec import ANY_METHOD, METHODS, OperationSpec, ResponseSpec

_MAX_OPERATION_ID = 1024
_BESIDE_METHODS = {"parameters", "summary", "description", "servers", "$ref"}

ReadModels = Callable[[Node, Node], dict[str, str]]
"""The models of a response by content type, given the operation and the response."""


@dataclass(frozen=True)
class Named:
    """What operations refer to by name."""

    security: Security
    validators: Validators


def path_items(root: Node) -> Iterator[tuple[str, Node]]:
    """Every path that begins with a slash, with its path item."""
    for path, item in root.member("paths").members():
        if not path.startswith("/"):
            item.warn(f"Path '{path}' does not begin with '/'. Ignoring.")
            continue
        resolved = item.resolved()
        if resolved is not None:
            yield path, resolved


def operations(item: Node) -> Iterator[tuple[str, Node]]:
    """The methods of a path item, as (`GET` or `ANY`, operation)."""
    check_names(item)
    for key, value in item.data.items():
        if key in METHODS or key == ANY_METHOD:
            if isinstance(value, dict):
                operation = item.member(key)
                check_names(operation)
                yield ("ANY" if key == ANY_METHOD else key.upper()), operation
            else:
                item.member(key)  # reports the wrong type
        elif key not in _BESIDE_METHODS and not key.startswith("x-"):
            item.warn(f"Method '{key}' is not supported. Ignoring.", key)


def parameters(item: Node, operation: Node) -> list[Node]:
    """The parameters of an operation: its own, and those of its path that it does not state again."""
    by_name: dict[tuple[str | None, str | None], Node] = {}
    for source in (item, operation):
        for parameter in source.items("parameters"):
            resolved = parameter.resolved()
            if resolved is None:
                continue
            if resolved.text("name") is None and resolved.text("in") != "body":
                resolved.warn("Parameter has no name. Ignoring.")
                continue
            by_name[resolved.text("in"), resolved.text("name")] = resolved
    return list(by_name.values())


def request_parameters(found: list[Node]) -> dict[str, bool]:
    """`method.request.querystring.type` → whether it is required. Where AWS has no place for one, it is left out."""
    result = {}
    for parameter in found:
        location = parameter.text("in")
        if location in LOCATIONS:
            name = f"method.request.{LOCATIONS[location]}.{parameter.text('name')}"
            if _is_name(parameter.text("name")):
                result[name] = parameter.flag("required")
            else:
                parameter.error(f"Invalid mapping expression parameter specified: {name}")
        elif location != "body":
            parameter.warn(f"Parameter in '{location}' is not supported. Ignoring.")
    return result


def responses(operation: Node, read_models: ReadModels) -> tuple[ResponseSpec, ...]:
    """The responses with a status; ranges (`2XX`) and `default` have no method response."""
    result = []
    for status, reference in operation.member("responses").members():
        if status == "default":
            continue
        if not is_status(status):
            reference.warn(f"Response '{status}' is not a status code. Ignoring.")
            continue
        response = reference.resolved()
        if response is not None:
            result.append(
                ResponseSpec(
                    status_code=status,
                    description=response.text("description") or "",
                    response_parameters=_headers(response),
                    response_models=read_models(operation, response),
                    header_descriptions=_header_descriptions(response),
                )
            )
    return tuple(result)


def _headers(response: Node) -> dict[str, bool]:
    result = {}
    for name, header in response.member("headers").members():
        if _is_name(name):
            result[f"method.response.header.{name}"] = False
        else:
            header.error(f"Invalid mapping expression parameter specified: method.response.header.{name}")
    return result


def _header_descriptions(response: Node) -> dict[str, str]:
    headers = response.member("headers").members()
    return {name: said for name, header in headers if (said := header.text("description"))}


def _is_name(name: str | None) -> bool:
    return bool(name) and not any(character.isspace() for character in name or "")


def _operation_name(operation: Node) -> str | None:
    name = operation.text("operationId")
    if name is not None and len(name) > _MAX_OPERATION_ID:
        operation.error(f"Operation name can be at most {_MAX_OPERATION_ID} characters.", "operationId")
    return name


def operation_spec(
    path: str,
    method: str,
    operation: Node,
    *,
    found: list[Node],
    named: Named,
    models: dict[str, str],
    read_models: ReadModels,
) -> OperationSpec:
    """An operation; its request models and the models of its responses differ between the versions of OpenAPI."""
    needs = named.security.needs(operation)
    return OperationSpec(
        path=path,
        http_method=method,
        pointer=operation.pointer,
        operation_name=_operation_name(operation),
        authorization_type=needs.authorization_type,
        authorizer=needs.authorizer,
        authorization_scopes=needs.scopes,
        request_validator=named.validators.of(operation),
        api_key_required=needs.api_key,
        request_parameters=request_parameters(found),
        request_models=models,
        documentation=operation_documentation(operation, found),
        responses=responses(operation, read_models),
        integration=read_integration(operation, path),
    )
