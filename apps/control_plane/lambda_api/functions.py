"""Functions: what integrations and authorizers invoke."""

from __future__ import annotations

from django.conf import settings

from apps.accounts.models import Tag
from apps.control_plane.caller import Caller
from apps.control_plane.lambda_api.code_links import code_link
from apps.control_plane.lambda_api.configurations import configuration_shape, configure
from apps.control_plane.lambda_api.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from apps.control_plane.lambda_api.finding import find_version, function_name, held_function, listed
from apps.control_plane.lambda_api.packages import forget_unused, keep, package_of
from apps.control_plane.lambda_api.tags import function_tags, put_function_tags
from apps.control_plane.lambda_api.versions import publish_version_of
from apps.control_plane.registry import Shape, operation
from apps.deployments.function_publisher import publish_function, retract_function
from apps.functions.models import LATEST, Function, FunctionVersion


@operation("CreateFunction", service="lambda")
def create_function(caller: Caller, request: Shape) -> Shape:
    """A function with the code that the request brings. It can be invoked at once."""
    name = function_name(caller, request)
    if name.qualifier:
        raise InvalidParameterValueException("Function name cannot contain version or alias")
    if len(name.name) > 64:
        raise InvalidParameterValueException(f"Function name must be at most 64 characters: {name.name}")
    if not request.get("Runtime") or not request.get("Handler"):
        raise InvalidParameterValueException(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )
    row = FunctionVersion(architectures=request.get("Architectures") or ["x86_64"])
    configure(row, request)
    package = package_of(request["Code"])
    if Function.objects.filter(account_id=name.account_id, region=name.region, name=name.name).exists():
        raise ResourceConflictException(f"Function already exist: {name.name}")
    function = Function.objects.create(account_id=name.account_id, region=name.region, name=name.name)
    row.function = function
    row.code = keep(package)
    row.save()
    put_function_tags(caller, function, request.get("Tags") or {})
    version = publish_version_of(function, row, row.description) if request.get("Publish") else None
    publish_function(function)
    return configuration_shape(version or row)


@operation("GetFunction", service="lambda")
def get_function(caller: Caller, request: Shape) -> Shape:
    """A function's configuration, with a link to its code that holds for ten minutes."""
    row, name = find_version(caller, request)
    answer: Shape = {
        "Configuration": configuration_shape(row, name.qualifier),
        "Code": {"RepositoryType": "S3", "Location": code_link(settings.ENVIRONMENT.portal_url, row.code_id)},
    }
    tags = function_tags(row.function)
    if tags:
        answer["Tags"] = tags
    if row.function.reserved_concurrency is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": row.function.reserved_concurrency}
    return answer


@operation("ListFunctions", service="lambda")
def list_functions(caller: Caller, request: Shape) -> Shape:
    """Functions by name; with all of their versions where the request asks for `ALL`."""
    rows = FunctionVersion.objects.filter(function__account_id=caller.account_id, function__region=caller.region)
    if request.get("FunctionVersion") != "ALL":
        rows = rows.filter(version=LATEST)
    rows = rows.select_related("function", "code")
    return listed(rows, request, "Functions", _listed_shape, "function__name", "id")


@operation("DeleteFunction", service="lambda")
def delete_function(caller: Caller, request: Shape) -> Shape:
    """Delete a function with everything below it, or one published version."""
    name = function_name(caller, request)
    function = held_function(caller, request)
    if name.qualifier:
        _delete_version(function, name.qualifier, name.qualified_arn)
        publish_function(function)
        return {"StatusCode": 204}
    digests = set(function.versions.values_list("code_id", flat=True))
    Tag.objects.filter(account_id=function.account_id, arn=function.named.arn).delete()
    retract_function(function)
    function.delete()
    for digest in digests:
        forget_unused(digest)
    return {"StatusCode": 204}


def _delete_version(function: Function, version: str, arn: str) -> None:
    if version == LATEST:
        raise InvalidParameterValueException("$LATEST version cannot be deleted without deleting the function.")
    row = function.versions.filter(version=version).first()
    if row is None:
        raise ResourceNotFoundException(f"Function not found: {arn}")
    using = [alias.name for alias in function.aliases.all() if version == alias.version or version in alias.weights]
    if using:
        raise ResourceConflictException(f"Version {version} is used by aliases: {', '.join(using)}")
    digest = row.code_id
    row.delete()
    function.policies.filter(qualifier=version).delete()
    forget_unused(digest)


def _listed_shape(row: FunctionVersion) -> Shape:
    left_out = ("State", "LastUpdateStatus")
    return {name: value for name, value in configuration_shape(row).items() if name not in left_out}
