"""A function, version or alias by what a request calls it; `RevisionId`; lists a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.lambda_api.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    PreconditionFailedException,
    ResourceNotFoundException,
)
from apps.control_plane.locking import hold
from apps.control_plane.paging import page
from apps.control_plane.registry import Shape
from apps.core.function_names import FunctionName, parse_function_name
from apps.functions.models import LATEST, Function, FunctionVersion

Row = TypeVar("Row", bound=Model)


def function_name(caller: Caller, request: Shape) -> FunctionName:
    """What a request calls a function, with the qualifier of the name or of the query. Another account's is denied."""
    text = request["FunctionName"]
    name = parse_function_name(text, caller.account_id, caller.region)
    if name is None:
        raise InvalidParameterValueException(f"Invalid function name: {text}")
    asked = request.get("Qualifier") or ""
    if asked and name.qualifier and asked != name.qualifier:
        raise InvalidParameterValueException(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    if name.account_id != caller.account_id:
        raise AccessDeniedException(f"User: {caller.principal} is not authorized to access: {name.arn}")
    if name.region != caller.region:
        raise ResourceNotFoundException(
            f"Functions from '{name.region}' are not reachable in this region ('{caller.region}')"
        )
    return name._replace(qualifier=asked or name.qualifier)


def find_function(caller: Caller, request: Shape) -> Function:
    """The function that a request names; raises ResourceNotFoundException in AWS's words."""
    return function_of(function_name(caller, request))


def held_function(caller: Caller, request: Shape) -> Function:
    """The same for a change: others that change it wait, so that neither of two at once loses the other."""
    function = find_function(caller, request)
    hold(function)
    return function


def function_of(name: FunctionName) -> Function:
    row = Function.objects.filter(account_id=name.account_id, region=name.region, name=name.name).first()
    if row is None:
        raise ResourceNotFoundException(f"Function not found: {name.qualified_arn}")
    return row


def find_version(caller: Caller, request: Shape) -> tuple[FunctionVersion, FunctionName]:
    """The version that a request means, by number, by alias or as `$LATEST`; and the name that it used."""
    name = function_name(caller, request)
    function = function_of(name)
    wanted = name.qualifier or LATEST
    alias = function.aliases.filter(name=wanted).first()
    row = function.versions.select_related("code").filter(version=alias.version if alias else wanted).first()
    if row is None:
        raise ResourceNotFoundException(f"Function not found: {name.qualified_arn}")
    row.function = function
    return row, name


def latest(function: Function) -> FunctionVersion:
    row = function.versions.select_related("code").get(version=LATEST)
    row.function = function
    return row


def check_revision(request: Shape, revision_id: str) -> None:
    """Refuse a change to what has changed since the client saw it."""
    if request.get("RevisionId") not in (None, revision_id):
        raise PreconditionFailedException(
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve "
            "the latest Revision Id"
        )


def listed(
    rows: QuerySet[Row],
    request: Shape,
    member: str,
    shape: Callable[[Row], dict[str, Any]],
    *order: str,
    limit: int = 50,
) -> Shape:
    """A page of a list as Lambda pages: `MaxItems` rows after `Marker`."""
    asked = {"limit": min(request.get("MaxItems") or limit, limit), "position": request.get("Marker")}
    try:
        found, position = page(rows, asked, *order)
    except BadRequestException:
        raise InvalidParameterValueException("Invalid Marker") from None
    answer: Shape = {member: [shape(row) for row in found]}
    return answer if position is None else {**answer, "NextMarker": position}
