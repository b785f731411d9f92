"""Constraints of the service models, checked before an operation sees its request, in the words of AWS's framework.

    1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: ...

Members of the path and query are named bare, members of the body below `<operation>Input`. A caller inside the product
may also hand over a wrong type or an unknown member; the wire's parser cannot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import re2
from botocore.model import OperationModel, Shape, StructureShape

from apps.control_plane.errors import AwsError, BadRequestException
from apps.control_plane.wire.errors import ValidationException
from apps.control_plane.wire.service_models import MAPS_WITH_NULLS

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list, tuple),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "blob": (bytes,),
    "timestamp": (datetime,),
}

_BITS = {"integer": 31, "long": 63}

# Where AWS was seen to print an enumeration in another order than its model has it.
_ENUM_ORDER = {
    "Op": ("add", "remove", "move", "test", "replace", "copy"),
    "IntegrationType": ("HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS"),
    "EndpointType": ("PRIVATE", "EDGE", "REGIONAL"),
    "GatewayResponseType": (
        "REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "AUTHORIZER_CONFIGURATION_ERROR", "MISSING_AUTHENTICATION_TOKEN",
        "BAD_REQUEST_BODY", "INVALID_SIGNATURE", "INVALID_API_KEY", "BAD_REQUEST_PARAMETERS", "AUTHORIZER_FAILURE",
        "UNAUTHORIZED", "INTEGRATION_TIMEOUT", "ACCESS_DENIED", "DEFAULT_4XX", "DEFAULT_5XX", "WAF_FILTERED",
        "QUOTA_EXCEEDED", "THROTTLED", "API_CONFIGURATION_ERROR", "UNSUPPORTED_MEDIA_TYPE", "INTEGRATION_FAILURE",
        "EXPIRED_TOKEN",
    ),
}  # fmt: skip


def check(operation: OperationModel, request: dict[str, Any]) -> None:
    """Raise the error that AWS answers to a request that breaks the operation's model.

    V1 says `ValidationException`, which its model does not even name; V2 has `BadRequestException` only.
    """
    if operation.input_shape is None:
        return
    problems = validate(operation.input_shape, request, bare=operation.service_model.service_name == "lambda")
    if problems:
        kind: type[AwsError] = (
            BadRequestException if operation.service_model.service_name == "apigatewayv2" else ValidationException
        )
        raise kind(problem_message(problems))


def problem_message(problems: list[str]) -> str:
    """All problems of a request in one message, as AWS counts and joins them."""
    plural = "s" if len(problems) > 1 else ""
    return f"{len(problems)} validation error{plural} detected: " + "; ".join(problems)


def validate(shape: StructureShape, request: dict[str, Any], *, bare: bool = False) -> list[str]:
    """Every constraint of an input shape that a request breaks; empty when it fits. `bare` names members of the body as those
    of the path, which is Lambda's way."""
    body = "" if bare else _lower_first(re.sub(r"(Request|Input)$", "", shape.name)) + "Input."
    problems: list[str] = []
    for name in request.keys() - shape.members.keys():
        problems.append(_problem(request[name], name, "Member must be known"))
    for name, member in shape.members.items():
        path = _lower_first(name)
        if "location" not in member.serialization and shape.serialization.get("payload") != name:
            path = f"{body}{path}"
        problems.extend(_member_problems(shape, name, member, request.get(name), path))
    return problems


def _member_problems(shape: StructureShape, name: str, member: Shape, value: Any, path: str) -> Iterator[str]:
    if value is not None:
        yield from _problems(member, value, path)
    elif name in shape.required_members:
        yield _problem(None, path, "Member must not be null")


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not _is_of_type(shape, value):
        yield _problem(value, path, f"Member must be of type {shape.type_name}")
        return
    yield from (_problem(value, path, constraint) for constraint in _broken(shape, value))
    if shape.type_name == "structure":
        for name in value.keys() - shape.members.keys():
            yield _problem(value[name], f"{path}.{name}", "Member must be known")
        for name, member in shape.members.items():
            yield from _member_problems(shape, name, member, value.get(name), f"{path}.{_lower_first(name)}")
    elif shape.type_name == "list":
        yield from _list_problems(shape, value, path)
    elif shape.type_name == "map":
        yield from _map_problems(shape, value, path)


