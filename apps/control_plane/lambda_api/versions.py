"""Published versions: `$LATEST` as it was at one moment."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.lambda_api.configurations import configuration_shape, refuse_options
from apps.control_plane.lambda_api.errors import InvalidParameterValueException
from apps.control_plane.lambda_api.finding import check_revision, find_function, held_function, latest, listed
from apps.control_plane.registry import Shape, operation
from apps.deployments.function_publisher import publish_function
from apps.functions.models import LATEST, Function, FunctionVersion, revision_id

_COPIED = (
    "description",
    "role",
    "runtime",
    "handler",
    "timeout",
    "memory_size",
    "environment",
    "architectures",
    "code_id",
)


@operation("PublishVersion", service="lambda")
def publish_version(caller: Caller, request: Shape) -> Shape:
    """Freeze `$LATEST` under the next number; the last version again when nothing has changed since."""
    refuse_options(request)
    function = held_function(caller, request)
    row = latest(function)
    check_revision(request, row.revision_id)
    if request.get("CodeSha256") not in (None, configuration_shape(row)["CodeSha256"]):
        raise InvalidParameterValueException(
            f"CodeSHA256 ({request['CodeSha256']}) is different from current CodeSHA256 in $LATEST "
            f"({configuration_shape(row)['CodeSha256']}). Please try again with the CodeSHA256 in $LATEST."
        )
    version = publish_version_of(function, row, request.get("Description") or row.description)
    publish_function(function)
    return configuration_shape(version)


@operation("ListVersionsByFunction", service="lambda")
def list_versions_by_function(caller: Caller, request: Shape) -> Shape:
    """`$LATEST`, then the versions in the order of their publication."""
    function = find_function(caller, request)
    rows = function.versions.select_related("function", "code")
    return listed(rows, request, "Versions", configuration_shape, "id")


def publish_version_of(function: Function, row: FunctionVersion, description: str) -> FunctionVersion:
    """The version that `$LATEST` of a held function is published as."""
    last = function.versions.select_related("code").filter(version=str(function.last_version)).first()
    if last is not None and _same(last, row):
        last.function = function
        return last
    function.last_version += 1
    function.save(update_fields=["last_version"])
    version = FunctionVersion(
        function=function,
        version=str(function.last_version),
        last_modified=row.last_modified,
        revision_id=revision_id(),
        **{name: getattr(row, name) for name in _COPIED},
    )
    version.description = description
    version.save()
    return version


def _same(version: FunctionVersion, row: FunctionVersion) -> bool:
    compared = [name for name in _COPIED if name not in ("description", "environment")]
    return (
        row.version == LATEST
        and all(getattr(version, name) == getattr(row, name) for name in compared)
        and (version.variables or {}) == (row.variables or {})
    )
