"""What can be patched on a stage, and what has to hold of its name and its variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from apps.client_certificates.models import ClientCertificate
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.locking import hold
from apps.control_plane.patching import (
    Parser,
    Patch,
    PatchTable,
    Rule,
    Setter,
    Wording,
    boolean,
    decimal,
    one_of,
    optional_text,
    replaceable,
    text,
)
from apps.control_plane.v1.method_settings import METHOD_SETTING_RULES, no_method_setting
from apps.deployments.models import Deployment, Stage

_VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
_LONGEST_ACCESS_LOG_FORMAT = 3 * 1024
_VARIABLE_VALUE = re.compile(r"[A-Za-z0-9 \-._~:/?#&=,]*")

_PATHS = (
    "/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, "
    "/accessLogSettings/destinationArn, /accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled, "
    "/{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, "
    "/{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit"
    "/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, "
    "/{resourcePath}/{httpMethod}/caching/dataEncrypted, "
    "/{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, "
    "/{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, "
    "/*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit "
    "/*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, "
    "/*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, "
    "/variables/{variable_name}, /tracingEnabled"
)
CACHE_CLUSTER_SIZES = ("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")
"""In gigabytes; the first one is the default."""
_SIZES = f"[{', '.join(CACHE_CLUSTER_SIZES)}]"
_PERCENT = "Invalid percent traffic. Must be between 0.0 and 100.0"
_COPY = (
    "Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, "
    "/canarySettings/stageVariableOverrides]"
)


def check_stage_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise BadRequestException("Stage name only allows a-zA-Z0-9_")
    if len(name) > 128:
        raise BadRequestException("Stage name should be at most 128 characters")


def check_variables(variables: Mapping[str, str] | None) -> None:
    """Raises BadRequestException for the first stage variable whose name or value AWS does not take."""
    for name, value in (variables or {}).items():
        if not _VARIABLE_NAME.fullmatch(name):
            raise BadRequestException(
                f"Invalid stage variable name: {name}. Please use names with alphanumeric characters and underscores, "
                "at most 64 characters long."
            )
        if len(value) > 512 or not _VARIABLE_VALUE.fullmatch(value):
            raise BadRequestException(
                f"Invalid stage variable value of key {name}.  Please use values with alphanumeric characters and the symbols "
                "' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."
            )
    if len(variables or {}) > 100:
        raise BadRequestException("A stage can have at most 100 stage variables")


def _unknown(table: PatchTable, patch: Patch) -> str:
    if patch.op == "remove":
        return no_method_setting(patch)
    if patch.op == "copy":
        return _bad_copy(patch)
    if patch.op == "replace":
        return f"Invalid method setting path: {patch.path}. Must be one of: [{_PATHS}]"
    return f"Invalid {patch.op} operation with path: {patch.path}"


def _bad_copy(patch: Patch) -> str:
    return f"Invalid copy operation with path: {patch.path} and from {patch.source}. {_COPY}"


_WORDING = Wording(unknown_path=_unknown, unsupported_op=lambda table, rule, patch: _unknown(table, patch))


# The deployment and its canary --------------------------------------------------------------------------------------


def find_deployment_of(stage: Stage, deployment_id: str | None) -> Deployment:
    row = Deployment.objects.filter(rest_api_id=stage.rest_api_id, deployment_id=deployment_id or "").first()
    if row is None:
        raise BadRequestException("Deployment id does not exist")
    return row


def _set_deployment(stage: Stage, patch: Patch) -> None:
    stage.deployment = find_deployment_of(stage, patch.value)


def _canary(stage: Stage) -> dict[str, Any]:
    """The stage's canary settings, new ones when it has none."""
    if stage.canary_settings is None:
        stage.canary_settings = {
            "percentTraffic": 0.0,
            "deploymentId": stage.deployment.deployment_id,
            "useStageCache": False,
        }
    return stage.canary_settings


def _promote(stage: Stage, patch: Patch) -> None:
    """Copy the canary's deployment, or its variables, into the stage."""
    copies = {
        "/deploymentId": "/canarySettings/deploymentId",
        "/variables": "/canarySettings/stageVariableOverrides",
    }
    if copies[patch.path] != patch.source:
        raise BadRequestException(_bad_copy(patch))
    if stage.canary_settings is None:
        raise BadRequestException("Promotion not available. Canary does not exist.")
    if patch.path == "/deploymentId":
        stage.deployment = find_deployment_of(stage, stage.canary_settings["deploymentId"])
    else:
        stage.variables = {**stage.variables, **stage.canary_settings.get("stageVariableOverrides", {})}


def percent_traffic(settings: Mapping[str, Any]) -> float:
    """The share of a canary in settings that a request gives whole; raises BadRequestException when it is none."""
    percent = float(settings.get("percentTraffic") or 0.0)
    if not 0 <= percent <= 100:
        raise BadRequestException(_PERCENT)
    return percent


def _set_canary_deployment(stage: Stage, patch: Patch) -> None:
    deployment = find_deployment_of(stage, patch.value)
    _canary(stage)["deploymentId"] = deployment.deployment_id