def _list_problems(shape: Any, value: list[Any], path: str) -> Iterator[str]:
    """A list of structures names the member at fault; of a list of scalars AWS shows the whole list."""
    for position, item in enumerate(value, start=1):
        if shape.member.type_name in ("structure", "list", "map") and item is not None:
            yield from _problems(shape.member, item, f"{path}.{position}.member")
    if shape.member.type_name not in ("structure", "list", "map") or None in value:
        constraints = {constraint for item in value for constraint in _broken_item(shape.member, item)}
        if constraints:
            yield _problem(value, path, f"Member must satisfy constraint: [{', '.join(sorted(constraints))}]")


def _map_problems(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    keys = {constraint for key in value for constraint in _broken_item(shape.key, key)}
    if keys:
        yield _problem(value, path, f"Map keys must satisfy constraint: [{', '.join(sorted(keys))}]")
    if shape.value.type_name in ("structure", "list", "map"):
        for key, item in value.items():
            yield from _problems(shape.value, item, f"{path}.{key}.member")
        return
    nulls = path.rpartition(".")[2] in MAPS_WITH_NULLS
    values = {
        constraint
        for item in value.values()
        for constraint in _broken_item(shape.value, item)
        if not (nulls and item is None)
    }
    if values:
        yield _problem(value, path, f"Map value must satisfy constraint: [{', '.join(sorted(values))}]")


def _broken_item(shape: Shape, value: Any) -> list[str]:
    if value is None:
        return ["Member must not be null"]
    return _broken(shape, value) if _is_of_type(shape, value) else [f"Member must be of type {shape.type_name}"]


def _broken(shape: Shape, value: Any) -> list[str]:
    """The shape's own constraints that a value of the right type breaks."""
    if shape.type_name == "string":
        return [*_broken_length(shape, value), *_broken_pattern(shape, value), *_broken_enum(shape, value)]
    if shape.type_name in ("list", "map", "blob"):
        return _broken_length(shape, value)
    if shape.type_name in ("integer", "long", "float", "double"):
        return _broken_bounds(shape, value, "value")
    return []


def _broken_length(shape: Shape, value: Any) -> list[str]:
    return _broken_bounds(shape, len(value), "length")


def _broken_bounds(shape: Shape, number: float, what: str) -> list[str]:
    broken = []
    if "max" in shape.metadata and number > shape.metadata["max"]:
        broken.append(f"Member must have {what} less than or equal to {shape.metadata['max']}")
    if "min" in shape.metadata and number < shape.metadata["min"]:
        broken.append(f"Member must have {what} greater than or equal to {shape.metadata['min']}")
    return broken


def _broken_pattern(shape: Shape, value: str) -> list[str]:
    pattern = shape.metadata.get("pattern")
    if pattern is None or _fits_pattern(pattern, value):
        return []
    return [f"Member must satisfy regular expression pattern: {pattern}"]


def _fits_pattern(pattern: str, value: str) -> bool:
    if r"\p{" in pattern:  # classes of Unicode, which `re` does not know
        return re2.fullmatch(pattern, value) is not None
    return re.fullmatch(pattern, value, re.ASCII) is not None


def _broken_enum(shape: Any, value: str) -> list[str]:
    if not shape.enum or value in shape.enum:
        return []
    known = _ENUM_ORDER.get(shape.name, ())
    values = known if set(known) == set(shape.enum) else shape.enum
    return [f"Member must satisfy enum value set: [{', '.join(values)}]"]


def _is_of_type(shape: Shape, value: Any) -> bool:
    if isinstance(value, bool):
        return shape.type_name == "boolean"
    if isinstance(value, int) and shape.type_name in _BITS:
        return value.bit_length() <= _BITS[shape.type_name]
    return isinstance(value, _TYPES[shape.type_name])


def _problem(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{_shown(value)}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _shown(value: Any) -> str:
    """A value as Java prints it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
