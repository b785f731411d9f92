"""SDKs: clients of a stage, generated for a programming language."""

from __future__ import annotations

import io
import keyword
import zipfile
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException, NotImplementedException
from apps.control_plane.openapi.exporter import export_stage
from apps.control_plane.paging import page_of, paged
from apps.control_plane.registry import Shape, operation
from apps.control_plane.sdk import java, javascript, python, ruby
from apps.control_plane.sdk.calls import Call, calls_of
from apps.control_plane.sdk.kinds import KINDS, Kind, Setting
from apps.control_plane.v1.stages import find_stage

_KINDS = {kind.id: kind for kind in KINDS}
_GENERATED = ("android", "java", "javascript", "python", "ruby")
_OLDEST = (1980, 1, 1, 0, 0, 0)  # a time for every file of an archive: equal SDKs have equal bytes


@operation("GetSdkTypes")
def get_sdk_types(caller: Caller, request: Shape) -> Shape:
    """The kinds of SDK, also those that are not generated here: GetSdk says so."""
    found, position = page_of([(f"{place:02}", kind) for place, kind in enumerate(KINDS)], request)
    return paged([sdk_type_shape(kind) for _, kind in found], position)


@operation("GetSdkType")
def get_sdk_type(caller: Caller, request: Shape) -> Shape:
    """One kind of SDK."""
    kind = _KINDS.get(request["id"])
    if kind is None:
        raise NotFoundException("Invalid SDK type identifier specified")
    return sdk_type_shape(kind)


@operation("GetSdk")
def get_sdk(caller: Caller, request: Shape) -> Shape:
    """A client of what a stage serves, as an archive. Those for iOS are not generated."""
    stage = find_stage(caller, request["restApiId"], request["stageName"])
    kind = _KINDS.get(request["sdkType"])
    if kind is None:
        raise BadRequestException(f"Invalid SDK type specified: {request['sdkType']}")
    given = _given(kind, request.get("parameters") or {})
    if kind.id not in _GENERATED:
        raise NotImplementedException(
            f"GetSdk does not generate {kind.id} SDKs in this version of Gatehouse. It generates {', '.join(_GENERATED)}."
        )
    export = export_stage(stage, documentation=True)
    invoke_url = f"{settings.ENVIRONMENT.gateway_url}/_aws/execute-api/{stage.rest_api_id}/{stage.name}"
    files = _files(kind.id, str(export["info"]["title"]), invoke_url, calls_of(export), given)
    return {
        "contentType": "application/octet-stream",
        "contentDisposition": f'attachment; filename="{kind.id}_{timezone.now():%Y-%m-%d_%H-%MZ}.zip"',
        "body": _archive(files),
    }


def _files(kind: str, title: str, invoke_url: str, calls: list[Call], given: dict[str, str]) -> dict[str, str]:
    """The files of an SDK by their paths."""
    match kind:
        case "javascript":
            return javascript.files(title, invoke_url, calls)
        case "java":
            return java.files(java.java_project(given), invoke_url, calls)
        case "android":
            return java.files(java.android_project(title, given), invoke_url, calls)
        case "ruby":
            return ruby.files(invoke_url, calls, given)
    return python.files(_package(given["packageName"]), invoke_url, calls)


def sdk_type_shape(kind: Kind) -> Shape:
    """AWS's SdkType."""
    return {
        "id": kind.id,
        "friendlyName": kind.title,
        "description": kind.description,
        "configurationProperties": [_setting_shape(setting) for setting in kind.settings],
    }


def _setting_shape(setting: Setting) -> Shape:
    members: dict[str, Any] = {
        "name": setting.name,
        "friendlyName": setting.title,
        "description": setting.description,
        "required": setting.required,
        "defaultValue": setting.default,
    }
    return {name: value for name, value in members.items() if value is not None}


def _given(kind: Kind, parameters: dict[str, str]) -> dict[str, str]:
    """The kind's settings with their defaults; raises BadRequestException for one that is missing."""
    parameters = {
        setting.name: value
        for setting in kind.settings
        if (value := parameters.get(setting.name) or parameters.get(setting.alias or "")) is not None
    }
    for setting in kind.settings:
        if setting.required and not parameters.get(setting.name):
            raise BadRequestException(f"{setting.name} is a required parameter for sdk type {kind.id}")
    defaults = {setting.name: setting.default for setting in kind.settings if setting.default is not None}
    return {**defaults, **{name: value for name, value in parameters.items() if value}}


def _package(name: str) -> str:
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        raise BadRequestException(f"Invalid packageName specified: {name}")
    return name


def _archive(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path, _OLDEST), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
