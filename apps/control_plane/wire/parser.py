"""The rest-json protocol from the server's side: an HTTP request → the operation's input in botocore's member names.

Types are taken strictly from the model: a member of another type is a `SerializationException` in the words of AWS's
framework. Unknown members are ignored and nulls dropped, as AWS does. Constraints are not checked here (`validation`).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from apps.control_plane.wire.errors import SerializationException
from apps.control_plane.wire.service_models import MAPS_WITH_NULLS

_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_BOOLEANS = {"true": True, "false": False}
_ARTICLES = {"boolean": "a Boolean", "double": "a Double", "float": "a Float", "integer": "an Integer", "long": "a Long",
             "string": "a String", "timestamp": "a Timestamp"}  # fmt: skip
_BITS = {"integer": 31, "long": 63}


def parse(
    operation: OperationModel,
    labels: Mapping[str, str],
    query: Mapping[str, Sequence[str]],
    headers: Mapping[str, str],
    body: bytes,
) -> dict[str, Any]:
    """The input of an operation. `labels`, `query` and `headers` by their wire names, header names in lower case."""
    shape = operation.input_shape
    if shape is None:
        return {}
    payload = shape.serialization.get("payload")
    document = {} if payload else _json_object(body, shape)
    parsed: dict[str, Any] = {}
    for name, member in shape.members.items():
        wire_name = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri":
                value = from_text(member, labels[wire_name])
            case "querystring":
                value = _from_query(operation, member, wire_name, query)
            case "header":
                text = headers.get(wire_name.lower())
                value = None if text is None else from_text(member, text)
            case "headers":
                value = _prefixed(wire_name.lower(), headers)
            case _ if name == payload:
                value = _payload(member, body)
            case _:
                value = _from_json(member, document.get(wire_name), nulls=name in MAPS_WITH_NULLS)
        if value is not None:
            parsed[name] = value
    return parsed


def _json_object(body: bytes, shape: StructureShape) -> dict[str, Any]:
    """The body as an object. A body is not even looked at where the operation has no member in it."""
    if not body.strip() or all("location" in member.serialization for member in shape.members.values()):
        return {}
    document = _json(body)
    if not isinstance(document, dict):
        raise SerializationException("Start of structure or map expected at the start of the request body.")
    return document


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)  # bounds the nesting itself
    except orjson.JSONDecodeError as error:
        raise SerializationException(f"The request body is not valid JSON: {error}") from None


def _payload(member: Shape, body: bytes) -> Any:
    if member.type_name == "blob":
        return body
    if member.type_name == "string":
        return _utf8(body)
    return _from_json(member, _json(body)) if body.strip() else None


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise SerializationException("The request body is not UTF-8") from None


# Text: labels, query, headers ---------------------------------------------------------------------------------------


def _from_query(operation: OperationModel, member: Shape, wire_name: str, query: Mapping[str, Sequence[str]]) -> Any:
    if isinstance(member, MapShape):
        taken = _query_names(operation)
        return {name: values[0] for name, values in query.items() if name not in taken and values} or None
    values = query.get(wire_name)
    if not values:
        return None
    if isinstance(member, ListShape):
        return [from_text(member.member, value) for value in values]
    return from_text(member, values[0])


def _query_names(operation: OperationModel) -> set[str]:
    """The query names that have a member of their own; a map member gets all others."""
    _, _, constants = operation.http["requestUri"].partition("?")
    names = {constant.partition("=")[0] for constant in constants.split("&")}
    for name, member in operation.input_shape.members.items():
        if member.serialization.get("location") == "querystring" and not isinstance(member, MapShape):
            names.add(member.serialization.get("name", name))
    return names


def from_text(member: Shape, text: str) -> Any:
    """A plain value of a path, query, header or form; raises SerializationException for one of another type."""
    kind = member.type_name
    if kind == "string":
        return text
    if kind in _BITS and _INTEGER.fullmatch(text) and _fits(kind, int(text)):
        return int(text)
    if kind == "boolean" and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if kind in ("float", "double"):
        return _float(kind, text)
    if kind == "timestamp":
        return _timestamp(text)
    raise _not_convertible("STRING_VALUE", kind)


def _prefixed(prefix: str, headers: Mapping[str, str]) -> dict[str, str] | None:
    return {name.removeprefix(prefix): value for name, value in headers.items() if name.startswith(prefix)} or None


# JSON ---------------------------------------------------------------------------------------------------------------


def _from_json(shape: Shape, value: Any, *, nulls: bool = False) -> Any:
    if value is None:
        return None
    if nulls and isinstance(shape, MapShape):
        return _with_nulls(shape, value)
    return _READERS[shape.type_name](shape, value)


def _structure(shape: StructureShape, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _misplaced(value, "structure")
    parsed = {
        name: _from_json(member, value.get(member.serialization.get("name", name)))
        for name, member in shape.members.items()
    }
    return {name: item for name, item in parsed.items() if item is not None}


def _list(shape: ListShape, value: Any) -> list[Any]:
    """Nulls stay: a hole in a list is for validation to refuse, since dropping it would move its neighbours."""
    if not isinstance(value, list):
        raise _misplaced(value, "list")
    return [_from_json(shape.member, item) for item in value]


def _map(shape: MapShape, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _misplaced(value, "map")
    return {key: _from_json(shape.value, item) for key, item in value.items() if item is not None}


def _with_nulls(shape: MapShape, value: Any) -> dict[str, Any]:
    """A map of `MAPS_WITH_NULLS`."""
    parsed = _map(shape, value)
    return {key: parsed.get(key) for key in value}


def _string(shape: Shape, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise _unfit(shape, value)


def _boolean(shape: Shape, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _unfit(shape, value)


def _whole(shape: Shape, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and _fits(shape.type_name, value):
        return value
    raise _unfit(shape, value)


def _real(shape: Shape, value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise _unfit(shape, value)


def _blob(shape: Shape, value: Any) -> bytes:
    try:
        return base64.b64decode(_string(shape, value), validate=True)
    except (binascii.Error, ValueError):
        raise SerializationException("A blob is not valid Base64") from None


def _time(shape: Shape, value: Any) -> datetime:
    if isinstance(value, str):
        return _timestamp(value)
    try:
        return datetime.fromtimestamp(_real(shape, value), UTC)
    except (ValueError, OverflowError, OSError):
        raise _not_convertible("NUMBER_VALUE", "timestamp") from None


_READERS: dict[str, Callable[[Any, Any], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "boolean": _boolean,
    "integer": _whole,
    "long": _whole,
    "float": _real,
    "double": _real,
    "blob": _blob,
    "timestamp": _time,
}


def _fits(kind: str, number: int) -> bool:
    return -(2 ** _BITS[kind]) <= number < 2 ** _BITS[kind]


def _float(kind: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _not_convertible("STRING_VALUE", kind) from None


def _timestamp(text: str) -> datetime:
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        raise _not_convertible("STRING_VALUE", "timestamp") from None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


# Words --------------------------------------------------------------------------------------------------------------


def _unfit(shape: Shape, value: Any) -> SerializationException:
    if isinstance(value, dict):
        return SerializationException("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return SerializationException("Start of list found where not expected")
    return _not_convertible(_token(value), shape.type_name)


def _misplaced(value: Any, wanted: str) -> SerializationException:
    if wanted != "list" and isinstance(value, list):
        return SerializationException("Start of list found where not expected")
    if wanted == "list" and isinstance(value, dict):
        return SerializationException("Start of structure or map found where not expected.")
    return SerializationException(f"Expected {wanted} or null")


def _not_convertible(token: str, kind: str) -> SerializationException:
    return SerializationException(f"{token} can not be converted to {_ARTICLES.get(kind, f'a {kind}')}")


def _token(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    return "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"
