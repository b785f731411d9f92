"""Deployment packages: what a request brings as a function's code."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from pathlib import PurePosixPath

from apps.control_plane.caller import Caller
from apps.control_plane.errors import NotImplementedException
from apps.control_plane.lambda_api.configurations import configuration_shape, touch
from apps.control_plane.lambda_api.errors import InvalidParameterValueException, RequestTooLargeException
from apps.control_plane.lambda_api.finding import check_revision, held_function, latest
from apps.control_plane.lambda_api.versions import publish_version_of
from apps.control_plane.registry import Shape, operation
from apps.deployments.function_publisher import publish_function
from apps.functions.models import FunctionCode

LARGEST_ZIP = 50 * 1024 * 1024
LARGEST_UNZIPPED = 262_144_000


@operation("UpdateFunctionCode", service="lambda")
def update_function_code(caller: Caller, request: Shape) -> Shape:
    """Give `$LATEST` other code, which the next invocation runs."""
    function = held_function(caller, request)
    row = latest(function)
    check_revision(request, row.revision_id)
    package = package_of(request)
    if request.get("Architectures"):
        row.architectures = request["Architectures"]
    if request.get("DryRun"):
        digest = base64.b64encode(hashlib.sha256(package).digest()).decode()
        return {**configuration_shape(row), "CodeSha256": digest, "CodeSize": len(package)}
    before = row.code_id
    row.code = keep(package)
    touch(row)
    version = publish_version_of(function, row, "") if request.get("Publish") else None
    forget_unused(before)
    publish_function(function)
    return configuration_shape(version or row)


def keep(package: bytes) -> FunctionCode:
    """The row of a package, by its digest."""
    digest = hashlib.sha256(package).hexdigest()
    row, _ = FunctionCode.objects.get_or_create(digest=digest, defaults={"body": package, "size": len(package)})
    return row


def forget_unused(digest: str) -> None:
    """Remove a package that no version has any more."""
    FunctionCode.objects.filter(digest=digest, versions=None).delete()


def package_of(code: Shape) -> bytes:
    """The package that a request brings, checked. Raises Lambda's errors, or NotImplementedException by name."""
    if code.get("ImageUri"):
        raise NotImplementedException("ImageUri of functions is not implemented by this version of Gatehouse.")
    if code.get("S3Bucket") or code.get("S3Key"):
        raise NotImplementedException(
            "S3Bucket of functions is not implemented by this version of Gatehouse: send ZipFile."
        )
    package: bytes = code.get("ZipFile") or b""
    if not package:
        raise InvalidParameterValueException("Please provide a source for function code.")
    if len(package) > LARGEST_ZIP:
        raise RequestTooLargeException(f"Request must be smaller than {LARGEST_ZIP} bytes for the function's code")
    _check_zip(package)
    return package


def _check_zip(package: bytes) -> None:
    """What can be told without unpacking: that it is an archive, of bounded size, that names nothing outside of itself."""
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise InvalidParameterValueException(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from None
    if not members:
        raise InvalidParameterValueException("Uploaded file must be a non-empty zip")
    if any(_reaches_outside(member.filename) for member in members):
        raise InvalidParameterValueException("The uploaded file names files outside of itself.")
    if sum(member.file_size for member in members) > LARGEST_UNZIPPED:
        raise InvalidParameterValueException(f"Unzipped size must be smaller than {LARGEST_UNZIPPED} bytes")


def _reaches_outside(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\0" in name
