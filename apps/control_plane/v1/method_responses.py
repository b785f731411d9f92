"""Method responses: the statuses that a method may answer with."""

from __future__ import annotations

import re

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from apps.control_plane.patching import NAMES_PATH, PatchTable, boolean, entries
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.drafts import draft_changed
from apps.control_plane.v1.methods import check_models_exist, find_method, method_response_shape
from apps.rest_apis.models import MethodResponse, RestApi

_RESPONSE_PARAMETER = re.compile(r"method\.response\.(multivalueheader|header)\.\S+")


@operation("PutMethodResponse")
def put_method_response(caller: Caller, request: Shape) -> Shape:
    """Declare that a method may answer with a status."""
    method = find_method(caller, request)
    if method.responses.filter(status_code=request["statusCode"]).exists():
        raise ConflictException("Response already exists for this resource")
    row = MethodResponse(
        method=method,
        status_code=request["statusCode"],
        response_parameters=request.get("responseParameters") or {},
        response_models=request.get("responseModels") or {},
    )
    _check(row, method.resource.rest_api)
    row.save()
    draft_changed(method.resource.rest_api_id)
    return method_response_shape(row)


@operation("GetMethodResponse")
def get_method_response(caller: Caller, request: Shape) -> Shape:
    """One method response."""
    return method_response_shape(_find(caller, request))


@operation("UpdateMethodResponse")
def update_method_response(caller: Caller, request: Shape) -> Shape:
    """Patch a method response."""
    row = _find(caller, request)
    _PATCHES.apply(row, request.get("patchOperations"))
    _check(row, row.method.resource.rest_api)
    row.save()
    draft_changed(row.method.resource.rest_api_id)
    return method_response_shape(row)


@operation("DeleteMethodResponse")
def delete_method_response(caller: Caller, request: Shape) -> Shape:
    """Take a status back."""
    row = _find(caller, request)
    row.delete()
    draft_changed(row.method.resource.rest_api_id)
    return {}


def _find(caller: Caller, request: Shape) -> MethodResponse:
    method = find_method(caller, request)
    for row in method.responses.all():
        if row.status_code == request["statusCode"]:
            row.method = method
            return row
    raise NotFoundException("Invalid Response status code specified")


def _check(row: MethodResponse, rest_api: RestApi) -> None:
    for parameter in row.response_parameters:
        if not _RESPONSE_PARAMETER.fullmatch(parameter):
            raise BadRequestException(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping "
                f"expression parameter specified: {parameter}]"
            )
    check_models_exist(rest_api, row.response_models)


_PATCHES = PatchTable(
    (
        entries("/responseParameters/{name}", "response_parameters", boolean),
        entries(
            "/responseModels/{contentType}",
            "response_models",
            missing=NotFoundException("Invalid content type specified"),
        ),
    ),
    NAMES_PATH,
)
