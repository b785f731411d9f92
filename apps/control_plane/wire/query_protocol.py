"""AWS's query protocol from the server's side, as far as STS needs it: a form in, XML out.

POST / with Action=GetCallerIdentity&Version=2011-06-15
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.model import ListShape, OperationModel, Shape, StructureShape

from apps.control_plane.errors import AwsError
from apps.control_plane.wire.messages import WireRequest, WireResponse
from apps.control_plane.wire.parser import from_text
from apps.control_plane.wire.service_models import service_model
from apps.core.sigv4 import SignatureError

STS = "sts"
_XML = "text/xml"
_MOST_FIELDS = 100
# What STS calls the errors that API Gateway has other names for.
_CODES = {
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "ExpiredTokenException": "ExpiredToken",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "AccessDeniedException": "AccessDenied",
    "ValidationException": "ValidationError",
    "BadRequestException": "ValidationError",
}


class InvalidAction(AwsError):
    """The form names no operation of the service."""

    status = 400


def answer(
    request: WireRequest, request_id: str, perform: Callable[[str, dict[str, Any]], dict[str, Any]]
) -> WireResponse:
    """The response to a form. `perform` authenticates and calls an operation by its name."""
    try:
        form = _form(request)
        operation = _operation(form)
        return _response(operation, perform(operation.name, _input(operation, form)), request_id)
    except (AwsError, SignatureError) as error:
        return _error(error, request_id)


def _form(request: WireRequest) -> dict[str, str]:
    try:
        text = request.raw.body.decode() or request.raw.raw_query.decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:  # no text, or more fields than any operation has
        return {}


def _operation(form: dict[str, str]) -> OperationModel:
    model, name = service_model(STS), form.get("Action", "")
    if name not in model.operation_names or form.get("Version") != model.api_version:
        raise InvalidAction(f"Could not find operation {name} for version {form.get('Version')}")
    return model.operation_model(name)


def _input(operation: OperationModel, form: dict[str, str]) -> dict[str, Any]:
    """The members of a request. Lists count too, `Tags.member.1.Key`, where an operation may have to refuse them."""
    return {} if operation.input_shape is None else _members(operation.input_shape, "", form)


def _members(shape: StructureShape, prefix: str, form: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        place = prefix + name
        if isinstance(member, ListShape):
            beginning = f"{place}.member."
            items = sorted({key[len(beginning) :].partition(".")[0] for key in form if key.startswith(beginning)})
            if items:
                found[name] = [_item(member.member, beginning + item, form) for item in items]
        elif place in form:
            found[name] = from_text(member, form[place])
    return found


def _item(shape: Shape, place: str, form: dict[str, str]) -> Any:
    if isinstance(shape, StructureShape):
        return _members(shape, f"{place}.", form)
    return from_text(shape, form.get(place, ""))


def _response(operation: OperationModel, found: dict[str, Any], request_id: str) -> WireResponse:
    shape = operation.output_shape
    result = _structure(shape, found) if shape is not None else ""
    return _xml(
        200,
        f'<{operation.name}Response xmlns="{service_model(STS).metadata["xmlNamespace"]}">'
        f"<{operation.name}Result>{result}</{operation.name}Result>"
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation.name}Response>",
    )


def _structure(shape: StructureShape, value: dict[str, Any]) -> str:
    return "".join(f"<{name}>{_text(shape.members[name], item)}</{name}>" for name, item in value.items())


def _text(shape: Shape, value: Any) -> str:
    if isinstance(shape, StructureShape):
        return _structure(shape, value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return escape(str(value))


def _error(error: AwsError | SignatureError, request_id: str) -> WireResponse:
    kind = "Sender" if error.status < 500 else "Receiver"
    code = _CODES.get(error.code, error.code)
    return _xml(
        error.status,
        f'<ErrorResponse xmlns="{service_model(STS).metadata["xmlNamespace"]}"><Error><Type>{kind}</Type>'
        f"<Code>{code}</Code><Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>",
    )


def _xml(status: int, text: str) -> WireResponse:
    return WireResponse(status, text.encode(), _XML)
