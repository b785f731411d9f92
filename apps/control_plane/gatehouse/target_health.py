"""How the targets of a load balancer are, as each worker of the data plane sees them."""

from __future__ import annotations

from datetime import UTC, datetime

from apps.control_plane.caller import Caller
from apps.control_plane.errors import ServiceUnavailableException
from apps.control_plane.gatehouse.load_balancers import find_load_balancer
from apps.control_plane.registry import Shape, operation
from apps.core.target_health import TargetHealth
from apps.metering import target_health
from apps.metering.target_health import SeenTarget


@operation("GetTargetHealth", "gatehouse")
def get_target_health(caller: Caller, request: Shape) -> Shape:
    """Each target with what every worker sees of it. A target that no worker has told of lately has no workers."""
    row = find_load_balancer(caller, request)
    try:
        told = target_health.of_balancers(caller.account_id, caller.region).get(row.arn, [])
    except target_health.Unavailable as error:
        raise ServiceUnavailableException("What workers tell of targets cannot be read now.") from error
    known = {(target["host"], target["port"]): target.get("weight", 1) for target in row.targets}
    seen = {(one.host, one.port): one for one in told}
    # Targets of a discovery are known to workers alone; those that were just put, to none yet.
    places = [*known, *(place for place in seen if place not in known and row.discovery is not None)]
    targets = [_shape(seen.get(place, SeenTarget(*place)), known.get(place)) for place in places]
    return {"loadBalancerArn": row.arn, "targets": targets}


def _shape(one: SeenTarget, weight: int | None) -> Shape:
    if weight is None:
        weight = max((told.weight for told in one.seen.values()), default=1)
    workers = [_told(worker, told) for worker, told in one.seen.items()]
    return {"host": one.host, "port": one.port, "weight": weight, "workers": workers}


def _told(worker: str, told: TargetHealth) -> Shape:
    shape: Shape = {"worker": worker, "state": told.state}
    if told.checked is not None:
        shape["lastCheckDate"] = datetime.fromtimestamp(told.checked, UTC)
    return {**shape, "lastError": told.error} if told.error else shape
