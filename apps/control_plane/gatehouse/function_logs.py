"""What functions print, and how their invocations ended: read from the log that their host writes."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.gatehouse.logs import event_shape, files, found_shape, search_limits
from apps.control_plane.registry import Shape, operation
from apps.core.log_events import REPORTS, LogEvent, Reader, function_event, invocation_event
from apps.functions.models import Function
from apps.metering import log_files
from apps.metering.log_files import Found, LogFilter

INVOCATION_STATUSES = ("success", "error", "timeout")
# Numbers of an invocation, and the fields of its REPORT line.
_NUMBERS = {
    "duration": "duration",
    "billedDuration": "billed",
    "memorySize": "memory",
    "maxMemoryUsed": "used",
    "initDuration": "init",
}


@operation("ListFunctionInvocations", "gatehouse")
def list_function_invocations(caller: Caller, request: Shape) -> Shape:
    """The invocations of a function that have ended, newest first, as far as its log goes back."""
    status = request.get("status") or ""
    if status and status not in INVOCATION_STATUSES:
        raise BadRequestException(f"status is one of {', '.join(INVOCATION_STATUSES)}")
    found = _search(caller, request, invocation_event, REPORTS, status)
    return {**found_shape(found), "items": [_invocation(event) for event in found.events]}


@operation("ListFunctionLogEvents", "gatehouse")
def list_function_log_events(caller: Caller, request: Shape) -> Shape:
    """Lines that a function has printed, newest first, with those that tell how each invocation began and ended."""
    found = _search(caller, request, function_event, request.get("text") or "")
    return {**found_shape(found), "items": [event_shape(event) for event in found.events]}


def _search(caller: Caller, request: Shape, read: Reader, text: str, status: str = "") -> Found:
    function = caller.find(Function, "Invalid function name specified", name=request["functionName"])
    limit, before = search_limits(request)
    start, end = (request.get(name) for name in ("startTime", "endTime"))
    wanted = LogFilter(
        text=text,
        status=status,
        request_id=request.get("requestId") or "",
        start=start.timestamp() if start else None,
        end=end.timestamp() if end else None,
    )
    path = files().of_function(caller.account_id, caller.region, function.name)
    return log_files.search(path, read, wanted, limit, before)


def _invocation(event: LogEvent) -> Shape:
    fields = event.fields
    shape = {
        **event_shape(LogEvent("", event.at)),
        "requestId": fields["request_id"],
        "status": fields["status"],
        "errorType": fields.get("error_type"),
        **{member: float(fields[name]) for member, name in _NUMBERS.items() if name in fields},
    }
    return {name: value for name, value in shape.items() if value not in (None, "")}
