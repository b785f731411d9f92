"""Tags through V2's operations: of the same resources, and under the same ARNs, as through V1's."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1 import tags


@operation("TagResource", service="apigatewayv2")
def tag_resource(caller: Caller, request: Shape) -> Shape:
    """Add tags to a resource, or give those it has new values."""
    tags.tag_resource(caller, {"resourceArn": request["ResourceArn"], "tags": request.get("Tags") or {}})
    return {}


@operation("UntagResource", service="apigatewayv2")
def untag_resource(caller: Caller, request: Shape) -> Shape:
    """Remove tags from a resource; names it does not have are no error."""
    tags.untag_resource(caller, {"resourceArn": request["ResourceArn"], "tagKeys": request["TagKeys"]})
    return {}


@operation("GetTags", service="apigatewayv2")
def get_tags(caller: Caller, request: Shape) -> Shape:
    """The tags of a resource."""
    return {"Tags": tags.get_tags(caller, {"resourceArn": request["ResourceArn"]})["tags"]}
