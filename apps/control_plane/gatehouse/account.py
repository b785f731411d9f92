"""The account's own limits, which on AWS only support can change."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.locking import hold
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.account import settings_of
from apps.deployments import publisher


@operation("UpdateAccountThrottle", "gatehouse")
def update_account_throttle(caller: Caller, request: Shape) -> Shape:
    """Set the rate (requests a second) and the burst that all APIs of the account share in the region."""
    row = settings_of(caller)
    hold(row)
    row.throttle_rate_limit = request["rateLimit"]
    row.throttle_burst_limit = request["burstLimit"]
    row.save()
    publisher.publish_account(row)
    return {"rateLimit": float(row.throttle_rate_limit), "burstLimit": row.throttle_burst_limit}
