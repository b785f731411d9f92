"""Invocations by the account's own clients, which need no permission of the function's policy."""

from __future__ import annotations

import json

from django.db import connection

from apps.control_plane.caller import Caller
from apps.control_plane.lambda_api import host
from apps.control_plane.lambda_api.errors import InvalidRequestContentException
from apps.control_plane.lambda_api.finding import find_version
from apps.control_plane.registry import Shape, operation
from apps.deployments.models import ConfigurationRevision


@operation("Invoke", service="lambda")
def invoke(caller: Caller, request: Shape) -> Shape:
    """Run a function and answer what it returns; as an event, answer at once; as a dry run, only whether it could run."""
    kind = request.get("InvocationType") or "RequestResponse"
    path, payload, headers = _invocation(caller, request)
    answer = host.ask(f"/2015-03-31/functions/{path}/invocations", payload, {**headers, "X-Amz-Invocation-Type": kind})
    body = answer.read()
    return {
        "StatusCode": answer.status,
        "Payload": body,
        "FunctionError": answer.header("X-Amz-Function-Error"),
        "LogResult": answer.header("X-Amz-Log-Result"),
        "ExecutedVersion": answer.header("X-Amz-Executed-Version"),
    }


@operation("InvokeWithResponseStream", service="lambda")
def invoke_with_response_stream(caller: Caller, request: Shape) -> Shape:
    """Run a function and pass on what it writes while it writes it."""
    path, payload, headers = _invocation(caller, request)
    kind = {"X-Amz-Invocation-Type": request.get("InvocationType") or "RequestResponse"}
    answer = host.ask(f"/2021-11-15/functions/{path}/response-streaming-invocations", payload, {**headers, **kind})
    return {
        "StatusCode": answer.status,
        "ExecutedVersion": answer.header("X-Amz-Executed-Version"),
        "ResponseStreamContentType": answer.header("Content-Type"),
        "EventStream": answer.chunks(),
    }


def _invocation(caller: Caller, request: Shape) -> tuple[str, bytes, dict[str, str]]:
    """Path, payload and headers of what the host is asked. What the caller has written before is in force there."""
    _, name = find_version(caller, request)
    payload: bytes = request.get("Payload") or b"{}"
    try:
        json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestContentException(
            f"Could not parse request body into json: Could not parse payload into json: {error}"
        ) from None
    revision = ConfigurationRevision.objects.filter(pk=1).values_list("number", flat=True).first() or 0
    headers = {"Content-Type": "application/json", "X-Gatehouse-Revision": str(revision)}
    for member, header in (("LogType", "X-Amz-Log-Type"), ("ClientContext", "X-Amz-Client-Context")):
        if request.get(member):
            headers[header] = request[member]
    # A function may run for a quarter of an hour: no connection to the database waits with it.
    connection.close_if_unusable_or_obsolete()
    return host.function_path(name.qualified_arn), payload, headers
