"""The rest-json protocol from the server's side: an operation's answer, or its error, → an HTTP response.

An answer that does not fit the model is a defect here and not the caller's: it raises `TypeError` or `ValueError`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from apps.control_plane.errors import AwsError
from apps.control_plane.wire.messages import WireResponse
from apps.control_plane.wire.service_models import MAPS_WITH_NULLS
from apps.core.sigv4 import SignatureError


def serialize(operation: OperationModel, answer: dict[str, Any]) -> WireResponse:
    """The response to a successful operation, with the status that its model gives it."""
    status = int(operation.http.get("responseCode") or 200)
    shape = operation.output_shape
    if shape is None:
        return WireResponse(status)
    for name, member in shape.members.items():
        if member.serialization.get("location") == "statusCode":
            status = answer.get(name, status)
    unknown = answer.keys() - shape.members.keys()
    if unknown:
        raise ValueError(f"{operation.name} answers members that its model lacks: {sorted(unknown)}")

    headers = _headers(shape, answer)
    payload = shape.serialization.get("payload")
    if payload is not None:
        content_type = headers.pop("Content-Type", "application/octet-stream")
        if shape.members[payload].serialization.get("eventstream"):
            return WireResponse(status, content_type=content_type, headers=headers, chunks=answer[payload])
        return WireResponse(status, _payload(shape.members[payload], answer.get(payload)), content_type, headers)
    if status == 204:
        return WireResponse(status, headers=headers)
    members = {name: value for name, value in answer.items() if "location" not in shape.members[name].serialization}
    return WireResponse.json(status, _structure(shape, members), headers)


def serialize_error(error: AwsError | SignatureError) -> WireResponse:
    """The response to a refused request: the message in the body, its code in the header by which SDKs tell errors."""
    headers = {"x-amzn-ErrorType": error.code}
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    members = {"message": error.message} if isinstance(error, SignatureError) else error.members
    return WireResponse.json(error.status, members, headers)


def _headers(shape: StructureShape, answer: dict[str, Any]) -> dict[str, str]:
    headers = {}
    for name, member in shape.members.items():
        value = answer.get(name)
        if member.serialization.get("location") == "header" and value is not None:
            headers[member.serialization.get("name", name)] = str(value)
    return headers


def _payload(member: Shape, value: Any) -> bytes:
    if value is None:
        return b""
    if member.type_name == "blob":
        return bytes(_checked(value, bytes, member))
    raise ValueError(f"no operation answers a payload of type {member.type_name}")


def _plain(shape: Shape, value: Any) -> Any:
    """A value as JSON has it."""
    return _WRITERS[shape.type_name](shape, value)


def _structure(shape: StructureShape, value: Any) -> dict[str, Any]:
    members = shape.members
    unknown = _checked(value, dict, shape).keys() - members.keys()
    if unknown:
        raise ValueError(f"{shape.name} has no members {sorted(unknown)}")
    return {
        members[name].serialization.get("name", name): (
            _with_nulls(members[name], item) if name in MAPS_WITH_NULLS else _plain(members[name], item)
        )
        for name, item in value.items()
        if item is not None
    }


def _list(shape: ListShape, value: Any) -> list[Any]:
    return [_plain(shape.member, item) for item in _checked(value, (list, tuple), shape)]


def _map(shape: MapShape, value: Any) -> dict[str, Any]:
    return {
        _checked(key, str, shape): _plain(shape.value, item)
        for key, item in _checked(value, dict, shape).items()
        if item is not None
    }


def _with_nulls(shape: MapShape, value: Any) -> dict[str, Any]:
    """A map of `MAPS_WITH_NULLS`."""
    plain = _map(shape, value)
    return {key: plain.get(key) for key in value}


def _string(shape: Shape, value: Any) -> str:
    return str(_checked(value, str, shape))


def _boolean(shape: Shape, value: Any) -> bool:
    return bool(_checked(value, bool, shape))


def _whole(shape: Shape, value: Any) -> int:
    return int(_checked(value, int, shape))


def _real(shape: Shape, value: Any) -> float:
    return float(_checked(value, (int, float), shape))


def _blob(shape: Shape, value: Any) -> str:
    return base64.b64encode(_checked(value, bytes, shape)).decode()


def _timestamp(shape: Shape, value: Any) -> Any:
    """Whole seconds, as AWS keeps them: a number in V1, ISO 8601 in V2."""
    date: datetime = _checked(value, datetime, shape)
    if date.tzinfo is None:
        raise ValueError(f"{shape.name} needs an aware datetime")
    if shape.serialization.get("timestampFormat") == "iso8601":
        return date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return int(date.timestamp())


_WRITERS: dict[str, Callable[[Any, Any], Any]] = {
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
    "timestamp": _timestamp,
}


def _checked(value: Any, kind: type | tuple[type, ...], shape: Shape) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and shape.type_name != "boolean"):
        raise TypeError(f"{shape.name} ({shape.type_name}) cannot be {type(value).__name__}")
    return value
