"""Request validators: what is checked of requests before a method hands them on."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from apps.control_plane.paging import page, paged
from apps.control_plane.patching import LISTS_PATHS, PatchTable, boolean, replaceable
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.drafts import draft_changed
from apps.control_plane.v1.methods import first_method
from apps.rest_apis.models import RequestValidator

_UNKNOWN = "Invalid Request Validator identifier specified"


@operation("CreateRequestValidator")
def create_request_validator(caller: Caller, request: Shape) -> Shape:
    """A new validator; it checks nothing that is not asked for."""
    try:
        api = caller.rest_api(request["restApiId"])
    except NotFoundException:
        raise BadRequestException("Invalid REST API identifier specified") from None
    name = request.get("name")
    row = RequestValidator.objects.create(
        rest_api=api,
        name=None if name is None else _name(name),
        validate_request_body=bool(request.get("validateRequestBody")),
        validate_request_parameters=bool(request.get("validateRequestParameters")),
    )
    draft_changed(api.id)
    return request_validator_shape(row)


@operation("GetRequestValidator")
def get_request_validator(caller: Caller, request: Shape) -> Shape:
    """One validator."""
    return request_validator_shape(_find(caller, request))


@operation("GetRequestValidators")
def get_request_validators(caller: Caller, request: Shape) -> Shape:
    """The validators of an API, oldest first."""
    api = caller.rest_api(request["restApiId"])
    rows, position = page(RequestValidator.objects.filter(rest_api=api), request, "pk")
    return paged([request_validator_shape(row) for row in rows], position)


@operation("UpdateRequestValidator")
def update_request_validator(caller: Caller, request: Shape) -> Shape:
    """Patch a validator."""
    row = _find(caller, request)
    _PATCHES.apply(row, request.get("patchOperations"))
    row.save()
    draft_changed(row.rest_api_id)
    return request_validator_shape(row)


@operation("DeleteRequestValidator")
def delete_request_validator(caller: Caller, request: Shape) -> Shape:
    """Delete a validator that no method uses."""
    row = _find(caller, request)
    method = first_method(row.rest_api_id, request_validator_id=row.validator_id)
    if method is not None:
        raise ConflictException(
            f"Cannot delete request validator '{row.name or row.validator_id}', is referenced in method: {method}"
        )
    row.delete()
    draft_changed(row.rest_api_id)
    return {}


def request_validator_shape(row: RequestValidator) -> Shape:
    """AWS's RequestValidator."""
    shape: Shape = {"id": row.validator_id}
    if row.name is not None:
        shape["name"] = row.name
    return {
        **shape,
        "validateRequestBody": row.validate_request_body,
        "validateRequestParameters": row.validate_request_parameters,
    }


def _find(caller: Caller, request: Shape) -> RequestValidator:
    return caller.below(RequestValidator, request["restApiId"], _UNKNOWN, validator_id=request["requestValidatorId"])


def _name(name: str | None) -> str:
    if not (name or "").strip():
        raise BadRequestException("Request Validator name cannot be blank")
    assert name is not None
    if len(name) > 256:
        raise BadRequestException("Request Validator name can be at most 256 characters")
    return name


_PATCHES = PatchTable(
    (
        replaceable("/name", "name", _name),
        replaceable("/validateRequestParameters", "validate_request_parameters", boolean),
        replaceable("/validateRequestBody", "validate_request_body", boolean),
    ),
    LISTS_PATHS,
)