def _set_canary(member: str, parse: Parser) -> Setter:
    def setter(stage: Stage, patch: Patch) -> None:
        value = parse(patch.value)
        _canary(stage)[member] = value

    return setter


def _set_override(stage: Stage, patch: Patch) -> None:
    value = text(patch.value)
    check_variables({patch.names[0]: value})
    canary = _canary(stage)
    canary["stageVariableOverrides"] = {**canary.get("stageVariableOverrides", {}), patch.names[0]: value}


def _remove_override(stage: Stage, patch: Patch) -> None:
    overrides = (stage.canary_settings or {}).get("stageVariableOverrides", {})
    gone = [patch.names[0]] if patch.names else list(overrides)
    if not gone or any(name not in overrides for name in gone):
        raise BadRequestException(no_method_setting(patch))
    canary = _canary(stage)
    left = {name: value for name, value in overrides.items() if name not in gone}
    canary.pop("stageVariableOverrides")
    if left:
        canary["stageVariableOverrides"] = left


def _remove_canary(stage: Stage, patch: Patch) -> None:
    stage.canary_settings = None


def _set_client_certificate(stage: Stage, patch: Patch) -> None:
    """Show back ends a certificate of the API's account and region; an empty value shows none."""
    certificate_id = optional_text(patch.value)
    api = stage.rest_api
    known = ClientCertificate.objects.filter(account_id=api.account_id, region=api.region)
    if certificate_id is not None:
        certificate = known.filter(certificate_id=certificate_id).first()
        if certificate is None:
            raise NotFoundException("Invalid Client Certificate identifier specified")
        hold(certificate)  # lest it is deleted before the stage is saved
    stage.client_certificate_id = certificate_id


# Variables and access log -----------------------------------------------------------------------------


def _set_variable(stage: Stage, patch: Patch) -> None:
    value = text(patch.value)
    check_variables({patch.names[0]: value})
    stage.variables = {**stage.variables, patch.names[0]: value}


def _remove_variable(stage: Stage, patch: Patch) -> None:
    if patch.names[0] not in stage.variables:
        raise BadRequestException(no_method_setting(patch))
    stage.variables = {name: value for name, value in stage.variables.items() if name != patch.names[0]}


def _set_access_log(member: str, stage: Stage, patch: Patch) -> None:
    value = text(patch.value).removesuffix(":*")
    if member == "format":
        _check_access_log_format(value)
    stage.access_log_settings = {**(stage.access_log_settings or {}), member: value}


def _check_access_log_format(value: str) -> None:
    """Raises BadRequestException for a format that no line of a log can have."""
    if len(value.encode()) > _LONGEST_ACCESS_LOG_FORMAT:
        raise BadRequestException(f"Access Log format must be at most {_LONGEST_ACCESS_LOG_FORMAT} bytes long")
    if "\n" in value.rstrip("\n"):
        raise BadRequestException(
            "Access Log format must be single line, new line character is allowed only at end of the format"
        )


def _remove_access_log(stage: Stage, patch: Patch) -> None:
    member = patch.path.removeprefix("/accessLogSettings").lstrip("/")
    settings = stage.access_log_settings or {}
    left = {name: value for name, value in settings.items() if name != member} if member else {}
    stage.access_log_settings = left or None


def _access_log_rule(member: str) -> Rule:
    setter = partial(_set_access_log, member)
    return Rule(f"/accessLogSettings/{member}", {"add": setter, "replace": setter, "remove": _remove_access_log})


STAGE_PATCHES = PatchTable(
    (
        Rule("/deploymentId", {"replace": _set_deployment, "copy": _promote}),
        replaceable("/description", "description", optional_text),
        replaceable("/cacheClusterEnabled", "cache_cluster_enabled", boolean),
        replaceable(
            "/cacheClusterSize",
            "cache_cluster_size",
            one_of(CACHE_CLUSTER_SIZES, f"Invalid cache cluster size specified. Must be one of: {_SIZES}"),
        ),
        Rule("/clientCertificateId", {"replace": _set_client_certificate}),
        replaceable("/documentationVersion", "documentation_version", optional_text),
        replaceable("/tracingEnabled", "tracing_enabled", boolean),
        Rule("/accessLogSettings", {"remove": _remove_access_log}),
        _access_log_rule("destinationArn"),
        _access_log_rule("format"),
        Rule("/variables", {"copy": _promote}),
        Rule("/variables/{name}", {"replace": _set_variable, "add": _set_variable, "remove": _remove_variable}),
        Rule("/canarySettings", {"remove": _remove_canary}),
        Rule("/canarySettings/deploymentId", {"replace": _set_canary_deployment}),
        Rule(
            "/canarySettings/percentTraffic",
            {"replace": _set_canary("percentTraffic", decimal(_PERCENT, 0, 100))},
        ),
        Rule("/canarySettings/useStageCache", {"replace": _set_canary("useStageCache", boolean)}),
        Rule("/canarySettings/stageVariableOverrides", {"remove": _remove_override}),
        Rule("/canarySettings/stageVariableOverrides/{name}", {"replace": _set_override, "remove": _remove_override}),
        *METHOD_SETTING_RULES,
    ),
    _WORDING,
)
