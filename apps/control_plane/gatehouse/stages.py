"""Stages beyond AWS: rolling one back to a deployment that it pointed to before."""

from __future__ import annotations

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import NotFoundException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.stages import find_stage


@operation("RollbackStage", "gatehouse")
def rollback_stage(caller: Caller, request: Shape) -> Shape:
    """Point a stage at an earlier deployment: one that its history has."""
    row = find_stage(caller, request["restApiId"], request["stageName"])
    if not row.history.filter(deployment__deployment_id=request["deploymentId"]).exists():
        raise NotFoundException(f"Stage {row.name} never pointed to the deployment {request['deploymentId']}")
    patch = {"op": "replace", "path": "/deploymentId", "value": request["deploymentId"]}
    stage = registry.call(
        caller,
        "apigateway",
        "UpdateStage",
        {"restApiId": request["restApiId"], "stageName": request["stageName"], "patchOperations": [patch]},
    )
    return {
        "restApiId": request["restApiId"],
        "stageName": stage["stageName"],
        "deploymentId": stage["deploymentId"],
    }
