"""Canary releases beyond AWS: compared with their stage, guarded by a rule, promoted and ended."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from apps.control_plane.gatehouse.notices import tell_of_canary
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.stages import find_stage
from apps.deployments.canaries import running_canary
from apps.deployments.models import Stage, StageCanary
from apps.metering.canaries import Comparison, compare
from apps.metering.dashboards import Subject
from apps.metering.reports import Totals

_AT = "/canarySettings"
_PROMOTION = [
    {"op": "copy", "path": "/deploymentId", "from": f"{_AT}/deploymentId"},
    {"op": "copy", "path": "/variables", "from": f"{_AT}/stageVariableOverrides"},
    {"op": "remove", "path": _AT},
]
_END = [{"op": "remove", "path": _AT}]
# Members of a guard: smallest and largest value.
_RANGES = {
    "minimumRequests": (1, 1_000_000),
    "errorRateMargin": (0, 100),
    "latencyMargin": (0, 10_000),
    "promoteAfterSeconds": (60, 30 * 86_400),
}
_ACTS = ("errorRateMargin", "latencyMargin", "promoteAfterSeconds")
_DEFAULT_REQUESTS = 100


@operation("GetCanary", "gatehouse")
def get_canary(caller: Caller, request: Shape) -> Shape:
    """A stage's canary beside the stage, since its release: what both answered, and what that tells."""
    stage, row = _find(caller, request)
    comparison = comparison_of(stage, row)
    settings = stage.canary_settings or {}
    return {
        **_named(stage, row),
        "percentTraffic": float(settings.get("percentTraffic") or 0),
        "releasedDate": row.released,
        "base": _answers(comparison.base),
        "canary": _answers(comparison.canary),
        "verdict": comparison.verdict.text,
        **({"guard": row.guard} if row.guard else {}),
    }


@operation("PutCanaryGuard", "gatehouse")
def put_canary_guard(caller: Caller, request: Shape) -> Shape:
    """Have a canary ended when it fails or slows down more than its stage, and promoted when it has done well for a time."""
    stage, row = _find(caller, request)
    guard = {name: request[name] for name in _RANGES if request.get(name) is not None}
    guard.setdefault("minimumRequests", _DEFAULT_REQUESTS)
    for name, value in guard.items():
        least, most = _RANGES[name]
        if not least <= value <= most:
            raise BadRequestException(f"Invalid {name}: it must be between {least} and {most}")
    if not any(name in guard for name in _ACTS):
        raise BadRequestException(f"A guard needs one of {', '.join(_ACTS)}")
    if request.get("countClientErrors"):
        guard["countClientErrors"] = True
    row.guard = guard
    row.save(update_fields=["guard"])
    return {**_named(stage, row), "guard": guard}


@operation("DeleteCanaryGuard", "gatehouse")
def delete_canary_guard(caller: Caller, request: Shape) -> Shape:
    """Leave a canary to people."""
    _, row = _find(caller, request)
    row.guard = None
    row.save(update_fields=["guard"])
    return {}


@operation("PromoteCanary", "gatehouse")
def promote_canary(caller: Caller, request: Shape) -> Shape:
    """Give the stage the canary's deployment and variables, and end the release."""
    return _finish(caller, request, _PROMOTION)


@operation("EndCanary", "gatehouse")
def end_canary(caller: Caller, request: Shape) -> Shape:
    """Give the canary's requests back to the stage's own deployment."""
    return _finish(caller, request, _END)


def comparison_of(stage: Stage, row: StageCanary) -> Comparison:
    """What a canary and its stage have answered since the release."""
    api = stage.rest_api
    subject = Subject(api.account_id, api.region, api.id, stage.name)
    return compare(subject, row.measured_from, timezone.now())


def _finish(caller: Caller, request: Shape, patches: list[dict[str, str]]) -> Shape:
    """Patch the stage as AWS's own clients would, and tell of it. `deploymentId` says which canary is meant."""
    stage, row = _find(caller, request)
    meant = request.get("deploymentId")
    if meant is not None and meant != row.deployment_id:
        raise ConflictException(f"The canary of {stage.name} is the deployment {row.deployment_id} by now")
    verdict = comparison_of(stage, row).verdict.text
    names = {"restApiId": stage.rest_api_id, "stageName": stage.name}
    registry.call(caller, "apigateway", "UpdateStage", {**names, "patchOperations": patches})
    row.refresh_from_db()
    row.reason = request.get("reason") or ""
    row.save(update_fields=["reason"])
    tell_of_canary(caller, stage, row, verdict)
    return {**_named(stage, row), "outcome": str(row.outcome), "reason": row.reason, "verdict": verdict}


def _find(caller: Caller, request: Shape) -> tuple[Stage, StageCanary]:
    stage = find_stage(caller, request["restApiId"], request["stageName"])
    row = running_canary(stage)
    if row is None:
        raise NotFoundException(f"Stage {stage.name} has no canary")
    return stage, row


def _named(stage: Stage, row: StageCanary) -> Shape:
    return {"restApiId": stage.rest_api_id, "stageName": stage.name, "deploymentId": row.deployment_id}


def _answers(totals: Totals) -> Shape:
    found: dict[str, Any] = {
        "count": totals.count,
        "errors4xx": totals.errors_4xx,
        "errors5xx": totals.errors_5xx,
        "p50": totals.p50,
        "p95": totals.p95,
    }
    return {name: value for name, value in found.items() if value is not None}
