"""The access and execution logs of stages: which there are, and their lines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.registry import Shape, operation
from apps.core.log_events import LogEvent, Reader, access_log_reader, execution_event
from apps.deployments.models import Stage
from apps.metering import log_files
from apps.metering.log_files import KINDS, Found, LogFile, LogFiles, LogFilter, NoSuchLog, Position
from apps.rest_apis.models import RestApi
from apps.v2_apis.models import Api
from apps.v2_apis.models import Stage as V2Stage

_SHOWN, _MOST = 100, 500


@operation("ListLogGroups", "gatehouse")
def list_log_groups(caller: Caller, request: Shape) -> Shape:
    """The logs of the caller's APIs, or of one of them, that have been written."""
    owned = {"account_id": caller.account_id, "region": caller.region}
    ids = {*RestApi.objects.filter(**owned).values_list("id", flat=True)}
    ids |= {*Api.objects.filter(**owned).values_list("id", flat=True)}
    if request.get("apiId"):
        ids &= {request["apiId"]}
    return {"items": [_group(file) for file in files().of_apis(ids)]}


@operation("ListLogEvents", "gatehouse")
def list_log_events(caller: Caller, request: Shape) -> Shape:
    """Lines of a log, newest first. A stage that never wrote one has none; a stage that is gone keeps its log."""
    limit, before = search_limits(request)
    read = _reader(caller, request)
    try:
        found = files().search(
            request["kind"], request["apiId"], request["stageName"], read, _filter(request), limit, before
        )
    except NoSuchLog:
        raise NotFoundException("Invalid stage identifier specified") from None
    return {**found_shape(found), "items": [event_shape(event) for event in found.events]}


def search_limits(request: Shape) -> tuple[int, Position | None]:
    """How many lines a request asks for, and before which place. Raises BadRequestException."""
    limit = int(request.get("limit") or _SHOWN)
    if not 1 <= limit <= _MOST:
        raise BadRequestException(f"Ask for 1 to {_MOST} events")
    before = log_files.position(request["nextToken"]) if request.get("nextToken") else None
    if request.get("nextToken") and before is None:
        raise BadRequestException("Invalid nextToken")
    return limit, before


def found_shape(found: Found) -> Shape:
    """How far a search came, and where it goes on."""
    answer = {
        "nextToken": str(found.older) if found.older is not None else None,
        "searchedBytes": found.read,
        "searchedTo": _moment(found.reached),
        "searchComplete": not found.cut,
    }
    return {name: value for name, value in answer.items() if value is not None}


def files() -> LogFiles:
    return LogFiles(settings.ENVIRONMENT.data_dir / "log")


def access_log_format(caller: Caller, api_id: str, stage_name: str) -> str:
    """The format in which a stage of the caller's writes its access log now; empty for a stage that writes none, or is gone."""
    stage_name = stage_name.removesuffix("/Canary")
    owned = {"account_id": caller.account_id, "region": caller.region}
    if RestApi.objects.filter(id=api_id, **owned).exists():
        stage = Stage.objects.filter(rest_api_id=api_id, name=stage_name).first()
        return _named("format", stage)
    if Api.objects.filter(id=api_id, **owned).exists():
        return _named("Format", V2Stage.objects.filter(api_id=api_id, name=stage_name).first())
    raise NotFoundException(f"Invalid API identifier specified {caller.account_id}:{api_id}")


def _named(member: str, stage: Stage | V2Stage | None) -> str:
    given: dict[str, Any] = (stage.access_log_settings if stage is not None else None) or {}
    return str(given.get(member) or "")


def _reader(caller: Caller, request: Shape) -> Reader:
    if request["kind"] not in KINDS:
        raise BadRequestException(f"kind is one of {' and '.join(KINDS)}")
    format_text = access_log_format(caller, request["apiId"], request["stageName"])
    if request["kind"] == "execution":
        return execution_event
    return access_log_reader(format_text) if format_text else LogEvent


def _filter(request: Shape) -> LogFilter:
    start, end = (request.get(name) for name in ("startTime", "endTime"))
    return LogFilter(
        text=request.get("text") or "",
        status=request.get("status") or "",
        path=request.get("path") or "",
        key=request.get("apiKey") or "",
        request_id=request.get("requestId") or "",
        start=start.timestamp() if start else None,
        end=end.timestamp() if end else None,
    )


def _group(file: LogFile) -> Shape:
    return {
        "kind": file.kind,
        "apiId": file.api_id,
        "stageName": file.name,
        "storedBytes": file.size,
        "lastWritten": _moment(file.written_at),
    }


def event_shape(event: LogEvent) -> Shape:
    """The LogEvent of `service-2.json`."""
    fields = event.fields
    members = {
        "timestamp": _moment(event.at),
        "message": event.text,
        "requestId": fields.get("request_id"),
        "status": fields.get("status"),
        "httpMethod": fields.get("method"),
        "path": fields.get("path"),
        "apiKey": fields.get("key"),
        "latency": fields.get("latency"),
    }
    return {name: value for name, value in members.items() if value is not None}


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
