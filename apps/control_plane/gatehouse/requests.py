"""What befell requests, for programs: the stories that the console's Logs page shows."""

from __future__ import annotations

from datetime import UTC, datetime

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException, ServiceUnavailableException
from apps.control_plane.registry import Shape, operation
from apps.core.stories import Phase, Story
from apps.metering import stories
from apps.metering.stories import StoryFilter

_SHOWN, _MOST = 25, 500


@operation("GetRequest", "gatehouse")
def get_request(caller: Caller, request: Shape) -> Shape:
    """The story of one request, with its execution log."""
    try:
        found = stories.find(caller.account_id, caller.region, request["requestId"])
    except stories.Unavailable:
        raise ServiceUnavailableException("Stories of requests cannot be read at the moment") from None
    if found is None:
        raise NotFoundException("No story of this request is kept")
    return {**_shape(found), "log": [event.text for event in found.log]}


@operation("ListRequests", "gatehouse")
def list_requests(caller: Caller, request: Shape) -> Shape:
    """The newest requests that fit: of an API, a stage, a status (`403`) or a class of it (`4xx`), or by path or id."""
    limit = int(request.get("limit") or _SHOWN)
    if not 1 <= limit <= _MOST:
        raise BadRequestException(f"Ask for 1 to {_MOST} requests")
    names = ("restApiId", "stageName", "status", "text")
    wanted = StoryFilter(*(request.get(name) or "" for name in names))
    try:
        found = stories.search(caller.account_id, caller.region, wanted, limit)
    except stories.Unavailable:
        raise ServiceUnavailableException("Stories of requests cannot be read at the moment") from None
    return {"items": [_shape(story) for story in found]}


def _shape(story: Story) -> Shape:
    members = {
        "requestId": story.request_id,
        "extendedRequestId": story.extended_id,
        "traceId": story.span.root if story.span else None,
        "restApiId": story.api_id,
        "stageName": story.stage_name,
        "deploymentId": story.deployment_id,
        "isCanaryRequest": story.canary,
        "timestamp": datetime.fromtimestamp(story.at, UTC),
        "httpMethod": story.method,
        "path": story.path,
        "resourcePath": story.resource,
        "status": story.status,
        "latency": story.latency_ms,
        "integrationLatency": story.integration_latency_ms,
        "integrationStatus": story.integration_status or None,
        "sourceIp": story.client_ip,
        "apiKeyId": story.key_id,
        "usagePlanId": story.plan_id,
        "responseType": story.error,
        "message": story.message,
        "detail": story.detail,
        "keptFor": story.kept_for,
        "phases": [_phase(phase) for phase in story.phases],
    }
    return {name: value for name, value in members.items() if value is not None and value != ""}


def _phase(phase: Phase) -> Shape:
    told = {"name": phase.name, "verdict": phase.verdict, "because": phase.because}
    return told if phase.took_ms is None else {**told, "began": phase.began_ms, "took": phase.took_ms}
