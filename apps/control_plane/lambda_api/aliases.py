"""Aliases: names for versions, which may share their invocations out over two."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.lambda_api.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from apps.control_plane.lambda_api.finding import check_revision, find_function, held_function, listed
from apps.control_plane.registry import Shape, operation
from apps.deployments.function_publisher import publish_function
from apps.functions.models import LATEST, Function, FunctionAlias, revision_id


@operation("CreateAlias", service="lambda")
def create_alias(caller: Caller, request: Shape) -> Shape:
    """Give a version a name."""
    function = held_function(caller, request)
    row = FunctionAlias(function=function, name=request["Name"])
    if function.aliases.filter(name=row.name).exists():
        raise ResourceConflictException(f"Alias already exists: {_arn(row)}")
    _change(row, request)
    row.save()
    publish_function(function)
    return alias_shape(row)


@operation("UpdateAlias", service="lambda")
def update_alias(caller: Caller, request: Shape) -> Shape:
    """Let an alias name another version, or share otherwise; what the request does not name stays."""
    held_function(caller, request)
    row = _find(caller, request)
    check_revision(request, row.revision_id)
    _change(row, request)
    row.revision_id = revision_id()
    row.save()
    publish_function(row.function)
    return alias_shape(row)


@operation("GetAlias", service="lambda")
def get_alias(caller: Caller, request: Shape) -> Shape:
    return alias_shape(_find(caller, request))


@operation("ListAliases", service="lambda")
def list_aliases(caller: Caller, request: Shape) -> Shape:
    """Aliases by name, those of one version where the request names it."""
    rows = find_function(caller, request).aliases.select_related("function")
    if request.get("FunctionVersion"):
        rows = rows.filter(version=request["FunctionVersion"])
    return listed(rows, request, "Aliases", alias_shape, "name")


@operation("DeleteAlias", service="lambda")
def delete_alias(caller: Caller, request: Shape) -> Shape:
    """Take a name away; one that there is not is no error."""
    function = held_function(caller, request)
    function.aliases.filter(name=request["Name"]).delete()
    function.policies.filter(qualifier=request["Name"]).delete()
    publish_function(function)
    return {}


def alias_shape(row: FunctionAlias) -> Shape:
    members: Shape = {
        "AliasArn": _arn(row),
        "Name": row.name,
        "FunctionVersion": row.version,
        "Description": row.description,
        "RevisionId": row.revision_id,
    }
    if row.weights:
        members["RoutingConfig"] = {"AdditionalVersionWeights": row.weights}
    return members


def _find(caller: Caller, request: Shape) -> FunctionAlias:
    function = find_function(caller, request)
    row = function.aliases.filter(name=request["Name"]).first()
    if row is None:
        arn = function.named._replace(qualifier=request["Name"]).qualified_arn
        raise ResourceNotFoundException(f"Cannot find alias arn: {arn}")
    row.function = function
    return row


def _change(row: FunctionAlias, request: Shape) -> None:
    if request.get("FunctionVersion"):
        row.version = _existing(row.function, request["FunctionVersion"])
    if request.get("Description") is not None:
        row.description = request["Description"]
    if request.get("RoutingConfig") is not None:
        row.weights = request["RoutingConfig"].get("AdditionalVersionWeights") or {}
    if not row.weights:
        return
    if len(row.weights) > 1:
        raise InvalidParameterValueException("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if LATEST in (row.version, *row.weights):
        raise InvalidParameterValueException("$LATEST is not supported for an alias pointing to more than 1 version")
    if row.version in row.weights:
        raise InvalidParameterValueException(
            f"Invalid function version {row.version}. Function version {row.version} is already included in routing configuration."
        )
    for version in row.weights:
        _existing(row.function, version)


def _existing(function: Function, version: str) -> str:
    if not function.versions.filter(version=version).exists():
        arn = function.named._replace(qualifier=version).qualified_arn
        raise ResourceNotFoundException(f"Function not found: {arn}")
    return version


def _arn(row: FunctionAlias) -> str:
    return row.function.named._replace(qualifier=row.name).qualified_arn
