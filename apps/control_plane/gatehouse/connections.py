"""The open connections of WebSocket APIs. `@connections` of the data plane sends to them and closes them."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException, ServiceUnavailableException
from apps.control_plane.registry import Shape, operation
from apps.core.socket_channels import LARGEST_LIST
from apps.v2_apis import open_connections
from apps.v2_apis.models import Stage
from apps.v2_apis.open_connections import OpenConnection

_SHOWN = 100


@operation("ListConnections", "gatehouse")
def list_connections(caller: Caller, request: Shape) -> Shape:
    """A page of the connections of a stage, by id. `isComplete` is false when a process of the data plane did not answer in time."""
    api = caller.api(request["apiId"])
    if not api.websocket:
        raise BadRequestException("Only WEBSOCKET APIs have connections")
    if not Stage.objects.filter(api=api, name=request["stageName"]).exists():
        raise NotFoundException("Invalid stage identifier specified")
    limit = int(request.get("limit") or _SHOWN)
    if not 1 <= limit <= LARGEST_LIST:
        raise BadRequestException(f"Ask for 1 to {LARGEST_LIST} connections")
    try:
        found = open_connections.list_open(api.id, request["stageName"], request.get("position") or "", limit)
    except open_connections.Unavailable:
        raise ServiceUnavailableException("Connections cannot be listed at the moment") from None
    shape: Shape = {
        "items": [_shape(connection) for connection in found.connections],
        "total": found.total,
        "isComplete": found.complete,
    }
    if found.has_more and found.connections:
        shape["position"] = found.connections[-1].id
    return shape


def _shape(connection: OpenConnection) -> Shape:
    return {
        "connectionId": connection.id,
        "connectedAt": connection.connected_at,
        "lastActiveAt": connection.last_active_at,
        "sourceIp": connection.source_ip,
        "userAgent": connection.user_agent,
    }
