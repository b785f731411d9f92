"""What a function is configured with: checked as AWS checks it, and shown as AWS shows it."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from django.utils import timezone

from apps.control_plane.caller import Caller
from apps.control_plane.errors import NotImplementedException
from apps.control_plane.lambda_api.errors import InvalidParameterValueException
from apps.control_plane.lambda_api.finding import check_revision, find_version, held_function, latest
from apps.control_plane.registry import Shape, operation
from apps.control_plane.wire.errors import ValidationException
from apps.deployments.function_publisher import publish_function
from apps.functions.models import LATEST, FunctionVersion, revision_id

MAX_TIMEOUT = 900
MAX_MEMORY = 10_240
MAX_ENVIRONMENT = 4096  # bytes
_RUNTIMES = re.compile(r"python3\.\d+|nodejs\d+\.x|provided(\.al2|\.al2023)?")
_RESERVED = frozenset(
    {
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
    }
)  # fmt: skip
_NAMES = {"Role": "role", "Handler": "handler", "Description": "description", "Timeout": "timeout",
          "MemorySize": "memory_size", "Runtime": "runtime"}  # fmt: skip
# Options that Gatehouse does not have, and what of them changes nothing.
_WITHOUT_EFFECT: dict[str, Any] = {
    "VpcConfig": ({}, {"SubnetIds": [], "SecurityGroupIds": []}),
    "DeadLetterConfig": ({}, {"TargetArn": ""}),
    "KMSKeyArn": ("",),
    "TracingConfig": ({"Mode": "PassThrough"},),
    "Layers": ([],),
    "FileSystemConfigs": ([],),
    "ImageConfig": ({},),
    "EphemeralStorage": ({"Size": 512},),
    "SnapStart": ({"ApplyOn": "None"},),
    "LoggingConfig": ({}, {"LogFormat": "Text"}),
    "PackageType": ("Zip",),
    "CodeSigningConfigArn": (),
    "TenancyConfig": (),
    "CapacityProviderConfig": (),
    "DurableConfig": (),
    "RuntimeConfig": (),
    "AcceleratorConfig": (),
    "PublishTo": (),
}


@operation("GetFunctionConfiguration", service="lambda")
def get_function_configuration(caller: Caller, request: Shape) -> Shape:
    """The configuration of a function, version or alias."""
    row, name = find_version(caller, request)
    return configuration_shape(row, name.qualifier)


@operation("UpdateFunctionConfiguration", service="lambda")
def update_function_configuration(caller: Caller, request: Shape) -> Shape:
    """Change `$LATEST`; what the request does not name stays."""
    function = held_function(caller, request)
    row = latest(function)
    check_revision(request, row.revision_id)
    configure(row, request)
    touch(row)
    publish_function(function)
    return configuration_shape(row)


def configure(row: FunctionVersion, request: Shape) -> None:
    """Take what a request says of a configuration into a row. Raises Lambda's errors, or NotImplementedException by name."""
    refuse_options(request)
    _check_bounds(request)
    runtime = request.get("Runtime")
    if runtime is not None and _RUNTIMES.fullmatch(runtime) is None:
        raise NotImplementedException(f"The runtime {runtime} is not implemented by this version of Gatehouse.")
    for member, field in _NAMES.items():
        if member in request:
            setattr(row, field, request[member])
    if "Environment" in request:
        variables = request["Environment"].get("Variables") or {}
        _check_variables(variables)
        row.variables = variables


def refuse_options(request: Shape) -> None:
    """Refuse options that would have to change how the function runs, and do not."""
    for option, harmless in _WITHOUT_EFFECT.items():
        if request.get(option) is not None and request[option] not in harmless:
            raise NotImplementedException(f"{option} of functions is not implemented by this version of Gatehouse.")


def touch(row: FunctionVersion) -> None:
    """Save a changed `$LATEST` under a new revision."""
    row.last_modified = timezone.now()
    row.revision_id = revision_id()
    row.save()


def configuration_shape(row: FunctionVersion, qualifier: str = "") -> Shape:
    """AWS's FunctionConfiguration; the ARN names the qualifier that was asked for, or the version."""
    named = row.function.named
    shown = qualifier or ("" if row.version == LATEST else row.version)
    members: Shape = {
        "FunctionName": named.name,
        "FunctionArn": named._replace(qualifier=shown).qualified_arn,
        "Runtime": row.runtime,
        "Role": row.role,
        "Handler": row.handler,
        "CodeSize": row.code.size,
        "Description": row.description,
        "Timeout": row.timeout,
        "MemorySize": row.memory_size,
        "LastModified": row.last_modified.strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{row.last_modified.microsecond // 1000:03d}+0000",
        "CodeSha256": base64.b64encode(bytes.fromhex(row.code_id)).decode(),
        "Version": row.version,
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": row.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": row.architectures or ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{named.name}"},
    }
    variables = row.variables
    if variables:
        members["Environment"] = {"Variables": variables}
    return members


def _check_bounds(request: Shape) -> None:
    """Bounds that the service has below those of its model."""
    problems = [
        f"Value '{request[member]}' at '{path}' failed to satisfy constraint: Member must have value less than or equal to {most}"
        for member, path, most in (("Timeout", "timeout", MAX_TIMEOUT), ("MemorySize", "memorySize", MAX_MEMORY))
        if (request.get(member) or 0) > most
    ]
    if problems:
        raise ValidationException(
            f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: " + "; ".join(problems)
        )


def _check_variables(variables: dict[str, str]) -> None:
    reserved = sorted(_RESERVED.intersection(variables))
    if reserved:
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you have provided "
            "contains reserved keys that are currently not supported for modification. Reserved keys used in this request: "
            + ", ".join(reserved)
        )
    if any("\0" in text for pair in variables.items() for text in pair):
        raise InvalidParameterValueException("Environment variables must not contain NUL characters.")
    measured = json.dumps(variables, ensure_ascii=False, separators=(",", ":"))
    if len(measured.encode()) > MAX_ENVIRONMENT:
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you have provided "
            f"exceeded the 4KB limit. String measured: {measured[:256]}"
        )
