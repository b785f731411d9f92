"""AWS's JSON protocol from the server's side, as far as Certificate Manager needs it: JSON in, JSON out, and the operation in a header.

POST / with X-Amz-Target: CertificateManager.ImportCertificate
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from botocore.model import OperationModel

from apps.control_plane.errors import AwsError
from apps.control_plane.wire.errors import UnknownOperationException
from apps.control_plane.wire.messages import WireRequest, WireResponse
from apps.control_plane.wire.parser import parse
from apps.control_plane.wire.serializer import serialize
from apps.control_plane.wire.service_models import service_model
from apps.core.sigv4 import SignatureError

ACM = "acm"
_CONTENT_TYPE = "application/x-amz-json-1.1"


def answer(request: WireRequest, perform: Callable[[str, dict[str, Any]], dict[str, Any]]) -> WireResponse:
    """The response to a request. `perform` authenticates and calls an operation by its name."""
    try:
        operation = _operation(request.headers.get("x-amz-target", ""))
        found = perform(operation.name, parse(operation, {}, {}, {}, request.raw.body))
        return replace(serialize(operation, found), content_type=_CONTENT_TYPE)
    except (AwsError, SignatureError) as error:
        told = {"__type": error.code, "message": error.message}
        response = WireResponse.json(error.status, told, {"x-amzn-ErrorType": error.code})
        return replace(response, content_type=_CONTENT_TYPE)


def _operation(target: str) -> OperationModel:
    model = service_model(ACM)
    prefix, _, name = target.partition(".")
    if prefix != model.metadata["targetPrefix"] or name not in model.operation_names:
        raise UnknownOperationException("The requested operation is not recognized by the service.")
    return model.operation_model(name)
