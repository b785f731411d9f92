"""Exports: the API that a stage serves, as an OpenAPI definition."""

from __future__ import annotations

import re
from typing import cast

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.openapi.exporter import EXTENSIONS, Kind, as_json, as_yaml, export_stage
from apps.control_plane.registry import Shape, operation
from apps.deployments.models import Stage

_KINDS = ("oas30", "swagger")


@operation("GetExport")
def get_export(caller: Caller, request: Shape) -> Shape:
    """A stage's API in the format and with the extensions that are asked for."""
    rest_api = caller.rest_api(request["restApiId"])
    stage = Stage.objects.filter(rest_api=rest_api, name=request["stageName"]).select_related("deployment").first()
    if stage is None:
        raise NotFoundException("Invalid stage identifier specified")
    stage.rest_api = rest_api
    extensions = _extensions(request.get("parameters") or {})
    kind = _kind(request["exportType"])
    export = export_stage(stage, kind=kind, extensions=extensions, documentation="documentation" in extensions)
    format_, body = _printed(export, request.get("accepts") or "application/json")
    version = re.sub(r"[^A-Za-z0-9.:_+-]", "_", str(export["info"]["version"]))
    return {
        "contentType": "application/octet-stream",
        "contentDisposition": f'attachment; filename="{kind}_{version}.{format_}"',
        "body": body,
    }


def _kind(given: str) -> Kind:
    if given not in _KINDS:
        raise BadRequestException(f"Invalid export type specified: {given}. Valid values are {', '.join(_KINDS)}")
    return cast("Kind", given)


def _extensions(parameters: dict[str, str]) -> frozenset[str]:
    given = frozenset(name.strip() for name in (parameters.get("extensions") or "").split(",") if name.strip())
    unknown = sorted(given - EXTENSIONS)
    if unknown:
        raise BadRequestException(f"Invalid extensions specified: {', '.join(unknown)}")
    return given


def _printed(export: Shape, accepts: str) -> tuple[str, bytes]:
    if "yaml" in accepts.lower():
        return "yaml", as_yaml(export)
    if "json" in accepts.lower() or "*" in accepts:
        return "json", as_json(export)
    raise BadRequestException("Invalid Accept header specified. Valid values are application/json, application/yaml")
